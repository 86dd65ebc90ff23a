/* Times an element-wise sum of vectors distributed over ranks: each rank adds its vectors with its
 * threads, then the ranks reduce the sums. `-np 2 --threads 1` against `-np 1 --threads 2` compares ranks
 * with threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"
#include "apps/common/collective_calls.h"

enum { MPI_PEER, OURS, VARIANTS };

typedef struct state {
    size_t bytes, count;
    int vectors, trials, mine; /* mine: the vectors of this rank */
    int first;                 /* number of its first one */
    double **vector;
    bench_variant variants[VARIANTS];
    tri_run *run;
    int turns; /* number of additions so far */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, bytes, "bytes", "256Mi", "bytes of a vector of doubles"),
    TRI_OPTION(state, vectors, "vectors", "2", "total number of vectors, at least one for each rank"),
    TRI_OPTION(state, trials, "trials", "7", "trials of each variant"),
    {.name = NULL},
};

/* Whole numbers, so that sums are exact. */
static double element(int vector, size_t i) {
    return (double)(vector + 1) * (double)(i % 1021);
}

static void fill_vector(void *argument, int thread, size_t chunk) {
    state *s = argument;
    (void)thread;
    tri_range range = tri_range_block(s->count, (size_t)s->run->threads, chunk);
    for (int v = 0; v < s->mine; v++)
        for (size_t i = range.first; i < range.first + range.count; i++)
            s->vector[v][i] = element(s->first + v, i);
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    s->run = run;
    s->count = s->bytes / sizeof(double);
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (!s->count) return tri_fail(TRI_ERR_ARGUMENT, "--bytes: at least 8");
    if (s->vectors < tri_comm_size(run->comm))
        return tri_fail(TRI_ERR_ARGUMENT, "--vectors: at least one for each of the %d ranks",
                        tri_comm_size(run->comm));
    tri_range share = tri_range_block((size_t)s->vectors, (size_t)tri_comm_size(run->comm),
                                      (size_t)tri_comm_rank(run->comm));
    s->first = (int)share.first;
    s->vector = calloc(share.count, sizeof *s->vector);
    if (!s->vector) return tri_fail(TRI_ERR_MEMORY, "no memory for the vectors");
    for (; s->mine < (int)share.count; s->mine++) {
        s->vector[s->mine] = malloc(s->count * sizeof(double));
        if (!s->vector[s->mine])
            return tri_fail(TRI_ERR_MEMORY, "no memory for a vector of %zu bytes; reduce --bytes", s->bytes);
    }
    tri_team_for(run->team, (size_t)run->threads, fill_vector, s);
    double bytes = (double)s->count * sizeof(double) * s->vectors;
    s->variants[MPI_PEER] = (bench_variant){.name = "mpi", .bytes = bytes};
    s->variants[OURS] = (bench_variant){.name = "ours", .bytes = bytes};
    return bench_create(s->variants, VARIANTS, s->trials);
}

/* The sum replaces the first vector of each rank, finally that of rank 0. */
static tri_status add_up(state *s, int variant) {
    double *sum = s->vector[0];
    for (int v = 1; v < s->mine; v++)
        if (!tri_team_combine(s->run->team, s->vector[v], sum, s->count, MPI_DOUBLE, MPI_SUM))
            return tri_fail(TRI_ERR_ARGUMENT, "the threads are busy");
    void *send = tri_comm_rank(s->run->comm) == 0 ? MPI_IN_PLACE : sum;
    bench_call call = {TRI_REDUCE, s->count, send, sum, s->run->comm};
    if (tri_comm_size(s->run->comm) == 1) return TRI_OK;
    return variant == OURS ? bench_call_ours(&call) : bench_call_mpi(&call);
}

/* All ranks start together. */
static tri_status trial(void *argument, int variant, double *seconds) {
    state *s = argument;
    tri_status status = tri_barrier(s->run->comm);
    double start = tri_now_s();
    if (status == TRI_OK) status = add_up(s, variant);
    *seconds = tri_now_s() - start;
    s->turns++;
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    return bench_alternate(run, s->variants, VARIANTS, s->trials, trial, s);
}

/* Every trial adds to the first vectors: the expected factor of element(), rank by rank. */
static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    int ranks = tri_comm_size(run->comm);
    if (tri_comm_rank(run->comm)) return TRI_OK;
    double factor = 0;
    for (int rank = 0; rank < ranks; rank++) {
        tri_range share = tri_range_block((size_t)s->vectors, (size_t)ranks, (size_t)rank);
        double first = (double)share.first + 1, others = 0;
        for (size_t v = 1; v < share.count; v++)
            others += first + (double)v;
        if (rank == 0) factor += first + s->turns * others;
        /* In trial t rank 0 received the vector of that trial. */
        for (int t = 1; rank && t <= s->turns; t++)
            factor += first + t * others;
    }
    for (size_t i = 0; i < s->count; i++)
        if (s->vector[0][i] != factor * (double)(i % 1021))
            return tri_fail(TRI_ERR_WRONG, "element %zu is %g, not %g", i, s->vector[0][i],
                            factor * (double)(i % 1021));
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    tri_report_integer(run, "bytes", (int64_t)(s->count * sizeof(double)), "B", "bytes of a vector");
    tri_report_integer(run, "vectors", s->vectors, "1", "vectors of all ranks together");
    bench_report(run, s->variants, VARIANTS, s->trials, MPI_PEER, "samples");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int v = 0; v < s->mine; v++)
        free(s->vector[v]);
    free(s->vector);
    bench_destroy(s->variants, VARIANTS);
}

const tri_app bench_combine = {
    .name = "bench-combine",
    .summary = "measures the element-wise sum of vectors on ranks and threads",
    .examples = "mpirun -np 2 trireme bench combine --bytes 64Mi\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};
