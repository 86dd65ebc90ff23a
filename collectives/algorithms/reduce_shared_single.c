/* Single-copy reduction by shares. Every rank combines its share of all vectors, read from its peers'
 * memory, and writes it into the root's result.
 *
 *     vectors   x0 = a0 b0 c0   x1 = a1 b1 c1   x2 = a2 b2 c2
 *     rank 0 combines a0 a1 a2, rank 1 combines b0 b1 b2, rank 2 combines c0 c1 c2, into the root's
 *
 * Cost: address exchange and release; (p - 1) / p x bytes read and combined, bytes / p written.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes, others = bytes * (c->ranks - 1) / c->ranks;
    tri_cost_single_copy(&cost, c, tri_equal_work(c, bytes), c->ranks);
    cost.slot_bytes += tri_equal_work(c, tri_combining(others));
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_exchange_vectors(c, call->send, c->rank == call->root ? call->recv : NULL, -1);
    TRI_TRY(tri_combine_share(c, call, call->root));
    tri_release_vectors(c, -1);
    return TRI_OK;
}

const tri_algorithm tri_reduce_shared_single = {
    .operation = TRI_REDUCE,
    .name = "shared_single",
    .text = "each rank combines its share of all vectors in its peers' memory and writes it into the root's",
    .can = tri_can_single,
    .cost = cost,
    .scratch = tri_single_scratch,
    .run = run,
};
