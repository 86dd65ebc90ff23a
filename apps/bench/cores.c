/* Sums and memory speed of the core of each rank, all at once; ranks and nodes that are slower than the rest
 * are named. A trial is short, and the best of many counts: other programs on a core matter little. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"

enum { SUMS, MEMORY, KINDS };
enum { IN_CACHE = 4096, PIECE = 1 << 17, LEAST_TRIALS = 50, ROUNDS = 4, HOST = 64, NAMED = 8, SHOWN = 32 };

static const char *const kind_names[KINDS] = {"sums", "memory"};

typedef struct state {
    size_t bytes;
    double duration_s, slow;
    double *x; /* at least one piece of memory */
    size_t count;
    volatile double used; /* so that no work is left out */
    double best_s[KINDS]; /* of this rank: seconds per byte */
    /* on rank 0 */
    double *all;        /* best_s of all ranks */
    char (*host)[HOST]; /* of all ranks */
    char slow_text[1024];
    int found;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, bytes, "bytes", "64Mi", "memory of each rank; more than the caches hold"),
    TRI_OPTION(state, duration_s, "duration", "0.2", "seconds for each of the two measurements"),
    TRI_OPTION(state, slow, "slow", "1.5",
               "a rank is slow above this multiple of the median time of all ranks"),
    {.name = NULL},
};

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    size_t ranks = tri_comm_rank(run->comm) ? 0 : (size_t)tri_comm_size(run->comm);
    if (s->slow <= 1) return tri_fail(TRI_ERR_ARGUMENT, "--slow: above 1");
    if (s->duration_s < 0) return tri_fail(TRI_ERR_ARGUMENT, "--duration: at least 0");
    s->count = s->bytes / sizeof *s->x / PIECE * PIECE;
    if (!s->count) return tri_fail(TRI_ERR_ARGUMENT, "--bytes: at least 1Mi");
    s->x = malloc(s->count * sizeof *s->x);
    s->all = calloc(ranks * KINDS + 1, sizeof *s->all);
    s->host = calloc(ranks + 1, sizeof *s->host);
    if (!s->x || !s->all || !s->host) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes", s->bytes);
    for (size_t i = 0; i < s->count; i++)
        s->x[i] = 1.0 + (double)(i % 1000) / 7;
    return TRI_OK;
}

/* Reads one piece; the compiler uses the widest registers. */
static uint64_t read_piece(const double *x) {
    uint64_t all = 0;
    for (size_t i = 0; i < PIECE; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        all ^= bits;
    }
    return all;
}

static double trial(state *s, int kind, size_t number) {
    double start = tri_now_s();
    if (kind == SUMS) {
        tri_sum sum;
        tri_sum_clear(&sum);
        tri_sum_add_array(&sum, s->x, IN_CACHE);
        s->used = tri_sum_round(&sum);
        return (tri_now_s() - start) / (IN_CACHE * sizeof *s->x);
    }
    s->used = (double)read_piece(s->x + number * PIECE % s->count);
    return (tri_now_s() - start) / (PIECE * sizeof *s->x);
}

static void measure(state *s, int kind) {
    double end = tri_now_s() + s->duration_s;
    for (size_t i = 0; i < LEAST_TRIALS || tri_now_s() < end; i++) {
        double seconds = trial(s, kind, i);
        if (seconds > 0) s->best_s[kind] = fmin(s->best_s[kind], seconds);
    }
}

/* ---- rank 0: who is slow ---- */

static double median_of(const state *s, size_t ranks, int kind) {
    double *sorted = malloc(ranks * sizeof *sorted);
    for (size_t r = 0; sorted && r < ranks; r++)
        sorted[r] = s->all[r * KINDS + (size_t)kind];
    double median = sorted ? tri_summarise(sorted, ranks).median : INFINITY;
    free(sorted);
    return median;
}

static bool is_slow(const state *s, size_t rank, int kind, double median) {
    return s->all[rank * KINDS + (size_t)kind] > s->slow * median;
}

/* All ranks of the host of `rank` are slow, and there are others. */
static bool is_node(const state *s, size_t ranks, size_t rank, int kind, double median) {
    size_t same = 0, slow = 0;
    for (size_t r = 0; r < ranks; r++) {
        if (strcmp(s->host[r], s->host[rank])) continue;
        same++;
        slow += is_slow(s, r, kind, median);
    }
    return slow == same && same < ranks;
}

static bool is_first_of_host(const state *s, size_t rank) {
    for (size_t r = 0; r < rank; r++)
        if (!strcmp(s->host[r], s->host[rank])) return false;
    return true;
}

/* Names them; returns how many there are. */
static int find_slow(state *s, size_t ranks) {
    size_t at = 0;
    *s->slow_text = 0;
    s->found = 0;
    for (int kind = 0; kind < KINDS && ranks >= 3; kind++) {
        double median = median_of(s, ranks, kind);
        for (size_t r = 0; r < ranks; r++) {
            bool node = is_slow(s, r, kind, median) && is_node(s, ranks, r, kind, median);
            if (!is_slow(s, r, kind, median) || (node && !is_first_of_host(s, r)) || ++s->found > NAMED)
                continue;
            at += (size_t)snprintf(s->slow_text + at, sizeof s->slow_text - at, "%s", at ? ", " : "");
            if (!node) at += (size_t)snprintf(s->slow_text + at, sizeof s->slow_text - at, "rank %zu on ", r);
            at += (size_t)snprintf(s->slow_text + at, sizeof s->slow_text - at, "%s%s (%.1f x in %s)",
                                   node ? "node " : "", s->host[r], s->all[r * KINDS + (size_t)kind] / median,
                                   kind_names[kind]);
        }
    }
    if (s->found > NAMED)
        snprintf(s->slow_text + at, sizeof s->slow_text - at, ", and %d more", s->found - NAMED);
    return s->found;
}

/* Everybody measures again while somebody looks slow: what disturbs one round seldom disturbs all. */
static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    char host[HOST];
    int found = 1;
    snprintf(host, sizeof host, "%s", tri_comm_host(run->comm));
    TRI_TRY(tri_gather(host, HOST, MPI_CHAR, s->host, HOST, MPI_CHAR, 0, run->comm));
    s->best_s[SUMS] = s->best_s[MEMORY] = INFINITY;
    for (int round = 0; round < ROUNDS && found; round++) {
        tri_progress(run, "rounds", round, ROUNDS, "rounds");
        for (int kind = 0; kind < KINDS; kind++) {
            TRI_TRY(tri_barrier(run->comm));
            measure(s, kind);
        }
        TRI_TRY(tri_gather(s->best_s, KINDS, MPI_DOUBLE, s->all, KINDS, MPI_DOUBLE, 0, run->comm));
        if (tri_comm_rank(run->comm) == 0) found = find_slow(s, (size_t)tri_comm_size(run->comm));
        TRI_TRY(tri_bcast(&found, 1, MPI_INT, 0, run->comm));
    }
    tri_progress(run, "rounds", ROUNDS, ROUNDS, "rounds");
    return TRI_OK;
}

static tri_status verify(tri_run *run, void *argument) {
    const state *s = argument;
    if (tri_comm_rank(run->comm) || !s->found) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "slower than the rest, in %d measurements: %s", ROUNDS, s->slow_text);
}

static double rate(double seconds) {
    return 1e-9 / seconds;
}

static tri_status record(tri_run *run, void *argument) {
    const state *s = argument;
    if (tri_comm_rank(run->comm)) return TRI_OK;
    const size_t ranks = (size_t)tri_comm_size(run->comm);
    double *rates = malloc(ranks * sizeof *rates);
    if (!rates) return tri_fail(TRI_ERR_MEMORY, "no memory for the rates of %zu ranks", ranks);
    for (int kind = 0; kind < KINDS; kind++) {
        char path[32];
        for (size_t r = 0; r < ranks; r++)
            rates[r] = 1e9 * rate(s->all[r * KINDS + (size_t)kind]);
        snprintf(path, sizeof path, "rates/%s", kind_names[kind]);
        if (run->result)
            tri_result_reals(run->result, path, 1, &ranks, rates, "B/s", "best speed of each rank");
        tri_summary summary = tri_summarise(rates, ranks);
        tri_report_real(run, kind ? "memory" : "sums", summary.median, "B/s",
                        kind ? "reading memory, median of the ranks"
                             : "exact sums in the cache, median of the ranks");
        tri_report_real(run, kind ? "memory_least" : "sums_least", summary.min, "B/s",
                        kind ? "reading memory, slowest rank" : "exact sums in the cache, slowest rank");
    }
    free(rates);
    tri_report_text(run, "slow", s->found ? s->slow_text : "none");
    tri_report_line(run, "%-8s %-24s %14s %14s", "rank", "host", "sums GB/s", "memory GB/s");
    for (size_t r = 0; r < ranks && r < SHOWN; r++)
        tri_report_line(run, "%-8zu %-24s %14.3f %14.3f", r, s->host[r], rate(s->all[r * KINDS + SUMS]),
                        rate(s->all[r * KINDS + MEMORY]));
    if (ranks > SHOWN) tri_report_line(run, "and %zu ranks more, in the result file", ranks - SHOWN);
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    free(s->x);
    free(s->all);
    free(s->host);
}

const tri_app bench_cores = {
    .name = "bench-cores",
    .summary = "measures sums and memory speed of each rank's core, and names slow ranks and nodes",
    .examples = "srun -N 64 --ntasks-per-node=4 --mpi=pmix trireme bench cores\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};
