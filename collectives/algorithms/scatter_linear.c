/* Scatter directly from the root to each rank.
 *
 *     0 > 1, 0 > 2, 0 > 3, ...   directly from the send buffer
 *
 * Cost: one latency; p overheads; (p - 1) blocks through the root's link.
 */
#include "collectives/algorithms/algorithm.h"

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->rank != call->root) {
        TRI_TRY(tri_do_recv(c, call->recv, tri_block_units(c, call, c->rank), call->root));
        return tri_do_wait(c);
    }
    for (int peer = 0; peer < c->size; peer++)
        if (peer != c->rank)
            TRI_TRY(tri_do_send(c, tri_send_block(c, call, peer), tri_send_count(c, call, peer), peer));
    TRI_TRY(tri_do_copy(c, call->recv, tri_send_block(c, call, c->rank), tri_send_count(c, call, c->rank)));
    return tri_do_wait(c);
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    if (c->ranks > 1) tri_cost_star(&cost, c, (double)c->bytes, net);
    return cost;
}

const tri_algorithm tri_scatter_linear = {
    .operation = TRI_SCATTER,
    .name = "linear",
    .text = "the root sends each rank its block",
    .cost = cost,
    .run = run,
};
