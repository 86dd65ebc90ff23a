/* Single-copy allgather. Each rank reads all blocks from its peers' memory, starting with the next rank
 * above.
 *
 * Cost: address exchange and release; p - 1 copies of a block.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_alltoall_shared_single.cost(c, p, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    size_t size = (size_t)c->size;
    tri_exchange_vectors(c, call->send, NULL, -1);
    tri_copy_out(c, tri_past_caches(c, size * (size + 1) * call->count), tri_recv_block(c, call, c->rank),
                 call->send, call->count);
    for (int shift = 1; shift < c->size; shift++) {
        int from = (c->rank + shift) % c->size;
        TRI_TRY(tri_fetch(c, from, 0, tri_recv_block(c, call, from), call->count));
    }
    tri_release_vectors(c, -1);
    return TRI_OK;
}

const tri_algorithm tri_allgather_shared_single = {
    .operation = TRI_ALLGATHER,
    .name = "shared_single",
    .text = "each rank reads all blocks from its peers' memory",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
