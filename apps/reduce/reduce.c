/* Statistics of a dataset of any size on ranks, threads and a device, in one pass.
 *
 * The pattern is a reduction: every rank reduces its block of the vector to a small accumulator, and a
 * reduction over the ranks combines the accumulators on rank 0. They are integers, so the result does not
 * depend on the order. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/reduce_workers.h"
#include "apps/driver/app.h"
#include "apps/reduce/input.h"
#include "apps/reduce/verify.h"

typedef struct state {
    /* options */
    const char *file, *range;
    size_t count, seed, memory;
    int distribution, sum, statistics, bins, ddof;
    bool check;
    /* input */
    reduce_input input;
    tri_range slab; /* of this rank */
    size_t piece;   /* elements of a piece, at most */
    void *buffer[2];
    reduce_workers workers;
    reduce_plan plan;
    /* result, on rank 0 */
    reduce_accumulator total;
    reduce_counts histogram;
    double ordered, sum_value, mean;
    tri_statistics all;
} state;

enum { BINS = 1 << 24 };

#define DISTRIBUTION_NAME(name, text) "|" #name
static const tri_option options[] = {
    TRI_OPTION(state, file, "FILE.h5:/DATASET", NULL,
               "numbers in an HDF5 file, or FILE.npy, FILE.bin:f8:1000x1000, FILE.csv:COLUMN, or - for "
               "standard input; default: a random vector",
               .argument = true),
    TRI_OPTION(
        state, sum, "sum", "exact",
        "exact: rounded once; ordered: in the order of a fixed tree; plain: in a loop, then by MPI_SUM",
        .choices = "exact|ordered|plain"),
    TRI_OPTION(state, statistics, "statistics", "all", "all statistics, or sum and mean only",
               .choices = "all|sum"),
    TRI_OPTION(state, ddof, "ddof", "0", "divisor of the variance: count - ddof; 0 or 1"),
    TRI_OPTION(state, bins, "histogram", "0", "number of bins of a histogram; 0: none"),
    TRI_OPTION(state, range, "range", NULL,
               "LOW,HIGH of the histogram; default: minimum and maximum, which take an extra pass"),
    TRI_OPTION(state, count, "count", "16Mi", "elements of the random vector"),
    TRI_OPTION(state, seed, "seed", "1", "seed of the random vector"),
    TRI_OPTION(state, distribution, "distribution", "uniform", "distribution of the random vector",
               .choices = "uniform|normal|wide|cancel"),
    TRI_OPTION(state, memory, "memory", "16Mi", "bytes of the vector that each rank holds at a time"),
    TRI_OPTION(state, check, "verify", NULL,
               "recompute element by element with another distribution over ranks, and compare all bits"),
    {.name = NULL},
};

/* This rank's elements, and the size of the pieces. */
static void divide(state *s, tri_run *run) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm), unit = 1;
    size_t block = s->input.dataset ? tri_dataset_block(s->input.dataset) : 1;
    /* Ordered sums use their own blocks. Otherwise chunks of the file are not divided if every rank gets
     * one. */
    if (s->sum == REDUCE_ORDERED)
        unit = TRI_ORDERED_BLOCK;
    else if (block <= s->input.count / ranks)
        unit = block;
    s->slab = tri_range_block_of_units(s->input.count, unit, ranks, rank);
    /* A file is read one piece ahead: two buffers. */
    size_t piece = s->memory / (s->input.dataset ? 16 : 8);
    if (piece >= unit) piece -= piece % unit;
    if (s->sum == REDUCE_ORDERED && piece < TRI_ORDERED_BLOCK) piece = TRI_ORDERED_BLOCK;
    s->piece = piece < s->slab.count ? piece : s->slab.count;
}

static tri_status read_range(state *s) {
    char *comma, *end;
    if (!s->range) return TRI_OK;
    s->plan.low = strtod(s->range, &comma);
    s->plan.high = comma != s->range && *comma == ',' ? strtod(comma + 1, &end) : 0;
    if (comma == s->range || *comma != ',' || end == comma + 1 || *end || !isfinite(s->plan.low) ||
        !isfinite(s->plan.high) || !(s->plan.low < s->plan.high))
        return tri_fail(TRI_ERR_ARGUMENT, "--range: '%s' is not LOW,HIGH with LOW < HIGH", s->range);
    return TRI_OK;
}

static tri_status check_options(const state *s) {
    if (s->ddof > 1) return tri_fail(TRI_ERR_ARGUMENT, "--ddof: 0 or 1");
    if (s->bins > BINS) return tri_fail(TRI_ERR_ARGUMENT, "--histogram: at most %d bins", BINS);
    if (s->range && !s->bins) return tri_fail(TRI_ERR_ARGUMENT, "--range needs --histogram BINS");
    if (s->memory < 64 * 1024) return tri_fail(TRI_ERR_ARGUMENT, "--memory: at least 64Ki");
    return TRI_OK;
}

static tri_status allocate(state *s, tri_run *run) {
    for (int i = 0; i < (s->input.dataset ? 2 : 1); i++) {
        s->buffer[i] = malloc(s->piece * 8 + !s->piece);
        if (!s->buffer[i])
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu elements; reduce --memory", s->piece);
    }
    s->histogram.bin = calloc((size_t)s->bins + 1, sizeof(int64_t));
    if (!s->histogram.bin) return tri_fail(TRI_ERR_MEMORY, "no memory for a histogram of %d bins", s->bins);
    return reduce_workers_create(&s->workers, &s->plan, run->team, run->threads, run->gpu);
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    TRI_TRY(check_options(s));
    TRI_TRY(read_range(s));
    TRI_TRY(reduce_input_open(&s->input, run, s->file, s->count, s->seed, (tri_distribution)s->distribution));
    s->plan.sum = (reduce_sum)s->sum;
    s->plan.element = s->input.element;
    s->plan.moments = s->statistics == 0;
    s->plan.bins = s->bins;
    divide(s, run);
    return allocate(s, run);
}

/* Loads one piece and measures the time. */
static tri_status load(tri_run *run, state *s, size_t done, reduce_piece *piece, int buffer) {
    size_t left = s->slab.count - done;
    *piece = (reduce_piece){
        .data = s->buffer[buffer], .first = s->slab.first + done, .count = left < s->piece ? left : s->piece};
    double start = tri_now_s();
    TRI_TRY(reduce_input_load(&s->input, piece->first, piece->count, s->buffer[buffer]));
    size_t bytes = s->input.dataset ? tri_dataset_stored_bytes(s->input.dataset) : sizeof(double);
    tri_report_phase(run, s->input.dataset ? "read" : "make", tri_now_s() - start,
                     (double)(bytes * piece->count));
    return TRI_OK;
}

/* One pass over this rank's slab. This thread reads a dataset while the others process the previous piece. */
static tri_status pass(tri_run *run, state *s) {
    reduce_piece piece, ahead;
    reduce_workers_clear(&s->workers);
    TRI_TRY(load(run, s, 0, &piece, 0));
    for (size_t done = 0, number = 0; done < s->slab.count; number++) {
        double start = tri_now_s();
        TRI_TRY(reduce_workers_start(&s->workers, &piece));
        double reading = tri_now_s();
        done += piece.count;
        int more = done < s->slab.count;
        tri_status read =
            more && s->input.dataset ? load(run, s, done, &ahead, (int)(number + 1) % 2) : TRI_OK;
        double read_s = tri_now_s() - reading;
        TRI_TRY(reduce_workers_wait(&s->workers));
        TRI_TRY(read);
        tri_report_phase(run, "compute", tri_now_s() - start - read_s, 8.0 * (double)piece.count);
        if (more && !s->input.dataset) TRI_TRY(load(run, s, done, &ahead, 0));
        piece = ahead;
        tri_progress(run, s->input.dataset ? "reading" : "computing", (double)done, (double)s->slab.count,
                     "elements");
    }
    return TRI_OK;
}

/* Combines the accumulators of all ranks on rank 0. */
static tri_status communicate(tri_run *run, state *s) {
    reduce_accumulator mine;
    memset(s->histogram.bin, 0, (size_t)s->bins * sizeof *s->histogram.bin);
    s->histogram.below = s->histogram.above = s->histogram.nan = 0;
    reduce_workers_total(&s->workers, &mine, &s->histogram);
    TRI_TRY(tri_merge_moments(&mine.moments, &s->total.moments, 0, run->comm));
    TRI_TRY(tri_reduce(&mine.plain, &s->total.plain, 1, MPI_DOUBLE, MPI_SUM, 0, run->comm));
    if (s->sum == REDUCE_ORDERED) {
        tri_ordered all;
        TRI_TRY(tri_merge_ordered(&s->workers.ordered, &all, 0, run->comm));
        if (tri_comm_rank(run->comm) == 0) s->ordered = tri_ordered_result(&all);
    }
    if (!s->bins) return TRI_OK;
    int64_t rest[3] = {s->histogram.below, s->histogram.above, s->histogram.nan};
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, s->histogram.bin, (size_t)s->bins, MPI_INT64_T, MPI_SUM, run->comm));
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, rest, 3, MPI_INT64_T, MPI_SUM, run->comm));
    s->histogram.below = rest[0];
    s->histogram.above = rest[1];
    s->histogram.nan = rest[2];
    return TRI_OK;
}

/* Finds the range of a histogram without --range by an extra pass; the same on all ranks. */
static tri_status find_range(tri_run *run, state *s) {
    reduce_plan plan = s->workers.plan;
    s->workers.plan.bins = 0;
    s->workers.plan.moments = 1;
    tri_status status = tri_agree(run->comm, pass(run, s));
    reduce_accumulator mine;
    reduce_workers_total(&s->workers, &mine, &s->histogram);
    s->workers.plan = plan;
    TRI_TRY(status);
    tri_moments all;
    TRI_TRY(tri_merge_moments(&mine.moments, &all, 0, run->comm));
    TRI_TRY(tri_bcast(&all.extremes, sizeof all.extremes, MPI_BYTE, 0, run->comm));
    double low = all.extremes.min.high, high = all.extremes.max.high;
    if (all.extremes.min.index == TRI_NO_INDEX) low = 0, high = 1;
    if (!isfinite(low) || !isfinite(high))
        return tri_fail(TRI_ERR_ARGUMENT, "--histogram: some elements are infinite; give --range LOW,HIGH");
    /* All elements are equal: a range of nonzero width. */
    if (low == high) {
        double width = fmax(1, fabs(low) * 0x1p-20);
        *(isfinite(high + width) ? &high : &low) += isfinite(high + width) ? width : -width;
    }
    s->workers.plan.low = low;
    s->workers.plan.high = high;
    return TRI_OK;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    s->workers.plan.low = s->plan.low;
    s->workers.plan.high = s->plan.high;
    if (s->bins && !s->range) TRI_TRY(find_range(run, s));
    TRI_TRY(tri_agree(run->comm, pass(run, s)));
    double start = tri_now_s();
    TRI_TRY(communicate(run, s));
    tri_report_phase(run, "communicate", tri_now_s() - start, 0);
    if (tri_comm_rank(run->comm)) return TRI_OK;

    tri_moments_statistics(&s->total.moments, (uint64_t)s->ddof, &s->all);
    s->all.count = s->input.count;
    s->sum_value = s->sum == REDUCE_EXACT     ? tri_sum_round(&s->total.moments.totals.sum)
                   : s->sum == REDUCE_ORDERED ? s->ordered
                                              : s->total.plain;
    if (s->sum == REDUCE_PLAIN && !s->input.count) s->sum_value = 0;
    s->mean = s->sum == REDUCE_EXACT ? tri_sum_divide(&s->total.moments.totals.sum, s->input.count)
                                     : s->sum_value / (double)s->input.count;
    return TRI_OK;
}

/* Reports the first quantity that differs. */
static tri_status compare(const char *name, double ours, double other) {
    if (reduce_same(ours, other)) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "%s is %a, but computed element by element it is %a", name, ours, other);
}

static tri_status compare_extreme(const char *name, const tri_extreme *ours, const tri_extreme *other) {
    if (ours->index != other->index)
        return tri_fail(TRI_ERR_WRONG,
                        "%s is at index %" PRIu64 ", but searched element by element at %" PRIu64, name,
                        ours->index, other->index);
    TRI_TRY(compare(name, ours->high, other->high));
    return compare(name, ours->low, other->low);
}

static tri_status compare_all(const state *s, const tri_moments *other) {
    tri_statistics b;
    const tri_statistics *a = &s->all;
    tri_moments_statistics(other, (uint64_t)s->ddof, &b);
    if (s->sum == REDUCE_EXACT) {
        TRI_TRY(compare("sum", s->sum_value, b.sum));
        TRI_TRY(compare("mean", s->mean, b.mean));
    }
    if (s->statistics) return TRI_OK;
    TRI_TRY(compare("sum of squares", a->sum_of_squares, b.sum_of_squares));
    TRI_TRY(compare("variance", a->variance, b.variance));
    TRI_TRY(compare("deviation", a->deviation, b.deviation));
    TRI_TRY(compare("norm", a->norm, b.norm));
    TRI_TRY(compare_extreme("min", &a->min, &b.min));
    TRI_TRY(compare_extreme("max", &a->max, &b.max));
    if (a->nan != b.nan || a->positive_inf != b.positive_inf || a->negative_inf != b.negative_inf)
        return tri_fail(TRI_ERR_WRONG, "the counts of NaN or Inf differ from a count element by element");
    return TRI_OK;
}

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    int root = tri_comm_rank(run->comm) == 0;
    tri_moments other;
    double ordered = 0;
    TRI_TRY(reduce_verify_moments(run, &s->input, &other));
    if (s->sum == REDUCE_ORDERED) TRI_TRY(reduce_verify_ordered(run, &s->input, &ordered));
    if (!root) return TRI_OK;
    if (s->sum == REDUCE_ORDERED) TRI_TRY(compare("ordered sum", s->sum_value, ordered));
    return compare_all(s, &other);
}

/* The indices along each dimension, as "3,0,17". */
static void position_text(const tri_dataset *dataset, uint64_t index, char *text, size_t room) {
    int rank = tri_dataset_rank(dataset);
    const size_t *dims = tri_dataset_dims(dataset);
    size_t at[32], length = 0;
    for (int d = rank - 1; d >= 0; d--) {
        at[d] = index % dims[d];
        index /= dims[d];
    }
    for (int d = 0; d < rank && length < room; d++)
        length += (size_t)snprintf(text + length, room - length, "%s%zu", d ? "," : "", at[d]);
}

/* Records an extreme exactly: integers as integers. */
static void record_extreme(tri_run *run, const state *s, const tri_extreme *e, const char *const names[3],
                           const char *long_name, const char *index_name) {
    long double exact = (long double)e->high + (long double)e->low;
    char text[256];
    if (e->index == TRI_NO_INDEX || s->input.element == TRI_ELEMENT_F64) {
        tri_report_real(run, names[0], e->high, "1", long_name);
    } else if (exact <= (long double)INT64_MAX) {
        tri_report_integer(run, names[0], (int64_t)exact, "1", long_name);
    } else {
        snprintf(text, sizeof text, "%.0Lf", exact);
        tri_report_text(run, names[0], text);
    }
    tri_report_integer(run, names[1], e->index == TRI_NO_INDEX ? -1 : (int64_t)e->index, "1", index_name);
    /* Ranks other than 0 have no extremes and index 0, which an empty dataset does not have. */
    if (!s->input.dataset || !s->input.count || tri_dataset_rank(s->input.dataset) < 2 ||
        e->index == TRI_NO_INDEX)
        return;
    position_text(s->input.dataset, e->index, text, sizeof text);
    tri_report_text(run, names[2], text);
}

/* The shortest text that reads back as x. */
static const char *shortest(double x, char text[32]) {
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, 32, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    return text;
}

static tri_status record_histogram(tri_run *run, const state *s) {
    size_t bins = (size_t)s->bins;
    char from[32], to[32];
    double *edges = malloc((bins + 1) * sizeof *edges);
    if (!edges) return tri_fail(TRI_ERR_MEMORY, "no memory for the edges of %zu bins", bins);
    for (size_t b = 0; b <= bins; b++)
        edges[b] = tri_histogram_edge(s->workers.plan.low, s->workers.plan.high, bins, b);
    tri_report_integer(run, "below", s->histogram.below, "1", "elements below the range of the histogram");
    tri_report_integer(run, "above", s->histogram.above, "1", "elements above the range of the histogram");
    for (size_t b = 0; b < bins && bins <= 32; b++)
        tri_report_line(run, "  [%s, %s%s %" PRId64, shortest(edges[b], from), shortest(edges[b + 1], to),
                        b + 1 == bins ? "]" : ")", s->histogram.bin[b]);
    if (run->result) {
        tri_result_integers(run->result, "histogram/counts", 1, &bins, s->histogram.bin, "1",
                            "elements in each bin");
        tri_result_reals(run->result, "histogram/edges", 1, (size_t[]){bins + 1}, edges, "1",
                         "edges of the bins; the last bin includes its upper edge");
    }
    free(edges);
    return TRI_OK;
}

static void record_input(tri_run *run, const state *s) {
    const tri_dataset *d = s->input.dataset;
    char text[1024], shape[256] = "";
    size_t length = 0;
    for (int i = 0; d && i < tri_dataset_rank(d) && length < sizeof shape; i++)
        length += (size_t)snprintf(shape + length, sizeof shape - length, "%s%zu", i ? " x " : ", ",
                                   tri_dataset_dims(d)[i]);
    if (d)
        snprintf(text, sizeof text, "%s:%s, %s%s", tri_dataset_file(d), tri_dataset_path(d),
                 tri_dataset_stored_type(d), shape);
    else
        snprintf(text, sizeof text, "%s, seed %zu", tri_distribution_name((tri_distribution)s->distribution),
                 s->seed);
    tri_report_text(run, "input", text);
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    const tri_statistics *a = &s->all;
    record_input(run, s);
    tri_report_integer(run, "count", (int64_t)s->input.count, "1", "elements, including NaN and Inf");
    tri_report_real(run, "sum", s->sum_value, "1", "sum of all elements");
    tri_report_real(run, "mean", s->mean, "1", "sum / count");
    if (s->statistics == 0) {
        tri_report_real(run, "variance", a->variance, "1", "mean squared distance from the mean");
        tri_report_real(run, "deviation", a->deviation, "1", "standard deviation: root of the variance");
        tri_report_real(run, "norm", a->norm, "1", "2-norm: root of the sum of squares");
        record_extreme(run, s, &a->min, (const char *const[]){"min", "min_index", "min_position"},
                       "smallest element that is not NaN", "index of the first smallest element; -1: none");
        record_extreme(run, s, &a->max, (const char *const[]){"max", "max_index", "max_position"},
                       "largest element that is not NaN", "index of the first largest element; -1: none");
        tri_report_integer(run, "nan", (int64_t)a->nan, "1", "elements that are NaN");
        tri_report_integer(run, "inf", (int64_t)(a->positive_inf + a->negative_inf), "1",
                           "infinite elements");
    }
    if (s->bins) TRI_TRY(record_histogram(run, s));
    if (s->check)
        tri_report_text(run, "verify",
                        s->sum == REDUCE_PLAIN ? "statistics compared; a plain sum cannot be compared"
                                               : "compared, bit by bit");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    reduce_workers_destroy(&s->workers);
    reduce_input_close(&s->input);
    free(s->buffer[0]);
    free(s->buffer[1]);
    free(s->histogram.bin);
}

static const tri_app app = {
    .name = "reduce",
    .summary = "computes statistics of a dataset or a random vector; the bits do not depend on ranks, "
               "threads or device",
    .examples =
        "mpirun -np 8 trireme reduce data.h5:/x --verify\n"
        "mpirun -np 8 trireme reduce a.npy --verify          # also b.bin:f8:1000x1000, c.csv:COLUMN\n"
        "trireme reduce -:i4 < numbers                        # standard input\n"
        "mpirun -np 8 trireme reduce --count 1e9 --threads 4 --histogram 20\n"
        "mpirun -np 3 trireme reduce --distribution cancel --device auto    # the same bits\n",
    .options = options,
    .state_bytes = sizeof(state),
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
