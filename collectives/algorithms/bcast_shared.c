/* Broadcast through the root's slots in shared memory.
 *
 * The root copies the data into its slots in pieces; every other rank copies each piece out as soon as it
 * is published. The root runs ahead until its slots are full.
 *
 *     root      in 0 | in 1 | in 2 | in 3
 *     others           out 0 | out 1 | out 2 | out 3
 *
 * Cost: a hand-off, the bytes into the slots, one more piece out of them.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes;
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(bytes));
    cost.slot_bytes = tri_work(c, 2 * bytes, bytes * c->ranks);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, 1, 1);
    int past_caches = tri_past_caches(c, (size_t)c->size * call->count);
    for (size_t k = 0; k < p.pieces; k++) {
        void *data = tri_unit(c, call->recv, tri_piece_start(&p, k));
        size_t units = tri_piece_units(&p, k);
        if (c->rank == call->root) {
            TRI_TRY(tri_do_copy(c, tri_ring_open(p.ring, p.first + k), data, units));
            tri_ring_publish(p.ring, p.first + k);
        } else {
            tri_copy_out(c, past_caches, data, tri_ring_await(p.ring, call->root, p.first + k), units);
        }
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_shared = {
    .operation = TRI_BCAST,
    .name = "shared",
    .text = "the root copies pieces into slots in shared memory, the others copy them out",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
