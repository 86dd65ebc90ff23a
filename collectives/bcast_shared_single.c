/* Broadcast in one copy: the root's vector goes straight into everybody's.
 *
 * Root and leaf share the copying of the leaf's vector, so all cores work: of p equal parts the leaf fetches
 * p - 1, and the root puts the last one there.
 *
 *     root   0 1 2 3   puts part 3 at each leaf
 *     leaf   0 1 2 3   fetches parts 0, 1, 2
 *
 * Cost: to meet and to part; (p - 1) / p x bytes in one copy (for the root: p - 1 copies of bytes / p).
 */
#include "collectives/shared.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    tri_price_single(&price, c, (double)c->bytes * (c->ranks - 1) / c->ranks, c->ranks - 1);
    return price;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_shared *s = c->shared;
    tri_meet(c, call->send, call->recv);
    size_t share = tri_leaf_share(c, call->count), rest = call->count - share;
    if (c->rank != call->root) {
        TRI_TRY(tri_shared_read(s, call->root, &s->peers[call->root].send, 0, call->recv, share));
    } else {
        for (int i = 1; i < c->size; i++) {
            int leaf = tri_from_virtual(c, i, call->root);
            TRI_TRY(
                tri_shared_write(s, leaf, &s->peers[leaf].recv, share, tri_unit(c, call->send, share), rest));
        }
    }
    tri_part(c);
    return TRI_OK;
}

const tri_algorithm tri_bcast_shared_single = {
    .operation = TRI_BCAST,
    .name = "shared_single",
    .text = "each rank fetches most of the root's vector from its memory, the root puts the rest there",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
