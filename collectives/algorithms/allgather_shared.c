/* Allgather through slots in shared memory. Each rank copies its block into its slots in pieces, and the
 * pieces of all ranks out.
 *
 *     each rank   in 0 | in 1 | all out 0 | in 2 | all out 1 | ...
 *
 * Cost: a hand-off; a block into the slots, p blocks out of them.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes;
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(bytes));
    cost.slot_bytes = tri_equal_work(c, bytes * (c->ranks + 2));
    return cost;
}

static tri_status put(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    TRI_TRY(tri_do_copy(c, tri_ring_open(p->ring, p->first + k),
                        tri_unit(c, call->send, tri_piece_start(p, k)), tri_piece_units(p, k)));
    tri_ring_publish(p->ring, p->first + k);
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, 1, 1);
    size_t size = (size_t)c->size;
    int past_caches = tri_past_caches(c, size * (size + 1) * call->count);
    if (p.pieces) TRI_TRY(put(c, call, &p, 0));
    for (size_t k = 0; k < p.pieces; k++) {
        if (k + 1 < p.pieces) TRI_TRY(put(c, call, &p, k + 1));
        for (int i = 0; i < c->size; i++) {
            int from = (c->rank + i) % c->size;
            tri_copy_out(c, past_caches, tri_unit(c, tri_recv_block(c, call, from), tri_piece_start(&p, k)),
                         tri_ring_await(p.ring, from, p.first + k), tri_piece_units(&p, k));
        }
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_allgather_shared = {
    .operation = TRI_ALLGATHER,
    .name = "shared",
    .text = "each rank copies its block into its slots in shared memory and all blocks out of the slots",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
