/* Gather through slots in shared memory. Each rank copies its block into its slots in pieces and runs
 * ahead until they are full; the root copies all pieces out.
 *
 *     others   in 0 | in 1      | in 2      | ...
 *     root            all out 0 | all out 1 | ...
 *
 * Cost: a hand-off; a piece into the slots, p blocks out of them.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes, others = bytes * (c->ranks - 1);
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(bytes));
    cost.slot_bytes = tri_first_piece(bytes) + tri_work(c, bytes + others, 2 * others);
    return cost;
}

static void at_root(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    size_t start = tri_piece_start(p, k), units = tri_piece_units(p, k);
    int past_caches = tri_past_caches(c, 2 * (size_t)c->size * call->count);
    for (int i = 0; i < c->size; i++) {
        int from = (c->rank + i) % c->size;
        const void *data = i ? tri_ring_await(p->ring, from, p->first + k) : tri_unit(c, call->send, start);
        tri_copy_out(c, past_caches, tri_unit(c, tri_recv_block(c, call, from), start), data, units);
    }
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, 1, 1);
    for (size_t k = 0; k < p.pieces; k++) {
        if (c->rank == call->root) {
            at_root(c, call, &p, k);
        } else {
            TRI_TRY(tri_do_copy(c, tri_ring_open(p.ring, p.first + k),
                                tri_unit(c, call->send, tri_piece_start(&p, k)), tri_piece_units(&p, k)));
            tri_ring_publish(p.ring, p.first + k);
        }
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_gather_shared = {
    .operation = TRI_GATHER,
    .name = "shared",
    .text = "each rank copies pieces of its block into slots in shared memory, the root copies them out",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
