/* Allgather with k-fold growing distances, for any number of ranks (Bruck, Ho, Kipnis, Upfal, Weathersby
 * 1997, "Efficient algorithms for all-to-all communications in multiport message-passing systems", section
 * 4).
 *
 * A rank keeps its blocks in rotated order, starting with its own. When it has h blocks, it receives h
 * more from each of the ranks h, 2 h, ... (k - 1) h above it, concurrently, and appends them. For 5 ranks
 * and k = 2:
 *
 *     round 0   1>0  2>1  3>2  4>3  0>4     1 block
 *     round 1   2>0  3>1  4>2  0>3  1>4     2 blocks
 *     round 2   4>0  0>1  1>2  2>3  3>4     1 block: the last one missing
 *
 * A larger k trades latencies for overheads; the k with the least cost is used.
 *
 * Cost: log_k(p) x (latency + k overheads, or 2 (k - 1) overheads if that is more) + (p - 1) blocks, and a
 * copy of all blocks.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/algorithms/common/rotated.h"

/* Ranks that send to this rank in a round that starts with `have` blocks. */
static int sources_of(int ranks, int have, int radix) {
    int missing = ranks - have, all = missing / have + (missing % have != 0);
    return all < radix - 1 ? all : radix - 1;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = {0};
    int radix = p->radix < 2 ? 2 : p->radix, level = tri_case_level(c);
    for (int have = 1, come; have < c->ranks; have += come) {
        int sources = sources_of(c->ranks, have, radix), missing = c->ranks - have;
        int senders = c->nodes == 1 || sources * have > c->largest ? c->largest : sources * have;
        come = sources * have < missing ? sources * have : missing;
        tri_cost_burst(&cost, c, net, level, sources, (double)c->bytes * come / sources, senders);
    }
    cost.memory_bytes = (double)c->bytes * c->ranks;
    return cost;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.radix = 2};
    double best_s = 0;
    for (int radix = 2; radix == 2 || (radix <= 16 && radix <= c->ranks); radix++) {
        tri_parameters trial = {.radix = radix};
        tri_cost total = cost(c, &trial, net);
        double time_s = tri_case_time_s(&total, c, net);
        if (radix == 2 || time_s < best_s) best = trial, best_s = time_s;
    }
    return best;
}

static tri_rotated rotated_of(const tri_context *c, const tri_call *call) {
    tri_rotated t = {.counts = call->recv_counts, .rank = c->rank};
    return t;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    tri_rotated t = rotated_of(c, call);
    return tri_rotated_units(c, call, &t, c->size);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_rotated t = rotated_of(c, call);
    void *blocks = call->scratch;
    TRI_TRY(tri_do_copy(c, blocks, call->send, tri_rotated_units(c, call, &t, 1)));
    for (int have = 1, got; have < c->size; have = got) {
        int sources = sources_of(c->size, have, call->parameters.radix < 2 ? 2 : call->parameters.radix);
        got = have;
        for (int i = 1; i <= sources; i++) {
            int missing = c->size - got, come = have < missing ? have : missing;
            size_t start = tri_rotated_units(c, call, &t, got),
                   end = tri_rotated_units(c, call, &t, got + come);
            TRI_TRY(tri_do_recv(c, tri_unit(c, blocks, start), end - start, (c->rank + got) % c->size));
            TRI_TRY(tri_do_send(c, blocks, tri_rotated_units(c, call, &t, come),
                                (c->rank - got + c->size) % c->size));
            got += come;
        }
        TRI_TRY(tri_do_wait(c));
    }
    return tri_rotated_copy(c, call, &t, call->recv_displs, call->recv, blocks, 1);
}

const tri_algorithm tri_allgather_bruck = {
    .operation = TRI_ALLGATHER,
    .name = "bruck",
    .text = "each rank receives all blocks of the ranks above it at distances that grow k-fold",
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
