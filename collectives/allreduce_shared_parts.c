/* Allreduce by parts through slots in shared memory.
 *
 * Of each piece, every rank combines one part, from everybody's slots into a second slot, and copies the
 * parts of all from there:
 *
 *     each   in | combine my part | out
 *
 * The next piece is on its way into the slots meanwhile. Against allreduce_shared.c one hand-off more, and
 * 1 / p of the combining.
 *
 * Cost: 2 hand-offs; the bytes into the slots, 1 / p of them and all of them out; (p - 1) / p through the
 * operation.
 */
#include "collectives/shared.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    double bytes = (double)c->bytes, pieces = tri_pieces_of(bytes);
    double others = bytes * (c->ranks - 1) / c->ranks;
    tri_price_hand_offs(&price, c, 2 * pieces + 1);
    price.slot_bytes = tri_equal_work(c, 2 * bytes + tri_combining(others));
    return price;
}

static size_t part_start(const tri_context *c, size_t units, int part) {
    size_t each = (units / (size_t)c->size + 15) / 16 * 16, start = each * (size_t)part;
    return part == c->size || start > units ? units : start;
}

static tri_status put(tri_context *c, const tri_call *call, const tri_pieces *p, size_t k) {
    uint64_t piece = p->first + 2 * k;
    size_t units = tri_piece_units(p, k), mine = part_start(c, units, c->rank);
    size_t behind = part_start(c, units, c->rank + 1);
    const char *data = tri_unit(c, call->send, tri_piece_start(p, k));
    char *slot = tri_ring_open(p->ring, piece);
    /* All but my own part, which nobody else reads. */
    TRI_TRY(tri_do_copy(c, slot, data, mine));
    TRI_TRY(tri_do_copy(c, tri_unit(c, slot, behind), tri_unit(c, data, behind), units - behind));
    tri_ring_publish(p->ring, piece);
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_pieces p = tri_cut(c, call->count, 1, 2);
    int past_caches = tri_past_caches(c, 2 * (size_t)c->size * call->count);
    if (p.pieces) TRI_TRY(put(c, call, &p, 0));
    for (size_t k = 0; k < p.pieces; k++) {
        uint64_t in = p.first + 2 * k, out = in + 1;
        size_t units = tri_piece_units(&p, k), start = part_start(c, units, c->rank);
        void *combined = tri_ring_open(p.ring, out);
        TRI_TRY(tri_combine_slots(c, &p, in, start, part_start(c, units, c->rank + 1) - start,
                                  tri_unit(c, call->send, tri_piece_start(&p, k) + start), combined));
        tri_ring_publish(p.ring, out);
        if (k + 1 < p.pieces) TRI_TRY(put(c, call, &p, k + 1));
        for (int i = 0; i < c->size; i++) {
            int peer = (c->rank + i) % c->size;
            start = part_start(c, units, peer);
            tri_copy_out(c, past_caches, tri_unit(c, call->recv, tri_piece_start(&p, k) + start),
                         tri_ring_await(p.ring, peer, out), part_start(c, units, peer + 1) - start);
        }
        tri_ring_release(p.ring, out);
    }
    return TRI_OK;
}

const tri_algorithm tri_allreduce_shared_parts = {
    .operation = TRI_ALLREDUCE,
    .name = "shared_parts",
    .text = "each rank combines its part of each piece from everybody's slots, and copies the others' parts",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
