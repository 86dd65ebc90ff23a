/* Gather directly to the root, which receives all blocks concurrently.
 *
 *     1 > 0, 2 > 0, 3 > 0, ...   directly into the receive buffer
 *
 * Cost: one latency; p overheads; all blocks through the root, those of other nodes through its node's
 * link. Short blocks share the link and arrive together, and the root's overheads follow; long ones wait
 * until the root takes them, and the longer of the two is the cost.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    if (c->ranks < 2) return cost;
    tri_cost_star(&cost, c, (double)c->bytes, net);
    if ((double)c->bytes > net->eager_bytes) return cost;
    int near = (c->nodes > 1 ? c->largest : c->ranks) - 1;
    double bytes[TRI_LEVELS] = {(double)c->bytes * near, (double)c->bytes * (c->ranks - 1 - near)};
    cost.level[tri_case_level(c)].overheads = c->ranks;
    for (int level = 0; level < TRI_LEVELS; level++)
        cost.level[level].rank_bytes = cost.level[level].node_bytes = bytes[level];
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->rank != call->root) {
        TRI_TRY(tri_do_send(c, call->send, tri_block_units(c, call, c->rank), call->root));
        return tri_do_wait(c);
    }
    for (int peer = 0; peer < c->size; peer++)
        if (peer != c->rank)
            TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, peer), tri_recv_count(c, call, peer), peer));
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_recv_count(c, call, c->rank)));
    return tri_do_wait(c);
}

const tri_algorithm tri_gather_linear = {
    .operation = TRI_GATHER,
    .name = "linear",
    .text = "every rank sends its block to the root",
    .cost = cost,
    .run = run,
};
