/* Times sums against a plain read of the same memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"
#include "apps/common/plot.h"
#include "apps/common/reduce_workers.h"

enum {
    READ,
    PLAIN,
    ORDERED,
    EXACT,
    STATISTICS,
    DEVICE_ORDERED,
    DEVICE_EXACT,
    DEVICE_STATISTICS,
    TOGETHER_ORDERED,
    TOGETHER_EXACT,
    TOGETHER_STATISTICS,
    VARIANTS
};

typedef struct state {
    size_t bytes;
    int distribution, trials;
    const char *plot;
    double *x;
    size_t count;
    uint64_t first;
    tri_run *run;
    bench_variant variants[VARIANTS];
    reduce_workers workers[VARIANTS];
    int used; /* variants: those with a device only where there is one */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, bytes, "bytes", "1Gi", "bytes of the vector on each rank"),
    TRI_OPTION(state, distribution, "distribution", "uniform", "distribution of the elements",
               .choices = "uniform|normal|wide|cancel"),
    TRI_OPTION(state, trials, "trials", "11", "trials of each variant"),
    TRI_OPTION(state, plot, "plot", NULL, "SVG file with a plot of the rates"),
    {.name = NULL},
};

/* Reads a vector with the widest registers and minimal work. Without the prefetch it reaches only nine
 * tenths of the memory bandwidth. */
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static uint64_t
read_all(const uint64_t *x, size_t count) {
    enum { LINES = 4, WORDS = 8 * LINES, AHEAD = 256 };
    uint64_t seen[WORDS] = {0}, all = 0;
    for (size_t i = 0; i + WORDS <= count; i += WORDS) {
        for (size_t line = 0; line < LINES; line++)
            __builtin_prefetch(x + i + AHEAD + 8 * line, 0, 3);
        for (size_t w = 0; w < WORDS; w++)
            seen[w] |= x[i + w];
    }
    for (size_t w = 0; w < WORDS; w++)
        all |= seen[w];
    return all;
}

enum { CHUNK = 1 << 16 };

static void read_chunk(void *argument, int thread, size_t chunk) {
    (void)thread;
    const state *s = argument;
    size_t from = chunk * CHUNK, count = s->count - from < CHUNK ? s->count - from : CHUNK;
    /* The result must be used, or the compiler removes the reads. */
    volatile uint64_t sink = read_all((const uint64_t *)(const void *)(s->x + from), count);
    (void)sink;
}

static void fill_chunk(void *argument, int thread, size_t chunk) {
    (void)thread;
    state *s = argument;
    size_t from = chunk * CHUNK, count = s->count - from < CHUNK ? s->count - from : CHUNK;
    tri_random_fill((tri_distribution)s->distribution, 1, s->first + from, count, s->x + from);
}

static size_t chunks(const state *s) {
    return s->count / CHUNK + (s->count % CHUNK != 0);
}

/* A variant: a plan, and which workers take part. */
typedef struct kind {
    const char *name;
    reduce_sum sum;
    int moments, threads, device;
} kind;

static const kind kinds[VARIANTS] = {
    [READ] = {"read", REDUCE_PLAIN, 0, 1, 0},
    [PLAIN] = {"plain", REDUCE_PLAIN, 0, 1, 0},
    [ORDERED] = {"ordered", REDUCE_ORDERED, 0, 1, 0},
    [EXACT] = {"exact", REDUCE_EXACT, 0, 1, 0},
    [STATISTICS] = {"statistics", REDUCE_EXACT, 1, 1, 0},
    [DEVICE_ORDERED] = {"device_ordered", REDUCE_ORDERED, 0, 0, 1},
    [DEVICE_EXACT] = {"device_exact", REDUCE_EXACT, 0, 0, 1},
    [DEVICE_STATISTICS] = {"device_statistics", REDUCE_EXACT, 1, 0, 1},
    [TOGETHER_ORDERED] = {"together_ordered", REDUCE_ORDERED, 0, 1, 1},
    [TOGETHER_EXACT] = {"together_exact", REDUCE_EXACT, 0, 1, 1},
    [TOGETHER_STATISTICS] = {"together_statistics", REDUCE_EXACT, 1, 1, 1},
};

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    s->run = run;
    s->count = s->bytes / sizeof *s->x;
    s->first = (uint64_t)tri_comm_rank(run->comm) * s->count;
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (s->plot) TRI_TRY(tri_plot_check(run, s->plot));
    s->x = aligned_alloc(1 << 21, (s->bytes | ((1 << 21) - 1)) + 1);
    if (!s->x) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes; reduce --bytes", s->bytes);
    tri_team_for(run->team, chunks(s), fill_chunk, s);
    s->used = run->gpu ? VARIANTS : DEVICE_ORDERED;
    for (int v = 0; v < s->used; v++)
        s->variants[v] = (bench_variant){.name = kinds[v].name, .bytes = (double)s->count * sizeof *s->x};
    TRI_TRY(bench_create(s->variants, s->used, s->trials));
    for (int v = 1; v < s->used; v++) {
        reduce_plan plan = {.sum = kinds[v].sum, .element = TRI_ELEMENT_F64, .moments = kinds[v].moments};
        TRI_TRY(reduce_workers_create(&s->workers[v], &plan, run->team, kinds[v].threads ? run->threads : 0,
                                      kinds[v].device ? run->gpu : NULL));
    }
    return TRI_OK;
}

/* All ranks start together. */
static tri_status trial(void *argument, int variant, double *seconds) {
    state *s = argument;
    reduce_piece whole = {s->x, s->first, s->count};
    tri_status status = tri_barrier(s->run->comm);
    double start = tri_now_s();
    if (variant == READ) {
        tri_team_for(s->run->team, chunks(s), read_chunk, s);
    } else {
        reduce_workers_clear(&s->workers[variant]);
        if (status == TRI_OK) status = reduce_workers_start(&s->workers[variant], &whole);
        if (status == TRI_OK) status = reduce_workers_wait(&s->workers[variant]);
    }
    *seconds = tri_now_s() - start;
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    return bench_alternate(run, s->variants, s->used, s->trials, trial, s);
}

/* All exact sums must have the same bits, and all ordered sums. */
static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    (void)run;
    for (int v = ORDERED; v < s->used; v++) {
        int twin = kinds[v].sum == REDUCE_ORDERED ? ORDERED : EXACT;
        reduce_accumulator a, b;
        reduce_workers_total(&s->workers[v], &a, NULL);
        reduce_workers_total(&s->workers[twin], &b, NULL);
        double x =
            twin == EXACT ? tri_sum_round(&a.moments.totals.sum) : tri_ordered_result(&s->workers[v].ordered);
        double y = twin == EXACT ? tri_sum_round(&b.moments.totals.sum)
                                 : tri_ordered_result(&s->workers[twin].ordered);
        if (memcmp(&x, &y, sizeof x))
            return tri_fail(TRI_ERR_WRONG, "%s is %a, but %s is %a", kinds[v].name, x, kinds[twin].name, y);
    }
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    tri_report_text(run, "distribution", tri_distribution_name((tri_distribution)s->distribution));
    tri_report_text(run, "simd", tri_simd_name(tri_simd_level()));
    tri_report_integer(run, "bytes", (int64_t)s->bytes, "B", "bytes of the vector on each rank");
    bench_report(run, s->variants, s->used, s->trials, READ, "samples");
    return TRI_OK;
}

static tri_status draw(tri_run *run, void *argument) {
    const state *s = argument;
    if (!s->plot) return TRI_OK;
    char title[128];
    snprintf(title, sizeof title, "bench sum: %s, %d rank(s) x %d thread(s), %s",
             tri_distribution_name((tri_distribution)s->distribution), tri_comm_size(run->comm), run->threads,
             tri_simd_name(tri_simd_level()));
    return bench_plot(run, s->variants, s->used, s->trials, title, s->plot);
}

static void teardown(void *argument) {
    state *s = argument;
    for (int v = 1; v < VARIANTS; v++)
        reduce_workers_destroy(&s->workers[v]);
    bench_destroy(s->variants, VARIANTS);
    free(s->x);
}

const tri_app bench_sum = {
    .name = "bench-sum",
    .summary = "measures plain, ordered and exact sums and statistics, relative to reading the array",
    .examples = "mpirun -np 2 trireme bench sum --bytes 256Mi --plot sums.svg\n",
    .options = options,
    .state_bytes = sizeof(state),
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .draw = draw,
    .teardown = teardown,
};
