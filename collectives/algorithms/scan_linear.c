/* Scan along a chain, in rank order.
 *
 *     0 > 1 > 2 > 3 ...   each rank adds its vector and sends the result on
 *
 * Cost: (p - 1) x (latency + 2 overheads + bytes + combined bytes).
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    tri_cost_rounds(&cost, tri_case_level(c), c->ranks - 1, (double)c->bytes, 1);
    cost.combined_bytes = (double)c->bytes * (c->ranks - 1);
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->rank) {
        TRI_TRY(tri_do_recv(c, call->scratch, call->count, c->rank - 1));
        TRI_TRY(tri_do_wait(c));
    }
    TRI_TRY(tri_do_copy(c, call->recv, call->send, call->count));
    if (c->rank) TRI_TRY(tri_do_combine(c, call->scratch, call->recv, call->count));
    if (c->rank + 1 < c->size) TRI_TRY(tri_do_send(c, call->recv, call->count, c->rank + 1));
    return tri_do_wait(c);
}

const tri_algorithm tri_scan_linear = {
    .operation = TRI_SCAN,
    .name = "linear",
    .text = "each rank adds its vector to the one it receives and sends the result on",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
