/* Single-copy reduce_scatter. Every rank combines its block of all vectors, read from its peers' memory.
 *
 * A result that would overwrite a block read by others waits in scratch.
 *
 * Cost: address exchange and release; p - 1 blocks read and combined.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double others = (double)c->bytes * (c->ranks - 1);
    tri_cost_single_copy(&cost, c, tri_equal_work(c, others), c->ranks - 1);
    cost.slot_bytes += tri_equal_work(c, tri_combining(others));
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    return tri_single_scratch(c, call) + (call->recv == call->send ? call->count : 0);
}

static tri_status run(tri_context *c, const tri_call *call) {
    int in_place = call->recv == call->send;
    void *result = in_place ? tri_unit(c, call->scratch, tri_single_scratch(c, call)) : call->recv;
    tri_exchange_vectors(c, call->send, NULL, -1);
    TRI_TRY(tri_combine_block(c, call, (size_t)c->rank * call->count, result));
    tri_release_vectors(c, -1);
    return tri_do_copy(c, call->recv, result, call->count);
}

const tri_algorithm tri_reduce_scatter_shared_single = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "shared_single",
    .text = "each rank combines its block of all vectors in its peers' memory",
    .can = tri_can_single,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
