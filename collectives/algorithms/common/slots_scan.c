/* Scans through slots: common to scan and exscan. */
#include "collectives/algorithms/common/slots.h"

/* A slot has two halves. */
enum { LARGEST_HALF_BYTES = TRI_LARGE_PAYLOAD_BYTES / 2 };

/* The combination of all lower ranks, starting from the nearest one that has published its result. */
static tri_status look_back(tri_context *c, const tri_slot_pieces *p, uint64_t piece, size_t units,
                            void *scratch, const void **out) {
    int from = c->rank - 1;
    while (from && !tri_ring_has_second(p->ring, from, piece))
        from--;
    *out = tri_unit(c, tri_ring_await_second(p->ring, from, piece), units);
    for (int peer = from + 1; peer < c->rank; peer++) {
        void *next = tri_unit(c, scratch, (size_t)(peer % 2) * units);
        TRI_TRY(tri_do_copy(c, next, tri_ring_await(p->ring, peer, piece), units));
        TRI_TRY(tri_do_combine(c, *out, next, units));
        *out = next;
    }
    return TRI_OK;
}

size_t tri_scan_back_scratch(const tri_context *c, const tri_call *call) {
    size_t piece = LARGEST_HALF_BYTES / c->unit_bytes;
    return 2 * (call->count < piece ? call->count : piece);
}

/* The work of a rank on one piece, in either algorithm. */
typedef struct prefix {
    size_t units;
    const void *own, *before; /* this rank's data, and the combination of all lower ranks; NULL at rank 0 */
    void *through;            /* where they are combined; NULL: not needed */
    void *result;
} prefix;

static prefix prefix_of(const tri_context *c, const tri_call *call, const tri_slot_pieces *p, size_t k) {
    return (prefix){.units = tri_piece_units(p, k),
                    .own = tri_unit(c, call->send, tri_piece_start(p, k)),
                    .result = tri_unit(c, call->recv, tri_piece_start(p, k))};
}

static tri_status copy_own(tri_context *c, const prefix *x) {
    return x->through ? tri_do_copy(c, x->through, x->own, x->units) : TRI_OK;
}

static tri_status combine_own(tri_context *c, const prefix *x) {
    return x->through && x->before ? tri_do_combine(c, x->before, x->through, x->units) : TRI_OK;
}

/* Rank 0 copies its own piece from the source: the slot just published is in transit to a reader. */
static tri_status copy_result(tri_context *c, const prefix *x, int exclusive) {
    const void *from = exclusive ? x->before : x->before ? x->through : x->own;
    return from ? tri_do_copy(c, x->result, from, x->units) : TRI_OK;
}

tri_status tri_scan_back(tri_context *c, const tri_call *call, int exclusive) {
    tri_slot_pieces p = tri_cut(c, call->count, 2, 1);
    int last = c->rank + 1 == c->size;
    for (size_t k = 0; k < p.pieces; k++) {
        uint64_t piece = p.first + k;
        prefix x = prefix_of(c, call, &p, k);
        if (last) {
            x.through = exclusive ? NULL : x.result;
        } else {
            void *slot = tri_ring_open(p.ring, piece);
            x.through = tri_unit(c, slot, x.units);
            if (c->rank) {
                TRI_TRY(tri_do_copy(c, slot, x.own, x.units));
                tri_ring_publish(p.ring, piece);
            }
        }
        TRI_TRY(copy_own(c, &x));
        if (c->rank) TRI_TRY(look_back(c, &p, piece, x.units, call->scratch, &x.before));
        TRI_TRY(combine_own(c, &x));
        if (!last) tri_ring_publish_second(p.ring, piece);
        TRI_TRY(copy_result(c, &x, exclusive));
        tri_ring_release(p.ring, piece);
    }
    return TRI_OK;
}

tri_status tri_scan_chain(tri_context *c, const tri_call *call, int exclusive) {
    tri_slot_pieces p = tri_cut(c, call->count, 1, 1);
    int last = c->rank + 1 == c->size;
    for (size_t k = 0; k < p.pieces; k++) {
        uint64_t piece = p.first + k;
        prefix x = prefix_of(c, call, &p, k);
        if (!last)
            x.through = tri_ring_open(p.ring, piece);
        else if (!exclusive)
            x.through = x.result;
        /* This rank's piece waits in the slot, so that incoming data can be combined and passed on at
         * once. */
        TRI_TRY(copy_own(c, &x));
        if (c->rank) x.before = tri_ring_await(p.ring, c->rank - 1, piece);
        TRI_TRY(combine_own(c, &x));
        if (!last) tri_ring_publish(p.ring, piece);
        TRI_TRY(copy_result(c, &x, exclusive));
        tri_ring_release(p.ring, piece);
    }
    return TRI_OK;
}

tri_cost tri_cost_scan_back(const tri_subcase *c, int combining) {
    tri_cost cost = {0};
    double bytes = (double)c->bytes, each = (bytes + tri_combining(bytes)) * (combining - 1);
    tri_cost_hand_offs(&cost, c, tri_ring_hand_offs(2 * bytes));
    cost.slot_bytes = tri_first_piece(bytes) + tri_work(c, bytes + each, (3 * bytes + each / 4) * combining);
    return cost;
}

tri_cost tri_cost_scan_chain(const tri_subcase *c, int combining) {
    tri_cost cost = {0};
    double bytes = (double)c->bytes, combined = tri_combining(bytes), piece = tri_first_piece(bytes);
    cost.flags = c->ranks - 2 + tri_ring_hand_offs(bytes);
    /* The last rank copies once; ranks between it and rank 0 copy twice, each about one piece later. */
    double busiest = combining > 1 ? bytes + combined : bytes;
    if (c->ranks > 2) busiest += bytes + tri_combining(piece) * (c->ranks - 2);
    cost.slot_bytes = piece + tri_work(c, busiest, 2 * bytes * combining + combined * (combining - 1));
    return cost;
}
