/* Alltoall through slots in shared memory.
 *
 * Each rank copies a piece of every block into its slot, and its own pieces out of all slots:
 *
 *     slot of rank 0 | for 0 | for 1 | for 2 |
 *     slot of rank 1 | for 0 | for 1 | for 2 |      rank 1 copies the middle of each slot
 *     slot of rank 2 | for 0 | for 1 | for 2 |
 *
 * One hand-off per piece for any number of ranks.
 *
 * Cost: a hand-off for each piece, p blocks into slots and out of them; more if cores are oversubscribed
 * and ranks lose their cache between time slices.
 */
#include "collectives/algorithms/common/slots.h"

/* If a rank's data exceed this size, copies take longer by this factor. */
enum { CACHE_BYTES = 512 << 10 };
static const double CACHES_LOST = 1.3;

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double all = (double)c->bytes * c->ranks;
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(all));
    cost.slot_bytes = tri_equal_work(c, 2 * all);
    if (c->cores && c->ranks > c->cores && 2 * all > CACHE_BYTES) cost.slot_bytes *= CACHES_LOST;
    return cost;
}

static tri_status put(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    size_t units = tri_piece_units(p, k), start = tri_piece_start(p, k);
    char *slot = tri_ring_open(p->ring, p->first + k);
    for (int to = 0; to < c->size; to++)
        TRI_TRY(tri_do_copy(c, tri_unit(c, slot, (size_t)to * units),
                            tri_unit(c, tri_send_block(c, call, to), start), units));
    tri_ring_publish(p->ring, p->first + k);
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, c->size, 1);
    size_t size = (size_t)c->size;
    int past_caches = tri_past_caches(c, 2 * size * size * call->count);
    if (p.pieces) TRI_TRY(put(c, call, &p, 0));
    for (size_t k = 0; k < p.pieces; k++) {
        size_t units = tri_piece_units(&p, k);
        if (k + 1 < p.pieces) TRI_TRY(put(c, call, &p, k + 1));
        for (int i = 0; i < c->size; i++) {
            int from = (c->rank + i) % c->size;
            const void *slot = tri_ring_await(p.ring, from, p.first + k);
            tri_copy_out(c, past_caches, tri_unit(c, tri_recv_block(c, call, from), tri_piece_start(&p, k)),
                         tri_unit(c, slot, (size_t)c->rank * units), units);
        }
        tri_ring_release(p.ring, p.first + k);
    }
    return TRI_OK;
}

const tri_algorithm tri_alltoall_shared = {
    .operation = TRI_ALLTOALL,
    .name = "shared",
    .text = "each rank copies pieces of all blocks into its slot in shared memory and its own pieces out of "
            "all slots",
    .can = tri_can_slots_each,
    .cost = cost,
    .run = run,
};
