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

#include "collectives/algorithms/algorithm.h"
#include "collectives/cost/terms.h"
#include "mpi/shared.h"

/* How a block travels through slots, piece by piece. */
typedef struct tri_slot_pieces {
    tri_ring *ring;
    uint64_t first; /* number of the first piece */
    size_t count;   /* units of the block */
    size_t units;   /* of it in one piece */
    size_t pieces;
} tri_slot_pieces;

/* The pieces of a call whose slots hold `blocks` blocks of `count` units side by side. `steps` numbers are taken
 * for each piece. Pieces are as large as a slot: every hand-off costs more than an early start gains. */
static inline tri_slot_pieces tri_cut(const tri_context *c, size_t count, int blocks, int steps) {
    tri_shared *s = c->shared;
    size_t bytes = count * (size_t)blocks * c->unit_bytes;
    tri_slot_pieces p = {.ring = &s->large, .count = count};
    if (bytes <= s->middle.payload_bytes) p.ring = bytes <= s->small.payload_bytes ? &s->small : &s->middle;
    p.units = p.ring->payload_bytes / c->unit_bytes / (size_t)blocks;
    p.pieces = count ? (count + p.units - 1) / p.units : 0;
    p.first = tri_ring_take(p.ring, p.pieces * (uint64_t)steps);
    return p;
}

/* Units of piece k, and the place of its first. */
static inline size_t tri_piece_units(const tri_slot_pieces *p, size_t k) {
    size_t left = p->count - k * p->units;
    return left < p->units ? left : p->units;
}
static inline size_t tri_piece_start(const tri_slot_pieces *p, size_t k) {
    return k * p->units;
}

/* Whether all these ranks share a node's memory, and know the length of every block. */
static inline int tri_can_share(const tri_subcase *c) {
    return c->shared && c->nodes == 1 && !c->uneven && !c->split;
}
/* Whether slots can carry this case: elements must not be cut. */
static inline int tri_can_slots(const tri_subcase *c) {
    return tri_can_share(c) && c->unit_bytes <= TRI_SMALL_PAYLOAD_BYTES;
}
/* The same where a slot holds two of the vector's pieces. */
static inline int tri_can_slots_twice(const tri_subcase *c) {
    return tri_can_share(c) && c->unit_bytes <= TRI_SMALL_PAYLOAD_BYTES / 2;
}
/* The same where a slot holds a block for each rank. */
static inline int tri_can_slots_each(const tri_subcase *c) {
    return tri_can_slots(c) && c->ranks <= TRI_LARGE_PAYLOAD_BYTES / 64;
}
static inline int tri_can_single(const tri_subcase *c) {
    return tri_can_share(c) && (c->single_copy || c->mapped);
}

/* Every rank tells where its vectors lie, unless the call has done so; NULL where no other rank works on them.
 * `root` >= 0: only the root's are worked on, so only the root is waited for. */
void tri_exchange_vectors(tri_context *c, const void *send, void *recv, int root);
/* Nobody works on this rank's vectors any more. `root` as above: a leaf says so and goes. */
void tri_part(tri_context *c, int root);

/* Units of a peer's input, from unit `start` on, and into its result. */
static inline tri_status tri_fetch(tri_context *c, int peer, size_t start, void *to, size_t units) {
    return tri_shared_read(c->shared, peer, &c->shared->peers[peer].send, start * c->unit_bytes, to,
                           units * c->unit_bytes);
}
static inline tri_status tri_put(tri_context *c, int peer, size_t start, const void *from, size_t units) {
    return tri_shared_write(c->shared, peer, &c->shared->peers[peer].recv, start * c->unit_bytes, from,
                            units * c->unit_bytes);
}

/* Of two ranks, both copy a half of what goes between them. Where there are more leaves, they copy all: that
 * keeps the cores busy, and nobody works on their vectors. Returns the leaf's share of `count` units. */
static inline size_t tri_leaf_share(const tri_context *c, size_t count) {
    return c->size == 2 ? count / 2 : count;
}
/* For tri_exchange_vectors() and tri_part() in a rooted operation whose leaf has this share. */
static inline int tri_only_root(const tri_context *c, int root) {
    return c->size == 2 ? -1 : root;
}

/* Whether the vectors of all ranks, of `units` units together, are more than caches hold until they are used. */
int tri_past_caches(const tri_context *c, size_t units);
/* Copies to a result: past the caches where tri_past_caches() says so, since a line that is about to be overwritten need not
 * be read before. */
void tri_copy_out(const tri_context *c, int past_caches, void *to, const void *from, size_t units);

/* Combines this rank's share of the vectors and writes it into the result of rank `to`, or of all ranks where
 * `to` is negative. Needs tri_single_scratch(). */
tri_status tri_combine_share(tri_context *c, const tri_call *call, int to);
size_t tri_single_scratch(const tri_context *c, const tri_call *call);

/* result = the combination of `call->count` units from unit `first` on of all vectors. Needs scratch for as many units, or
 * tri_single_scratch(); result is not read by others. */
tri_status tri_combine_block(tri_context *c, const tri_call *call, size_t first, void *result);

/* A scan, or an exscan, of this rank's share of all vectors, into everybody's results. Needs tri_single_scratch(). */
tri_status tri_scan_share(tri_context *c, const tri_call *call, int exclusive);
/* The same through slots, by scan_shared.c and by scan_shared_chain.c. All ways of a scan combine from rank 0 up, so that
 * they give the same bits. */
tri_status tri_scan_back(tri_context *c, const tri_call *call, int exclusive);
size_t tri_scan_back_scratch(const tri_context *c, const tri_call *call);
tri_status tri_scan_chain(tri_context *c, const tri_call *call, int exclusive);
/* What they cost where the vectors of `combining` ranks come into a result. */
tri_cost tri_cost_scan_back(const tri_subcase *c, int combining);
tri_cost tri_cost_scan_chain(const tri_subcase *c, int combining);

/* right = piece of rank 0 op ... op piece of the last rank: `units` units from unit `from` of their slots on, of
 * this rank from `own`. */
tri_status tri_combine_slots(tri_context *c, const tri_slot_pieces *p, uint64_t piece, size_t from,
                             size_t units, const void *own, void *right);

/* Bytes on the critical path where the busiest rank works on `busiest` and all together on `total`, on the
 * cores that they have. */
static inline double tri_work(const tri_subcase *c, double busiest, double total) {
    int cores = c->cores && c->cores < c->ranks ? c->cores : c->ranks;
    return tri_larger(busiest, total / cores);
}
/* The same where all work on as much. */
static inline double tri_equal_work(const tri_subcase *c, double each) {
    return tri_work(c, each, each * c->ranks);
}

/* Hand-offs from everybody to everybody: the lines of all come one behind the other, but overlap. */
static inline void tri_cost_hand_offs(tri_cost *cost, const tri_subcase *c, double times) {
    cost->flags += times * (1 + 0.1 * (c->ranks - 2));
}

/* What goes into the slots before anybody has it. */
static inline double tri_first_piece(double bytes) {
    return bytes < TRI_LARGE_PAYLOAD_BYTES ? bytes : TRI_LARGE_PAYLOAD_BYTES;
}

static inline double tri_pieces_of(double bytes) {
    return tri_larger(1, bytes / TRI_LARGE_PAYLOAD_BYTES);
}
/* Hand-offs of a pipeline: the last one, and one each time the ring is full. */
static inline double tri_ring_turns(double bytes) {
    return 1 + (tri_pieces_of(bytes) - 1) / TRI_LARGE_DEPTH;
}

/* Peers' memory: `copies` copies of `bytes` in all on the critical path, and meeting and parting. */
static inline void tri_cost_single_copy(tri_cost *cost, const tri_subcase *c, double bytes, double copies) {
    if (c->mapped) {
        cost->slot_bytes += bytes;
    } else {
        cost->single_copies += copies;
        cost->single_copy_bytes += bytes;
    }
    tri_cost_hand_offs(cost, c, 2);
}

/* Bytes that are combined as they come out of peers' caches take half as long as those that are copied; vectors that
 * no cache holds have to be fetched by the operation. */
enum { TRI_CACHED_BYTES = 2 << 20 };
static inline double tri_combining(double bytes) {
    return bytes > TRI_CACHED_BYTES ? bytes - 0.5 * TRI_CACHED_BYTES : bytes / 2;
}

#endif
