/* Reduce_scatter through slots in shared memory. A slot holds a piece of each block (picture in
 * alltoall_shared.c), and every rank combines the pieces of its own block.
 *
 * Cost: a hand-off for each piece; p - 1 blocks into slots, one to its place, (p - 1) combined.
 */
#include "collectives/algorithms/common/slots.h"

static int can(const tri_subcase *c) {
    return tri_can_slots_each(c) && c->unit_bytes * (size_t)c->ranks <= TRI_LARGE_PAYLOAD_BYTES;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double block = (double)c->bytes, others = block * (c->ranks - 1);
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(block * c->ranks));
    cost.slot_bytes = tri_equal_work(c, others + block + tri_combining(others));
    return cost;
}

/* The own block need not be copied, unless the result overwrites it. */
static int keeps_own(const tri_context *c, const tri_call *call) {
    return call->recv == tri_send_block(c, call, c->rank);
}

static tri_status put(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    size_t units = tri_piece_units(p, k), start = tri_piece_start(p, k);
    char *slot = tri_ring_open(p->ring, p->first + k);
    for (int to = 0; to < c->size; to++)
        if (to != c->rank || keeps_own(c, call))
            TRI_TRY(tri_do_copy(c, tri_unit(c, slot, (size_t)to * units),
                                tri_unit(c, tri_send_block(c, call, to), start), units));
    tri_ring_publish(p->ring, p->first + k);
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, c->size, 1);
    if (p.pieces) TRI_TRY(put(c, call, &p, 0));
    for (size_t k = 0; k < p.pieces; k++) {
        size_t units = tri_piece_units(&p, k), mine = (size_t)c->rank * units;
        if (k + 1 < p.pieces) TRI_TRY(put(c, call, &p, k + 1));
        const void *own = tri_unit(c, tri_send_block(c, call, c->rank), tri_piece_start(&p, k));
        if (keeps_own(c, call)) own = tri_unit(c, tri_ring_await(p.ring, c->rank, p.first + k), mine);
        TRI_TRY(tri_combine_slots(c, &p, p.first + k, mine, units, own,
                                  tri_unit(c, call->recv, tri_piece_start(&p, k))));
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_reduce_scatter_shared = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "shared",
    .text = "each rank copies pieces of all blocks into its slots in shared memory and combines those of its "
            "own block",
    .can = can,
    .cost = cost,
    .run = run,
};
