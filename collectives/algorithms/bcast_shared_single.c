/* Single-copy broadcast, from the root's vector directly into all others.
 *
 * Every leaf reads the vector from the root's memory. With a single leaf, the root writes the second half
 * at the same time, so that both cores work:
 *
 *     root   | 1st half > | 2nd half |     writes the 2nd half into the leaf's memory
 *     leaf   | 1st half | < 2nd half |     reads the 1st half
 *
 * Cost: address exchange and release; one copy of the bytes, of half of them for two ranks.
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
    tri_exchange_vectors(c, call->send, call->recv, tri_only_root(c, call->root));
    size_t share = tri_leaf_share(c, call->count), rest = call->count - share;
    if (c->rank != call->root) {
        TRI_TRY(tri_fetch(c, call->root, 0, call->recv, share));
    } else {
        for (int i = 1; i < c->size; i++) {
            int leaf = tri_from_virtual(c, i, call->root);
            TRI_TRY(tri_put(c, leaf, share, tri_unit(c, call->send, share), rest));
        }
    }
    tri_release_vectors(c, tri_only_root(c, call->root));
    return TRI_OK;
}

const tri_algorithm tri_bcast_shared_single = {
    .operation = TRI_BCAST,
    .name = "shared_single",
    .text = "each rank reads the vector from the root's memory; of two ranks, each copies one half",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
