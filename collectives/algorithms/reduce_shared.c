/* Reduction through slots in shared memory.
 *
 * Every other rank copies its vector into its slots in pieces and runs ahead until they are full; the root
 * combines each piece from the last rank down.
 *
 *     others   in 0 | in 1    | in 2    | in 3
 *     root            combine 0 | combine 1 | combine 2 | combine 3
 *
 * Cost: a hand-off, a piece into the slots, (p - 1) x the bytes combined.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes, root = bytes + tri_combining(bytes) * (c->ranks - 1);
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(bytes));
    cost.slot_bytes = tri_first_piece(bytes) + tri_work(c, root, root + bytes * (c->ranks - 1));
    return cost;
}

static tri_status at_root(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    size_t units = tri_piece_units(p, k);
    char *result = tri_unit(c, call->recv, tri_piece_start(p, k));
    const void *own = tri_unit(c, call->send, tri_piece_start(p, k));
    int last = c->size - 1;
    if (own == result && c->rank != last) {
        /* The last rank's piece will overwrite it. */
        void *kept = tri_ring_open(p->ring, p->first + k);
        TRI_TRY(tri_do_copy(c, kept, own, units));
        own = kept;
    }
    for (int peer = last; peer >= 0; peer--) {
        const void *data = peer == c->rank ? own : tri_ring_await(p->ring, peer, p->first + k);
        if (peer == last)
            TRI_TRY(tri_do_copy(c, result, data, units));
        else
            TRI_TRY(tri_do_combine(c, data, result, units));
    }
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, 1, 1);
    for (size_t k = 0; k < p.pieces; k++) {
        if (c->rank == call->root) {
            TRI_TRY(at_root(c, call, &p, k));
        } else {
            TRI_TRY(tri_do_copy(c, tri_ring_open(p.ring, p.first + k),
                                tri_unit(c, call->send, tri_piece_start(&p, k)), tri_piece_units(&p, k)));
            tri_ring_publish(p.ring, p.first + k);
        }
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_reduce_shared = {
    .operation = TRI_REDUCE,
    .name = "shared",
    .text = "each rank copies pieces into its slots in shared memory, the root combines them",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
