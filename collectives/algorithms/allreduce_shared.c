/* Allreduce through slots in shared memory, in which every rank combines everything.
 *
 * Each rank copies a piece into its slot and combines the slots of all ranks. All ranks combine from the
 * last rank down, so they get the same bits:
 *
 *     rank 0   in 0 | in 1 | combine 0 | in 2 | combine 1 | ...
 *     rank 1   in 0 | in 1 | combine 0 | in 2 | combine 1 | ...
 *
 * The next piece is published before the ranks wait for the current one. This is the minimum number of
 * hand-offs, which pays for short vectors and few ranks.
 *
 * Cost: a hand-off; the bytes into and out of slots; (p - 1) x the bytes combined.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes;
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(bytes));
    cost.slot_bytes = tri_equal_work(c, 2 * bytes + tri_combining(bytes * (c->ranks - 1)));
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
    if (p.pieces) TRI_TRY(put(c, call, &p, 0));
    for (size_t k = 0; k < p.pieces; k++) {
        if (k + 1 < p.pieces) TRI_TRY(put(c, call, &p, k + 1));
        void *result = tri_unit(c, call->recv, tri_piece_start(&p, k));
        const void *own = tri_unit(c, call->send, tri_piece_start(&p, k));
        /* In place: the last rank's piece will overwrite this one. */
        if (own == result && c->rank != c->size - 1) own = tri_ring_await(p.ring, c->rank, p.first + k);
        TRI_TRY(tri_combine_slots(c, &p, p.first + k, 0, tri_piece_units(&p, k), own, result));
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_allreduce_shared = {
    .operation = TRI_ALLREDUCE,
    .name = "shared",
    .text = "each rank copies pieces into its slots in shared memory and combines the slots of all ranks",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
