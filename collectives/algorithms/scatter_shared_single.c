/* Single-copy scatter, from the root's memory directly into each rank's.
 *
 * Every leaf reads its block. With a single leaf, the root writes the second half of the block (picture in
 * bcast_shared_single.c).
 *
 * Cost: as gather_shared_single.c.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_gather_shared_single.cost(c, p, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    size_t share = tri_leaf_share(c, call->count), rest = call->count - share;
    if (c->rank != call->root) {
        tri_exchange_vectors(c, NULL, call->recv, tri_only_root(c, call->root));
        TRI_TRY(tri_fetch(c, call->root, (size_t)c->rank * call->count, call->recv, share));
    } else {
        tri_exchange_vectors(c, call->send, call->recv, tri_only_root(c, call->root));
        for (int i = 1; i < c->size; i++) {
            int leaf = tri_from_virtual(c, i, call->root);
            TRI_TRY(tri_put(c, leaf, share, tri_unit(c, tri_send_block(c, call, leaf), share), rest));
        }
        tri_copy_out(c, tri_past_caches(c, 2 * (size_t)c->size * call->count), call->recv,
                     tri_send_block(c, call, c->rank), call->count);
    }
    tri_release_vectors(c, tri_only_root(c, call->root));
    return TRI_OK;
}

const tri_algorithm tri_scatter_shared_single = {
    .operation = TRI_SCATTER,
    .name = "shared_single",
    .text = "each rank reads its block from the root's memory; of two ranks, each copies one half",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
