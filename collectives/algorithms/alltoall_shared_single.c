/* Single-copy alltoall. Each rank reads its blocks from its peers' memory, starting with the next rank
 * above, so that no two ranks read from the same peer at once.
 *
 * Cost: address exchange and release; p - 1 copies of a block.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    int others = c->ranks - 1;
    tri_cost_single_copy(&cost, c, tri_equal_work(c, (double)c->bytes * others), others);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    size_t size = (size_t)c->size;
    tri_exchange_vectors(c, call->send, NULL, -1);
    tri_copy_out(c, tri_past_caches(c, 2 * size * size * call->count), tri_recv_block(c, call, c->rank),
                 tri_send_block(c, call, c->rank), call->count);
    for (int shift = 1; shift < c->size; shift++) {
        int from = (c->rank + shift) % c->size;
        TRI_TRY(
            tri_fetch(c, from, (size_t)c->rank * call->count, tri_recv_block(c, call, from), call->count));
    }
    tri_release_vectors(c, -1);
    return TRI_OK;
}

const tri_algorithm tri_alltoall_shared_single = {
    .operation = TRI_ALLTOALL,
    .name = "shared_single",
    .text = "each rank reads its blocks from its peers' memory",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
