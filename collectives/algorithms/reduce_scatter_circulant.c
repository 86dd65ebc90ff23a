/* Reduce_scatter on a circulant graph, with the minimum number of rounds and bytes for any number of ranks
 * (Traff 2024, "Optimal, non-pipelined reduce-scatter and allreduce algorithms", arXiv 2410.14234,
 * algorithm 1).
 *
 * A rank keeps its blocks in rotated order, starting with its own. In each round it divides them into k
 * groups, the first of n blocks. It keeps the first group and sends group i to the rank i n above it,
 * which combines it with its first blocks. For 5 ranks and k = 2:
 *
 *     round 0   blocks 3 4 go to the rank 3 above; those of the rank 3 below join blocks 0 1
 *     round 1   block 2    goes to the rank 2 above ...
 *     round 2   block 1    goes to the rank 1 above ...
 *
 * A larger k trades latencies for overheads; the k with the least cost is used. This is the reverse of the
 * allgather of Bruck et al.
 *
 * Cost: log_k(p) x (latency + k overheads, or 2 (k - 1) overheads if that is more) + (p - 1) blocks, sent
 * and combined, and a copy of the vector.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/algorithms/common/rotated.h"

enum { RADIX_MOST = 16 };

static int can(const tri_subcase *c) {
    return c->commutes && c->ranks > 1;
}

/* Blocks in the first group of a round. */
static int group_blocks(int have, int radix) {
    return (have + radix - 1) / radix;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = {0};
    for (int have = c->ranks, group; have > 1; have = group) {
        group = group_blocks(have, p->radix);
        int messages = (have - 1) / group, farthest = messages * group;
        int senders = c->nodes == 1 || farthest > c->largest ? c->largest : farthest;
        tri_cost_burst(&cost, c, net, tri_case_level(c), messages,
                       (double)c->bytes * (have - group) / messages, senders);
        cost.combined_bytes += (double)c->bytes * (have - group);
    }
    cost.memory_bytes = (double)c->bytes * c->ranks;
    return cost;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.radix = 2};
    double best_s = 0;
    for (int radix = 2; radix == 2 || (radix <= RADIX_MOST && radix <= c->ranks); radix++) {
        tri_parameters trial = {.radix = radix};
        tri_cost total = cost(c, &trial, net);
        double time_s = tri_case_time_s(&total, c, net);
        if (radix == 2 || time_s < best_s) best = trial, best_s = time_s;
    }
    return best;
}

static tri_rotated rotated_of(const tri_context *c, const tri_call *call) {
    tri_rotated t = {.counts = call->send_counts, .rank = c->rank};
    return t;
}

/* Units received with message i of a round. */
static size_t joining(const tri_context *c, const tri_call *call, const tri_rotated *t, int have, int group,
                      int i) {
    return tri_rotated_units(c, call, t, have - i * group < group ? have - i * group : group);
}

/* All blocks, and the maximum received in a round. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    tri_rotated t = rotated_of(c, call);
    size_t most = 0;
    for (int have = c->size, group; have > 1; have = group) {
        size_t come = 0;
        group = group_blocks(have, call->parameters.radix);
        for (int i = 1; i * group < have; i++)
            come += joining(c, call, &t, have, group, i);
        if (come > most) most = come;
    }
    return tri_rotated_units(c, call, &t, c->size) + most;
}

static tri_status exchange(tri_context *c, const tri_call *call, const tri_rotated *t, int have, int group,
                           void *come) {
    void *blocks = call->scratch;
    for (int i = 1; i * group < have; i++) {
        int end = (i + 1) * group < have ? (i + 1) * group : have;
        size_t first = tri_rotated_units(c, call, t, i * group), joins = joining(c, call, t, have, group, i);
        TRI_TRY(tri_do_recv(c, come, joins, (c->rank - i * group + c->size) % c->size));
        TRI_TRY(tri_do_send(c, tri_unit(c, blocks, first), tri_rotated_units(c, call, t, end) - first,
                            (c->rank + i * group) % c->size));
        come = tri_unit(c, come, joins);
    }
    return tri_do_wait(c);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_rotated t = rotated_of(c, call);
    void *blocks = call->scratch, *come = tri_unit(c, blocks, tri_rotated_units(c, call, &t, c->size));
    TRI_TRY(tri_rotated_copy(c, call, &t, call->send_displs, call->send, blocks, 0));
    for (int have = c->size, group; have > 1; have = group) {
        group = group_blocks(have, call->parameters.radix);
        TRI_TRY(exchange(c, call, &t, have, group, come));
        void *joins = come;
        for (int i = 1; i * group < have; i++) {
            size_t count = joining(c, call, &t, have, group, i);
            TRI_TRY(tri_do_combine(c, joins, blocks, count));
            joins = tri_unit(c, joins, count);
        }
    }
    return tri_do_copy(c, call->recv, blocks, tri_rotated_units(c, call, &t, 1));
}

const tri_algorithm tri_reduce_scatter_circulant = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "circulant",
    .text = "in each round a rank keeps the first of k groups of blocks and sends the others to ranks above, "
            "which combine them",
    .can = can,
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
