/* Gather at the root, which takes all blocks as they come.
 *
 *     1 > 0, 2 > 0, 3 > 0, ...   straight to where they belong
 *
 * Cost: one latency; p overheads; all blocks at once through the root, those of other nodes through its node's link.
 */
#include "collectives/algorithm.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p;
    tri_cost price = {0};
    if (c->ranks < 2) return price;
    tri_cost_star(&price, c, (double)c->bytes, net);
    return price;
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->rank != call->root) {
        TRI_TRY(tri_do_send(c, call->send, tri_part_of(c, call, c->rank), call->root));
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
