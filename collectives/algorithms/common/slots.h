/* Common parts of the shared-memory algorithms.
 *
 * They run among the ranks of one node and execute at once; their context has `shared`. There are two
 * kinds:
 *
 *  - through slots: each rank copies pieces of its data into slots that all ranks see (mpi/ring.h). The
 *    writer runs ahead until its ring is full.
 *  - in a single copy: the ranks exchange the addresses of their vectors, and each processes its share in
 *    its peers' memory: directly if that is in the shared heap, else by cross-memory attach
 *    (process_vm_readv; Jin, Sur, Chai, Panda 2005, "LiMIC").
 */
#ifndef TRI_COLLECTIVES_SLOTS_H
#define TRI_COLLECTIVES_SLOTS_H

#include "collectives/algorithms/algorithm.h"
#include "collectives/cost/terms.h"
#include "mpi/shared.h"

/* A block that travels through slots in pieces. */
typedef struct tri_slot_pieces {
    tri_ring *ring;
    uint64_t first; /* number of the first piece */
    size_t count;   /* units of the block */
    size_t units;   /* units per piece */
    size_t pieces;
} tri_slot_pieces;

/* The pieces of a call whose slots hold `blocks` blocks of `count` units side by side. Reserves `steps`
 * numbers per piece. A piece fills a slot: a hand-off costs more than an earlier start would save. */
static inline tri_slot_pieces tri_cut(const tri_context *c, size_t count, int blocks, int steps) {
    tri_shared *s = c->shared;
    size_t bytes = count * (size_t)blocks * c->unit_bytes;
    tri_slot_pieces p = {.ring = &s->small, .count = count};
    /* The other rings may not exist yet. */
    if (bytes > s->small.payload_bytes) p.ring = bytes <= s->middle.payload_bytes ? &s->middle : &s->large;
    p.units = p.ring->payload_bytes / c->unit_bytes / (size_t)blocks;
    p.pieces = count ? (count + p.units - 1) / p.units : 0;
    p.first = tri_ring_take(p.ring, p.pieces * (uint64_t)steps);
    return p;
}

/* Units of piece k, and its first unit. */
static inline size_t tri_piece_units(const tri_slot_pieces *p, size_t k) {
    size_t left = p->count - k * p->units;
    return left < p->units ? left : p->units;
}
static inline size_t tri_piece_start(const tri_slot_pieces *p, size_t k) {
    return k * p->units;
}

/* Whether all ranks share a node's memory and know the size of every block. */
static inline int tri_can_share(const tri_subcase *c) {
    return c->shared && c->nodes == 1 && !c->uneven && !c->split;
}
/* Whether slots can carry the case: an element must fit into a slot. */
static inline int tri_can_slots(const tri_subcase *c) {
    return tri_can_share(c) && c->unit_bytes <= TRI_SMALL_PAYLOAD_BYTES;
}
/* The same if a slot holds two pieces of the vector. */
static inline int tri_can_slots_twice(const tri_subcase *c) {
    return tri_can_share(c) && c->unit_bytes <= TRI_SMALL_PAYLOAD_BYTES / 2;
}
/* The same if a slot holds one block per rank. */
static inline int tri_can_slots_each(const tri_subcase *c) {
    return tri_can_slots(c) && c->ranks <= TRI_LARGE_PAYLOAD_BYTES / 64;
}
static inline int tri_can_single(const tri_subcase *c) {
    return tri_can_share(c) && (c->single_copy || c->mapped);
}

/* Announces this rank's vectors, unless already done for this call; NULL: peers do not access it. `root`
 * >= 0: only the root's vectors are accessed, so only the root is waited for. */
void tri_exchange_vectors(tri_context *c, const void *send, void *recv, int root);
/* Waits until no peer accesses this rank's vectors. `root` as above: only the root waits. */
void tri_release_vectors(tri_context *c, int root);

/* Copies units of a peer's input from unit `start` on, or into its result. */
static inline tri_status tri_fetch(tri_context *c, int peer, size_t start, void *to, size_t units) {
    return tri_shared_read(c->shared, peer, &c->shared->peers[peer].send, start * c->unit_bytes, to,
                           units * c->unit_bytes);
}
static inline tri_status tri_put(tri_context *c, int peer, size_t start, const void *from, size_t units) {
    return tri_shared_write(c->shared, peer, &c->shared->peers[peer].recv, start * c->unit_bytes, from,
                            units * c->unit_bytes);
}

/* The units that a leaf copies. With two ranks, root and leaf copy one half each. With more leaves, the
 * leaves copy everything: that keeps the cores busy, and no rank accesses the leaves' vectors. */
static inline size_t tri_leaf_share(const tri_context *c, size_t count) {
    return c->size == 2 ? count / 2 : count;
}
/* The `root` argument of tri_exchange_vectors() and tri_release_vectors() for this division. */
static inline int tri_only_root(const tri_context *c, int root) {
    return c->size == 2 ? -1 : root;
}

/* Whether the vectors of all ranks, `units` units together, exceed the caches. */
int tri_past_caches(const tri_context *c, size_t units);
/* Copies to a result; with `past_caches`, by streaming stores, since a line that is overwritten need not
 * be read. */
void tri_copy_out(const tri_context *c, int past_caches, void *to, const void *from, size_t units);

/* Combines this rank's share of the vectors and writes it into the result of rank `to`; to < 0: of all
 * ranks. Needs tri_single_scratch(). */
tri_status tri_combine_share(tri_context *c, const tri_call *call, int to);
size_t tri_single_scratch(const tri_context *c, const tri_call *call);

/* result = the combination of `call->count` units from unit `first` on of all vectors. Needs scratch of
 * the same size, or tri_single_scratch(). Peers do not read `result`. */
tri_status tri_combine_block(tri_context *c, const tri_call *call, size_t first, void *result);

/* A scan or exscan of this rank's share of all vectors, into the results of all ranks. Needs
 * tri_single_scratch(). */
tri_status tri_scan_share(tri_context *c, const tri_call *call, int exclusive);
/* The same through slots, used by scan_shared.c and scan_shared_chain.c. All scans combine from rank 0 up
 * and so give the same bits. */
tri_status tri_scan_back(tri_context *c, const tri_call *call, int exclusive);
size_t tri_scan_back_scratch(const tri_context *c, const tri_call *call);
tri_status tri_scan_chain(tri_context *c, const tri_call *call, int exclusive);
/* Their costs, if the vectors of `combining` ranks enter a result. */
tri_cost tri_cost_scan_back(const tri_subcase *c, int combining);
tri_cost tri_cost_scan_chain(const tri_subcase *c, int combining);

/* right = piece of rank 0 op ... op piece of the last rank: `units` units from unit `from` of their slots
 * on; this rank's own data are at `own`. */
tri_status tri_combine_slots(tri_context *c, const tri_slot_pieces *p, uint64_t piece, size_t from,
                             size_t units, const void *own, void *right);

/* Bytes on the critical path if the busiest rank processes `busiest` and all ranks together `total`, on
 * the cores available. */
static inline double tri_work(const tri_subcase *c, double busiest, double total) {
    int cores = c->cores && c->cores < c->ranks ? c->cores : c->ranks;
    return tri_larger(busiest, total / cores);
}
/* The same if all ranks process `each`. */
static inline double tri_equal_work(const tri_subcase *c, double each) {
    return tri_work(c, each, each * c->ranks);
}

/* Hand-offs from all ranks to all ranks. The cache lines arrive one after another, but overlap. */
static inline void tri_cost_hand_offs(tri_cost *cost, const tri_subcase *c, double times) {
    cost->flags += times * (1 + 0.1 * (c->ranks - 2));
}

/* The data that must be in the slots before any rank can read. */
static inline double tri_first_piece(double bytes) {
    return bytes < TRI_LARGE_PAYLOAD_BYTES ? bytes : TRI_LARGE_PAYLOAD_BYTES;
}

static inline double tri_pieces_of(double bytes) {
    return tri_larger(1, bytes / TRI_LARGE_PAYLOAD_BYTES);
}
/* Hand-offs of a pipeline: the last one, and one each time the ring is full. */
static inline double tri_ring_hand_offs(double bytes) {
    return 1 + (tri_pieces_of(bytes) - 1) / TRI_LARGE_DEPTH;
}

/* Single copies: `copies` copies of `bytes` in total on the critical path, plus address exchange and
 * release. */
static inline void tri_cost_single_copy(tri_cost *cost, const tri_subcase *c, double bytes, double copies) {
    if (c->mapped) {
        cost->slot_bytes += bytes;
    } else {
        cost->single_copies += copies;
        cost->single_copy_bytes += bytes;
    }
    tri_cost_hand_offs(cost, c, 2);
}

/* Combining data from peers' caches takes half as long as copying. Vectors larger than any cache must be
 * fetched by the operation itself. */
enum { TRI_CACHED_BYTES = 2 << 20 };
static inline double tri_combining(double bytes) {
    return bytes > TRI_CACHED_BYTES ? bytes - 0.5 * TRI_CACHED_BYTES : bytes / 2;
}

#endif
