/* Broadcast from the root directly to each rank.
 *
 *     0 > 1, 0 > 2, 0 > 3, ...
 *
 * Cost: one latency; p overheads (p - 1 consecutive sends at the root, one receive at the last receiver);
 * all copies of the vector through the root, those for other nodes through its node's link.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    if (c->ranks < 2) return cost;
    tri_cost_star(&cost, c, (double)c->bytes, net);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->rank != call->root) {
        TRI_TRY(tri_do_recv(c, call->recv, call->count, call->root));
        return tri_do_wait(c);
    }
    for (int peer = 0; peer < c->size; peer++)
        if (peer != call->root) TRI_TRY(tri_do_send(c, call->send, call->count, peer));
    return tri_do_wait(c);
}

const tri_algorithm tri_bcast_linear = {
    .operation = TRI_BCAST,
    .name = "linear",
    .text = "the root sends to each rank in turn",
    .cost = cost,
    .run = run,
};
