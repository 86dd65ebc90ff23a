/* Scatter through the root's slots in shared memory. A slot holds a piece of each block, and every rank
 * copies its own pieces out. The root runs ahead until its slots are full.
 *
 *     root      all in 0 | all in 1 | all in 2 | ...
 *     others               out 0    | out 1    | ...
 *
 * Cost: a hand-off; p blocks into the slots, a piece out of them.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes, others = bytes * (c->ranks - 1);
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(others));
    double piece = (double)TRI_LARGE_PAYLOAD_BYTES / c->ranks;
    cost.slot_bytes = tri_work(c, bytes + others, 2 * others) + (piece < bytes ? piece : bytes);
    return cost;
}

static tri_status put(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    size_t units = tri_piece_units(p, k), start = tri_piece_start(p, k);
    char *slot = tri_ring_open(p->ring, p->first + k);
    for (int to = 0; to < c->size; to++)
        if (to != c->rank)
            TRI_TRY(tri_do_copy(c, tri_unit(c, slot, (size_t)to * units),
                                tri_unit(c, tri_send_block(c, call, to), start), units));
    tri_ring_publish(p->ring, p->first + k);
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, c->size, 1);
    int past_caches = tri_past_caches(c, 2 * (size_t)c->size * call->count);
    for (size_t k = 0; k < p.pieces; k++) {
        if (c->rank == call->root) {
            TRI_TRY(put(c, call, &p, k));
        } else {
            size_t units = tri_piece_units(&p, k);
            const void *slot = tri_ring_await(p.ring, call->root, p.first + k);
            tri_copy_out(c, past_caches, tri_unit(c, call->recv, tri_piece_start(&p, k)),
                         tri_unit(c, slot, (size_t)c->rank * units), units);
        }
        tri_ring_release(p.ring, p.first + k);
    }
    if (c->rank == call->root)
        tri_copy_out(c, past_caches, call->recv, tri_send_block(c, call, c->rank), call->count);
    return TRI_OK;
}

const tri_algorithm tri_scatter_shared = {
    .operation = TRI_SCATTER,
    .name = "shared",
    .text = "the root copies pieces of all blocks into slots in shared memory, each rank copies its own out",
    .can = tri_can_slots_each,
    .cost = cost,
    .run = run,
};
