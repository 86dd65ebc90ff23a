/* Allreduce by shares through slots in shared memory.
 *
 * Each rank combines its share of a piece from the slots of all ranks into a second slot. All ranks copy
 * the shares of all ranks from there:
 *
 *     each rank   in 0 | combine 0, in 1 | combine 1, in 2, out 0 | combine 2, in 3, out 1 | ...
 *
 * Between two bars no rank waits for work that others do between the same bars, so oversubscribed ranks
 * need one time slice per piece. Compared with allreduce_shared.c: one more hand-off, and 1 / p of the
 * combining.
 *
 * Cost: a hand-off for each piece and 2 more; the bytes into the slots, 1 / p of them and all of them out;
 * (p - 1) / p of the bytes combined.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double bytes = (double)c->bytes, pieces = tri_pieces_of(bytes);
    double others = bytes * (c->ranks - 1) / c->ranks;
    tri_cost_hand_offs(&cost, c, pieces + 2);
    cost.slot_bytes = tri_equal_work(c, 2 * bytes + tri_combining(others));
    return cost;
}

static size_t share_start(const tri_context *c, size_t units, int rank) {
    size_t each = (units / (size_t)c->size + 15) / 16 * 16, start = each * (size_t)rank;
    return rank == c->size || start > units ? units : start;
}

static tri_status put(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    uint64_t piece = p->first + 2 * k;
    size_t units = tri_piece_units(p, k), mine = share_start(c, units, c->rank);
    size_t after = share_start(c, units, c->rank + 1);
    const char *data = tri_unit(c, call->send, tri_piece_start(p, k));
    char *slot = tri_ring_open(p->ring, piece);
    /* Skip the own share, which no other rank reads. */
    TRI_TRY(tri_do_copy(c, slot, data, mine));
    TRI_TRY(tri_do_copy(c, tri_unit(c, slot, after), tri_unit(c, data, after), units - after));
    tri_ring_publish(p->ring, piece);
    return TRI_OK;
}

/* Combines this rank's share of a piece. */
static tri_status combine(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    uint64_t in = p->first + 2 * k;
    size_t units = tri_piece_units(p, k), start = share_start(c, units, c->rank);
    void *combined = tri_ring_open(p->ring, in + 1);
    TRI_TRY(tri_combine_slots(c, p, in, start, share_start(c, units, c->rank + 1) - start,
                              tri_unit(c, call->send, tri_piece_start(p, k) + start), combined));
    tri_ring_publish(p->ring, in + 1);
    return TRI_OK;
}

static void get(tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k, int past_caches) {
    uint64_t out = p->first + 2 * k + 1;
    size_t units = tri_piece_units(p, k);
    for (int i = 0; i < c->size; i++) {
        int peer = (c->rank + i) % c->size;
        size_t start = share_start(c, units, peer);
        tri_copy_out(c, past_caches, tri_unit(c, call->recv, tri_piece_start(p, k) + start),
                     tri_ring_await(p->ring, peer, out), share_start(c, units, peer + 1) - start);
    }
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_slot_pieces p = tri_cut(c, call->count, 1, 2);
    int past_caches = tri_past_caches(c, 2 * (size_t)c->size * call->count);
    if (!p.pieces) return TRI_OK;
    TRI_TRY(put(c, call, &p, 0));
    for (size_t k = 0; k <= p.pieces; k++) {
        int is = k < p.pieces;
        if (is) TRI_TRY(combine(c, call, &p, k));
        if (k + 1 < p.pieces) TRI_TRY(put(c, call, &p, k + 1));
        if (k) get(c, call, &p, k - 1, past_caches);
        tri_ring_release(p.ring, p.first + 2 * k - !is);
    }
    return TRI_OK;
}

const tri_algorithm tri_allreduce_shared_parts = {
    .operation = TRI_ALLREDUCE,
    .name = "shared_parts",
    .text = "each rank combines its share of each piece from all slots and copies the other ranks' shares",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
