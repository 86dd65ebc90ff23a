/* p2p: latency and bandwidth of all pairs, and slow ranks. Options and the functions of the program. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/plot.h"
#include "apps/p2p/p2p.h"

enum { PER_RANK, PER_NODE };

#define CHOICE(name, text) "|" #name
static const tri_option options[] = {
    TRI_OPTION(p2p_state, sizes_text, "sizes", "8,64Ki,4Mi", "bytes of a message, in ascending order"),
    TRI_OPTION(p2p_state, samples, "samples", "5",
               "samples of each pair, size and direction; the best one counts"),
    TRI_OPTION(p2p_state, duration_s, "duration", "0.002", "minimum seconds of a sample"),
    TRI_OPTION(p2p_state, per, "per", "rank", "measure every rank, or one rank of each node",
               .choices = "rank|node"),
    TRI_OPTION(p2p_state, slow, "slow", "2",
               "a rank or pair is reported as slow above this multiple of the median"),
    TRI_OPTION(p2p_state, plot, "plot", NULL, "SVG file with heat maps of all pairs"),
    TRI_OPTION(p2p_state, order, "order", "none",
               "only exchange messages around a ring, with this order of calls",
               .choices = "none" P2P_ORDER_LIST(CHOICE)),
    TRI_OPTION(p2p_state, strict, "strict", NULL,
               "with --order: synchronous sends (MPI_Ssend), which show deadlocks that buffering hides"),
    TRI_OPTION(p2p_state, timeout_s, "timeout", "10",
               "with --order: seconds until an exchange counts as stuck"),
    {.name = NULL},
};
#undef CHOICE

static tri_status check_options(const tri_run *run, const p2p_state *s) {
    if (s->samples < 1) return tri_fail(TRI_ERR_ARGUMENT, "--samples: at least 1");
    if (!(s->duration_s >= 0 && s->duration_s <= 60))
        return tri_fail(TRI_ERR_ARGUMENT, "--duration: 0 to 60 seconds");
    if (!(s->slow > 1)) return tri_fail(TRI_ERR_ARGUMENT, "--slow: more than 1");
    if (s->timeout_s < 1) return tri_fail(TRI_ERR_ARGUMENT, "--timeout: at least 1 second");
    if (s->strict && !s->order) return tri_fail(TRI_ERR_ARGUMENT, "--strict needs --order");
    if (s->plot && s->order)
        return tri_fail(TRI_ERR_ARGUMENT, "--plot cannot be combined with --order, which measures no pairs");
    return s->plot ? tri_plot_check(run, s->plot) : TRI_OK;
}

static tri_status read_sizes(p2p_state *s) {
    s->bytes = calloc(strlen(s->sizes_text) + 1, sizeof *s->bytes);
    if (!s->bytes) return tri_fail(TRI_ERR_MEMORY, "no memory for the sizes");
    for (const char *at = s->sizes_text;; at++) {
        char word[64];
        size_t length = strcspn(at, ","), *bytes = &s->bytes[s->sizes];
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        if (tri_size_parse(word, bytes) != TRI_OK)
            return tri_fail(TRI_ERR_ARGUMENT, "--sizes: %s", tri_error_text());
        if (*bytes > INT_MAX)
            return tri_fail(TRI_ERR_ARGUMENT, "--sizes: a message has at most %d bytes, not %s", INT_MAX,
                            word);
        if (s->sizes && *bytes <= bytes[-1])
            return tri_fail(TRI_ERR_ARGUMENT, "--sizes: '%s' is not in ascending order", s->sizes_text);
        s->sizes++;
        at += length;
        if (!*at) return TRI_OK;
    }
}

static tri_status choose_players(p2p_state *s, const tri_run *run) {
    const tri_shape *shape = tri_comm_shape(run->comm);
    s->me = -1;
    s->rank_of = malloc((size_t)tri_comm_size(run->comm) * sizeof *s->rank_of);
    if (!s->rank_of) return tri_fail(TRI_ERR_MEMORY, "no memory for the numbers of all ranks");
    for (int node = 0; node < shape->nodes; node++)
        for (int i = shape->node_start[node]; i < shape->node_start[node + 1]; i++) {
            if (s->per == PER_NODE && i > shape->node_start[node]) break;
            if (shape->members[i] == tri_comm_rank(run->comm)) s->me = s->players;
            s->rank_of[s->players++] = shape->members[i];
        }
    return TRI_OK;
}

static tri_status allocate(p2p_state *s, int rank) {
    size_t bytes = s->bytes[s->sizes - 1], samples = (size_t)s->samples, cases = (size_t)s->sizes * P2P_KINDS;
    size_t mine = cases * (size_t)p2p_rounds(s->players) * samples;
    s->out = malloc(bytes + 1);
    s->in = malloc(bytes + 1);
    s->mine_s = malloc((mine + 1) * sizeof *s->mine_s);
    s->bisection_per_s = calloc(samples, sizeof *s->bisection_per_s);
    s->ring_s = calloc((size_t)s->sizes * samples, sizeof *s->ring_s);
    s->best_s = malloc(((rank ? 0 : cases * p2p_pairs(s->players)) + 1) * sizeof *s->best_s);
    if (!s->out || !s->in) return tri_fail(TRI_ERR_MEMORY, "no memory for two messages of %zu bytes", bytes);
    if (!s->mine_s || !s->bisection_per_s || !s->ring_s || !s->best_s)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the samples of %d players", s->players);
    for (size_t i = 0; i < bytes; i++)
        s->out[i] = p2p_byte(rank, i);
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    p2p_state *s = argument;
    TRI_TRY(check_options(run, s));
    TRI_TRY(read_sizes(s));
    TRI_TRY(choose_players(s, run));
    if (s->plot && !p2p_pairs(s->players))
        return tri_fail(TRI_ERR_ARGUMENT, "--plot needs two ranks or more");
    return allocate(s, tri_comm_rank(run->comm));
}

/* Finds the best sample of each pair, on rank 0. */
static tri_status find_best(tri_run *run, p2p_state *s) {
    size_t pairs = p2p_pairs(s->players), samples = (size_t)s->samples;
    int root = tri_comm_rank(run->comm) == 0;
    double *all = malloc(((root ? pairs * samples : 0) + 1) * sizeof *all);
    tri_status status = tri_agree(
        run->comm, all ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the samples of %zu pairs", pairs));
    for (int i = 0; i < s->sizes * P2P_KINDS && status == TRI_OK; i++) {
        status = p2p_collect(run, s, i / P2P_KINDS, i % P2P_KINDS, all);
        for (size_t pair = 0; status == TRI_OK && root && pair < pairs; pair++) {
            double best = INFINITY;
            for (size_t k = 0; k < samples; k++)
                best = fmin(best, all[pair * samples + k]);
            s->best_s[(size_t)i * pairs + pair] = best;
        }
    }
    free(all);
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    p2p_state *s = argument;
    if (s->order) return p2p_exchange(run, s);
    double start = tri_now_s();
    TRI_TRY(p2p_measure(run, s));
    TRI_TRY(find_best(run, s));
    tri_report_phase(run, "pairs", tri_now_s() - start, 0);
    start = tri_now_s();
    TRI_TRY(p2p_measure_bisection(run, s));
    tri_report_phase(run, "bisection", tri_now_s() - start, 0);
    start = tri_now_s();
    TRI_TRY(p2p_find_slow(run, s));
    tri_report_phase(run, "again", tri_now_s() - start, 0);
    return TRI_OK;
}

/* Every received byte was compared with the byte that its sender's rank determines, outside the timed
 * parts. */
static tri_status verify(tri_run *run, void *argument) {
    p2p_state *s = argument;
    (void)run;
    if (*s->wrong_text) return tri_fail(TRI_ERR_WRONG, "%s", s->wrong_text);
    if (s->slow_found)
        return tri_fail(TRI_ERR_WRONG, "slower than the rest, also when measured alone: %s", s->slow_text);
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    return p2p_record(run, argument);
}

static tri_status draw(tri_run *run, void *argument) {
    const p2p_state *s = argument;
    return s->plot ? p2p_plot(run, s) : TRI_OK;
}

static void teardown(void *argument) {
    p2p_state *s = argument;
    free(s->bytes);
    free(s->rank_of);
    free(s->out);
    free(s->in);
    free(s->mine_s);
    free(s->bisection_per_s);
    free(s->ring_s);
    free(s->best_s);
}

static const tri_app p2p_app = {
    .name = "p2p",
    .summary = "measures latency and bandwidth between all pairs of ranks, and reports slow ranks",
    .examples = "mpirun -np 8 trireme p2p --plot map.svg\n"
                "srun -N 64 --ntasks-per-node=4 trireme p2p --per node    # slow nodes and links\n",
    .options = options,
    .state_bytes = sizeof(p2p_state),
    .no_device = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .draw = draw,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&p2p_app, argc, argv);
}
