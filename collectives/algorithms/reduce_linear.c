/* Reduction at the root, which receives and combines the vectors one by one, in rank order.
 *
 *     acc = x0;  acc = acc op x1;  acc = acc op x2; ...
 *
 * Cost: one latency; p overheads; (p - 1) x the bytes to the root, one vector after another, and combined.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    if (c->ranks < 2) return cost;
    int level = tri_case_level(c), near = (c->nodes > 1 ? c->largest : c->ranks) - 1;
    cost.level[level].latencies = 1;
    cost.level[level].overheads = c->ranks;
    cost.level[TRI_INSIDE].bytes = (double)c->bytes * near;
    cost.level[TRI_BETWEEN].bytes = (double)c->bytes * (c->ranks - 1 - near);
    cost.combined_bytes = (double)c->bytes * (c->ranks - 1);
    return cost;
}

/* The partial result and the incoming vector. The root's `recv` cannot be used, since it may also be the
 * input. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    return c->rank == call->root ? 2 * call->count : 0;
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->rank != call->root) {
        TRI_TRY(tri_do_send(c, call->send, call->count, call->root));
        return tri_do_wait(c);
    }
    void *so_far = call->scratch, *next = tri_unit(c, call->scratch, call->count);
    for (int peer = 0; peer < c->size; peer++) {
        void *to = peer ? next : so_far;
        if (peer == c->rank) {
            TRI_TRY(tri_do_copy(c, to, call->send, call->count));
        } else {
            TRI_TRY(tri_do_recv(c, to, call->count, peer));
            TRI_TRY(tri_do_wait(c));
        }
        if (!peer) continue;
        /* The result is in the right operand's place. */
        TRI_TRY(tri_do_combine(c, so_far, next, call->count));
        next = so_far;
        so_far = to;
    }
    return tri_do_copy(c, call->recv, so_far, call->count);
}

const tri_algorithm tri_reduce_linear = {
    .operation = TRI_REDUCE,
    .name = "linear",
    .text = "the root receives and combines the vectors one by one, in rank order",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
