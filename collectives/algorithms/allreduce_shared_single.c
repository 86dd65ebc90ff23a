/* Single-copy allreduce by shares. Each rank combines its share of all vectors, read from its peers'
 * memory, and writes the result into the results of all ranks (picture in reduce_shared_single.c).
 *
 * Cost: address exchange and release; (p - 1) / p x bytes read, combined, and written.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double others = (double)c->bytes * (c->ranks - 1) / c->ranks;
    tri_cost_single_copy(&cost, c, tri_equal_work(c, 2 * others), 2 * (c->ranks - 1));
    cost.slot_bytes += tri_equal_work(c, tri_combining(others));
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_exchange_vectors(c, call->send, call->recv, -1);
    TRI_TRY(tri_combine_share(c, call, -1));
    tri_release_vectors(c, -1);
    return TRI_OK;
}

const tri_algorithm tri_allreduce_shared_single = {
    .operation = TRI_ALLREDUCE,
    .name = "shared_single",
    .text = "each rank combines its share of all vectors in its peers' memory and writes it into all results",
    .can = tri_can_single,
    .cost = cost,
    .scratch = tri_single_scratch,
    .run = run,
};
