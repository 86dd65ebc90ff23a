/* Exclusive scan along a chain (scan_linear.c). The vector that a rank receives is its result.
 *
 * Cost: (p - 1) x (latency + 2 overheads + bytes) + (p - 2) x combined bytes.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = tri_scan_linear.cost(c, p, net);
    if (c->ranks > 1) cost.combined_bytes -= (double)c->bytes;
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    void *mine = call->scratch, *before = tri_unit(c, call->scratch, call->count);
    int last = c->rank + 1 == c->size;
    TRI_TRY(tri_do_copy(c, mine, call->send, last ? 0 : call->count));
    if (c->rank) {
        TRI_TRY(tri_do_recv(c, before, call->count, c->rank - 1));
        TRI_TRY(tri_do_wait(c));
        if (!last) TRI_TRY(tri_do_combine(c, before, mine, call->count));
    }
    if (!last) TRI_TRY(tri_do_send(c, mine, call->count, c->rank + 1));
    TRI_TRY(tri_do_copy(c, call->recv, before, c->rank ? call->count : 0));
    return tri_do_wait(c);
}

const tri_algorithm tri_exscan_linear = {
    .operation = TRI_EXSCAN,
    .name = "linear",
    .text = "each rank receives the combination of lower ranks, adds its vector and sends the result on",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
