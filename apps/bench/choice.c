/* Checks the choice of algorithms: measures every algorithm of a case in turn and compares the chosen one
 * with the fastest, with its predicted time, and with the MPI library. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"
#include "apps/common/collective_calls.h"

enum { METHODS = 24, SIZES = 16, PARTS = 25 };
/* A choice is right if it is at most this much slower than the fastest. */
static const double NEAR = 1.1;

typedef struct cell {
    tri_operation operation;
    size_t bytes;
    int used, chosen; /* method 0 is the MPI library's */
    bench_method method[METHODS];
    double predicted_s[METHODS];
    int quickest; /* in the measurement of all methods */
    /* the chosen and the fastest one, measured again; no samples if they are the same */
    bench_method again[2];
} cell;

typedef struct state {
    const char *operations, *sizes;
    bool each;
    int mode;
    double seconds, quantile;
    size_t bytes[SIZES], most_bytes;
    int size_count, cells;
    cell *cell;
    double *send, *recv;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, operations, "operations", "bcast,reduce,allreduce,scatter,gather,allgather,alltoall",
               "operations to measure"),
    TRI_OPTION(state, sizes, "sizes", "8,1Ki,8Ki,64Ki,512Ki",
               "bytes of the vector, or of a block; multiples of 8"),
    TRI_OPTION(state, each, "each", NULL, "show all algorithms, not only the chosen and the fastest one"),
    TRI_OPTION(state, mode, "mode", "single", "single calls, or series of back-to-back calls",
               "single|series"),
    TRI_OPTION(state, seconds, "seconds", "1", "seconds for each operation, size and mode"),
    TRI_OPTION(state, quantile, "quantile", "0.5",
               "quantile of the samples to compare; use less than 0.5 on a busy machine"),
    {.name = NULL},
};

static tri_status add_method(cell *c, const tri_case *call_case, const tri_network *net, int algorithm,
                             int chosen) {
    if (c->used == METHODS)
        return tri_fail(TRI_ERR_ARGUMENT, "more than %d algorithms for one operation and size", METHODS);
    bench_method *method = &c->method[c->used];
    *method = (bench_method){.call = bench_call_ours, .selects = true};
    snprintf(method->name, sizeof method->name, "%s", tri_algorithm_name(algorithm));
    snprintf(method->select, sizeof method->select, "%s:%s", tri_operation_name(c->operation),
             tri_algorithm_name(algorithm));
    c->predicted_s[c->used] = tri_algorithm_time_s(algorithm, call_case, net);
    if (algorithm == chosen) c->chosen = c->used;
    c->used++;
    return TRI_OK;
}

static tri_status make_cell(cell *c, tri_operation operation, size_t bytes, tri_comm *comm,
                            const tri_network *net) {
    *c = (cell){.operation = operation, .bytes = bytes, .used = 1};
    c->method[0] = (bench_method){.name = "mpi", .call = bench_call_mpi};
    tri_case call_case = tri_comm_case(comm, operation, bytes, 0, 1);
    int combines = operation >= TRI_REDUCE;
    call_case.unit_bytes = combines ? sizeof(double) : 1;
    int chosen = tri_algorithm_choose(&call_case, net);
    for (int a = 0; a < tri_algorithm_count(); a++)
        if (tri_algorithm_can(a, &call_case)) TRI_TRY(add_method(c, &call_case, net, a, chosen));
    return TRI_OK;
}

static tri_status add_cells(state *s, tri_run *run, const char *name, const tri_network *net) {
    for (int op = 0; op < TRI_OPERATION_COUNT; op++) {
        if (op == TRI_BARRIER || strcmp(name, tri_operation_name((tri_operation)op))) continue;
        for (int i = 0; i < s->size_count; i++)
            TRI_TRY(make_cell(&s->cell[s->cells++], (tri_operation)op, s->bytes[i], run->comm, net));
        return TRI_OK;
    }
    return tri_fail(TRI_ERR_ARGUMENT,
                    "--operations: there is no '%s'; apps/list shows all (a barrier has no size)", name);
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    const tri_network *net = tri_comm_network(run->comm);
    if (s->seconds < 0) return tri_fail(TRI_ERR_ARGUMENT, "--seconds: 0 or more");
    if (s->quantile < 0 || s->quantile > 1) return tri_fail(TRI_ERR_ARGUMENT, "--quantile: from 0 to 1");
    TRI_TRY(bench_sizes(s->sizes, sizeof(double), 1 << 30, s->bytes, SIZES, &s->size_count));
    for (int i = 0; i < s->size_count; i++)
        if (s->bytes[i] > s->most_bytes) s->most_bytes = s->bytes[i];
    size_t words = 1;
    for (const char *at = s->operations; *at; at++)
        words += *at == ',';
    s->cell = calloc(words * (size_t)s->size_count, sizeof *s->cell);
    s->send = malloc(s->most_bytes * (size_t)tri_comm_size(run->comm));
    s->recv = malloc(s->most_bytes * (size_t)tri_comm_size(run->comm));
    if (!s->cell || !s->send || !s->recv)
        return tri_fail(TRI_ERR_MEMORY, "no memory for blocks of %zu bytes", s->most_bytes);
    for (const char *at = s->operations; *at;) {
        char word[40];
        size_t length = strcspn(at, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        TRI_TRY(add_cells(s, run, word, net));
        at += length + (at[length] == ',');
    }
    return s->cells ? TRI_OK : tri_fail(TRI_ERR_ARGUMENT, "--operations: at least one");
}

static tri_status sort_samples(const double *seconds, size_t count, double **out) {
    *out = malloc(count * sizeof **out);
    if (!*out) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu samples", count);
    memcpy(*out, seconds, count * sizeof **out);
    (void)tri_summarise(*out, count);
    return TRI_OK;
}

static tri_status quantile_of(const state *s, const double *seconds, size_t count, double *out) {
    double *sorted;
    TRI_TRY(sort_samples(seconds, count, &sorted));
    *out = tri_quantile(sorted, count, s->quantile);
    free(sorted);
    return TRI_OK;
}

/* The minimum of many noisy times tends to be too small, so the fastest method is measured again in turn
 * with the chosen one. The samples are equal on all ranks, so all agree on it. */
static tri_status measure_again(const state *s, const bench_call *call, cell *c) {
    double least_s = INFINITY;
    for (int w = 1; w < c->used; w++) {
        double seconds;
        TRI_TRY(quantile_of(s, c->method[w].seconds[s->mode], c->method[w].samples[s->mode], &seconds));
        if (seconds < least_s) least_s = seconds, c->quickest = w;
    }
    bench_methods_destroy(c->again, 2);
    if (c->quickest == c->chosen) return TRI_OK;
    const bench_method *pair[] = {&c->method[c->chosen], &c->method[c->quickest]};
    for (int i = 0; i < 2; i++) {
        c->again[i] = (bench_method){.call = pair[i]->call, .selects = true};
        memcpy(c->again[i].name, pair[i]->name, sizeof c->again[i].name);
        memcpy(c->again[i].select, pair[i]->select, sizeof c->again[i].select);
    }
    return bench_measure(call, c->again, 2, s->seconds);
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int i = 0; i < s->cells; i++) {
        cell *c = &s->cell[i];
        bench_call call = {.operation = c->operation,
                           .count = c->bytes / sizeof(double),
                           .send = s->send,
                           .recv = s->recv,
                           .comm = run->comm};
        tri_progress(run, "calls", i, s->cells, "calls");
        bench_methods_destroy(c->method, c->used);
        TRI_TRY(bench_measure(&call, c->method, c->used, s->seconds));
        TRI_TRY(measure_again(s, &call, c));
    }
    tri_progress(run, "calls", s->cells, s->cells, "calls");
    return TRI_OK;
}

/* ---- the table ---- */

/* The ratio of the chosen to the fastest time: median over PARTS parts of the samples, and its 95 %
 * interval. */
typedef struct slower {
    double ratio, low, high;
} slower;

static tri_status slower_of(const state *s, const cell *c, slower *out) {
    double ratio[PARTS];
    const bench_method *again = c->again;
    size_t count = again[0].samples[s->mode], parts = count < PARTS ? count : PARTS;
    *out = (slower){1, 1, 1};
    if (c->quickest == c->chosen) return TRI_OK;
    for (size_t p = 0; p < parts; p++) {
        double seconds[2];
        tri_range range = tri_range_block(count, parts, p);
        for (int i = 0; i < 2; i++)
            TRI_TRY(quantile_of(s, again[i].seconds[s->mode] + range.first, range.count, &seconds[i]));
        ratio[p] = seconds[0] / seconds[1];
    }
    tri_summary summary = tri_summarise(ratio, parts);
    *out = (slower){summary.median, summary.low, summary.high};
    return TRI_OK;
}

typedef struct total {
    int cells, near, open; /* open: not near, but within the noise */
    int methods;
    double lost, misses,
        against; /* sums of logarithms: chosen by quickest, measured by predicted (of all), mpi by chosen */
} total;

static void show_method(tri_run *run, const cell *c, double measured_s, int w) {
    tri_report_line(run, "  %-30s predicted %11.2f us, measured %11.2f us, %6.2f  %s", c->method[w].name,
                    1e6 * c->predicted_s[w], 1e6 * measured_s, measured_s / c->predicted_s[w],
                    w == c->chosen     ? "chosen"
                    : w == c->quickest ? "fastest"
                                       : "");
}

static tri_status show(tri_run *run, const state *s, const cell *c, total *all) {
    double seconds[METHODS];
    char size[TRI_SIZE_TEXT];
    slower by;
    int best = c->quickest, chosen = c->chosen;
    TRI_TRY(slower_of(s, c, &by));
    for (int w = 0; w < c->used; w++) {
        TRI_TRY(quantile_of(s, c->method[w].seconds[s->mode], c->method[w].samples[s->mode], &seconds[w]));
        if (w) all->misses += fabs(log(seconds[w] / c->predicted_s[w]));
    }
    bool near = by.ratio <= NEAR, open = !near && by.low <= NEAR;
    all->methods += c->used - 1;
    all->cells++;
    all->near += near;
    all->open += open;
    /* If the chosen one is faster in the second measurement, nothing is lost. */
    all->lost += log(fmax(1, by.ratio));
    all->against += log(seconds[0] / seconds[chosen]);
    tri_report_line(
        run, "%-10s %6s  %-26s %11.2f %11.2f us  %-26s %11.2f us  %5.2f%s [%.2f, %.2f]  %11.2f us %6.2f x",
        tri_operation_name(c->operation), tri_size_format(c->bytes, size), c->method[chosen].name,
        1e6 * c->predicted_s[chosen], 1e6 * seconds[chosen], c->method[best].name, 1e6 * seconds[best],
        by.ratio,
        near   ? " "
        : open ? "?"
               : "!",
        by.low, by.high, 1e6 * seconds[0], seconds[0] / seconds[chosen]);
    for (int w = 1; s->each && w < c->used; w++)
        show_method(run, c, seconds[w], w);
    return TRI_OK;
}

/* Records the samples of all methods, and of the second measurement. */
static void keep(tri_run *run, const state *s, const cell *c, bench_list *list) {
    char path[200];
    for (int w = 0; w < c->used; w++) {
        snprintf(path, sizeof path, "samples/%s/%zu/%s", tri_operation_name(c->operation), c->bytes,
                 c->method[w].name);
        bench_keep(run, list, path, c->method[w].seconds[s->mode], c->method[w].samples[s->mode]);
    }
    for (int i = 0; i < 2 && c->quickest != c->chosen; i++) {
        snprintf(path, sizeof path, "samples/%s/%zu/again/%s", tri_operation_name(c->operation), c->bytes,
                 c->again[i].name);
        bench_keep(run, list, path, c->again[i].seconds[s->mode], c->again[i].samples[s->mode]);
    }
}

static tri_status record(tri_run *run, void *argument) {
    const state *s = argument;
    total all = {0};
    bench_list list = {NULL, 0, 0};
    tri_report_text(run, "network", tri_comm_network_source(run->comm));
    tri_report_line(run, "%-10s %6s  %-26s %11s %14s  %-26s %14s  %5s  %12s  %14s", "operation", "bytes",
                    "chosen", "predicted", "measured", "fastest", "measured", "ratio", "", "MPI library");
    for (int i = 0; i < s->cells; i++) {
        const cell *c = &s->cell[i];
        TRI_TRY(show(run, s, c, &all));
        keep(run, s, c, &list);
    }
    bench_note(run, &list);
    double share = (double)all.near / all.cells;
    tri_report_real(run, "right_choices", share, "1",
                    "fraction of cells in which the chosen algorithm is within 10 % of the fastest");
    tri_report_real(run, "undecided_choices", (double)all.open / all.cells, "1",
                    "fraction of cells in which it may be, by the 95 % interval of the ratio");
    tri_report_real(run, "lost_time", exp(all.lost / all.cells), "1",
                    "geometric mean of the chosen time divided by the fastest time");
    tri_report_real(run, "missed_by", exp(all.misses / all.methods), "1",
                    "geometric mean over all algorithms of the error factor of predictions");
    tri_report_real(run, "speed", exp(all.against / all.cells), "1",
                    "geometric mean of the MPI library's time divided by the chosen time");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int i = 0; i < s->cells; i++) {
        bench_methods_destroy(s->cell[i].method, s->cell[i].used);
        bench_methods_destroy(s->cell[i].again, 2);
    }
    free(s->cell);
    free(s->send);
    free(s->recv);
}

const tri_app bench_choice = {
    .name = "bench-choice",
    .summary = "compares the chosen algorithm with the fastest one, and predicted times with measured ones",
    .examples = "mpirun -np 8 trireme bench choice --operations bcast,allreduce --each\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .record = record,
    .teardown = teardown,
};
