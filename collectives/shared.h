/* What the algorithms over shared memory have in common.
 *
 * They are for ranks of one node, and act at once: their context has the node's shared means. Two kinds:
 *
 *  - through slots: each rank copies pieces of its data into slots that all see (mpi/ring.h). A piece that
 *    waits in a slot does not hold its writer up until the ring is full.
 *  - in one copy: the ranks tell each other where their vectors lie, and each works on its share of them in
 *    its peers' memory: where that is from the shared heap as in its own, else by the kernel
 *    (process_vm_readv, "cross-memory attach"; Jin, Sur, Chai, Panda 2005, "LiMIC").
 */
#ifndef TRI_COLLECTIVES_SHARED_H
#define TRI_COLLECTIVES_SHARED_H

#include "collectives/algorithm.h"
#include "mpi/shared.h"

/* How a block travels through slots, piece by piece. */
typedef struct tri_pieces {
    tri_ring *ring;
    uint64_t first; /* number of the first piece */
    size_t count;   /* units of the block */
    size_t units;   /* of it in one piece */
    size_t pieces;
} tri_pieces;

/* Bytes of a piece: few enough that it stays in a cache that its reader fetches it from; where more ranks than
 * two are likely to share cores, many, so that hand-offs do not count. */
static inline size_t tri_piece_bytes(int ranks) {
    return ranks == 2 ? TRI_LARGE_PAYLOAD_BYTES / 4 : TRI_LARGE_PAYLOAD_BYTES;
}

/* The pieces of a call whose slots hold `blocks` blocks of `count` units side by side. `steps` numbers are
 * taken for each piece. */
static inline tri_pieces tri_cut(const tri_context *c, size_t count, int blocks, int steps) {
    tri_shared *s = c->shared;
    size_t bytes = count * (size_t)blocks * c->unit_bytes;
    tri_pieces p = {.ring = bytes <= s->small.payload_bytes ? &s->small : &s->large, .count = count};
    size_t room = p.ring == &s->small ? s->small.payload_bytes : tri_piece_bytes(c->size);
    p.units = room / c->unit_bytes / (size_t)blocks;
    p.pieces = (count + p.units - 1) / p.units;
    p.first = tri_ring_take(p.ring, p.pieces * (uint64_t)steps);
    return p;
}

/* Units of piece k, and the place of its first. */
static inline size_t tri_piece_units(const tri_pieces *p, size_t k) {
    size_t left = p->count - k * p->units;
    return left < p->units ? left : p->units;
}
static inline size_t tri_piece_start(const tri_pieces *p, size_t k) {
    return k * p->units;
}

/* Whether slots can carry this case: elements must not be cut, and every rank must know the length. */
static inline int tri_can_slots(const tri_case *c) {
    return c->shared && !c->uneven && c->unit_bytes <= TRI_SMALL_PAYLOAD_BYTES;
}
/* The same where a slot holds a block for each rank. */
static inline int tri_can_slots_each(const tri_case *c) {
    return tri_can_slots(c) && c->ranks <= TRI_LARGE_PAYLOAD_BYTES / 64;
}
static inline int tri_can_single(const tri_case *c) {
    return c->shared && !c->uneven && (c->reach || c->mapped);
}

/* The ranks tell each other where their vectors lie, unless the call has done so. `send` and `recv` are NULL
 * where no other rank works on them. */
void tri_meet(tri_context *c, const void *send, void *recv);
/* Nobody's vectors are worked on any more. */
void tri_part(tri_context *c);

/* What a root and a leaf copy of the leaf's block of `count` units between them: the leaf the first part, the
 * root the rest, so that all ranks of a rooted operation copy equally much. */
static inline size_t tri_leaf_share(const tri_context *c, size_t count) {
    return count / (size_t)c->size * (size_t)(c->size - 1);
}

/* Combines this rank's share of the vectors and writes it into the result of rank `to`, or of all ranks where
 * `to` is negative. Needs tri_single_scratch(). */
tri_status tri_combine_share(tri_context *c, const tri_call *call, int to);
size_t tri_single_scratch(const tri_context *c, const tri_call *call);

/* right = piece of rank 0 op ... op piece of the last rank, from their slots. */
tri_status tri_combine_slots(tri_context *c, const tri_pieces *p, uint64_t piece, size_t from, size_t units,
                             void *right);

/* The price of copying `bytes` of peers' memory, all ranks at once. */
static inline void tri_price_single(tri_cost *price, const tri_case *c, double bytes, double copies) {
    if (c->mapped) {
        price->memory_bytes += bytes;
    } else {
        price->reaches += copies;
        price->reach_bytes += bytes;
    }
    /* To meet and to part: each rank reads a flag of every other. */
    price->flags += 2 * (1 + 0.25 * (c->ranks - 2));
}

#endif
