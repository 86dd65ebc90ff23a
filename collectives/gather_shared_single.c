/* Gather in one copy: each block goes straight from its rank's memory into the root's.
 *
 * Root and leaf share the copying (bcast_shared_single.c has the picture): the leaf puts (p - 1) / p of its
 * block at the root, and the root fetches the rest.
 *
 * Cost: to meet and to part; (p - 1) / p of a block (for the root: p - 1 copies of block / p), and its own.
 */
#include "collectives/shared.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    tri_price_single(&price, c, (double)c->bytes * (c->ranks - 1) / c->ranks, c->ranks - 1);
    price.memory_bytes += (double)c->bytes;
    return price;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_shared *s = c->shared;
    size_t share = tri_leaf_share(c, call->count), rest = call->count - share;
    if (c->rank != call->root) {
        tri_meet(c, call->send, NULL);
        TRI_TRY(tri_shared_write(s, call->root, &s->peers[call->root].recv, (size_t)c->rank * call->count,
                                 call->send, share));
    } else {
        tri_meet(c, call->send, call->recv);
        TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, call->count));
        for (int i = 1; i < c->size; i++) {
            int leaf = tri_from_virtual(c, i, call->root);
            TRI_TRY(tri_shared_read(s, leaf, &s->peers[leaf].send, share,
                                    tri_unit(c, tri_recv_block(c, call, leaf), share), rest));
        }
    }
    tri_part(c);
    return TRI_OK;
}

const tri_algorithm tri_gather_shared_single = {
    .operation = TRI_GATHER,
    .name = "shared_single",
    .text = "each rank puts most of its block into the root's memory, the root fetches the rest",
    .can = tri_can_single,
    .cost = cost,
    .run = run,
};
