/* Single-copy gather, from each rank's memory directly into the root's.
 *
 * Every leaf writes its block. With a single leaf, the root reads the second half of the block (picture in
 * bcast_shared_single.c).
 *
 * Cost: address exchange and release; one copy of a block, of half of it for two ranks; the root's own
 * block.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes, leaf = c->ranks == 2 ? bytes / 2 : bytes;
    tri_cost_single_copy(&cost, c, tri_work(c, leaf, bytes * (c->ranks - 1)), 1);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    size_t share = tri_leaf_share(c, call->count), rest = call->count - share;
    if (c->rank != call->root) {
        tri_exchange_vectors(c, call->send, NULL, tri_only_root(c, call->root));
        TRI_TRY(tri_put(c, call->root, (size_t)c->rank * call->count, call->send, share));
    } else {
        tri_exchange_vectors(c, call->send, call->recv, tri_only_root(c, call->root));
        tri_copy_out(c, tri_past_caches(c, 2 * (size_t)c->size * call->count),
                     tri_recv_block(c, call, c->rank), call->send, call->count);
        for (int i = 1; i < c->size; i++) {
            int leaf = tri_from_virtual(c, i, call->root);
            TRI_TRY(tri_fetch(c, leaf, share, tri_unit(c, tri_recv_block(c, call, leaf), share), rest));
        }
    }
    tri_release_vectors(c, tri_only_root(c, call->root));
    return TRI_OK;
}

const tri_algorithm tri_gather_shared_single = {
    .operation = TRI_GATHER,
    .name = "shared_single",
    .text = "each rank writes its block into the root's memory; of two ranks, each copies one half",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
