/* What an algorithm file sees: the call, the verbs it may use, and how it describes itself.
 *
 * An algorithm is a body over a context. It speaks to its peers through five verbs only: tri_do_send,
 * tri_do_recv, tri_do_wait, tri_do_combine, tri_do_copy. Sends and receives start at once and are complete
 * after the next wait; the operations between two waits are a round. What a verb does is the context's affair
 * (engine.h): it acts now, or records a schedule that runs later, or adds up a cost. A body never looks at
 * the data, does not allocate, and knows no MPI, so one body serves all.
 */
#ifndef TRI_COLLECTIVES_ENGINE_VERBS_H
#define TRI_COLLECTIVES_ENGINE_VERBS_H

#include <stddef.h>
#include <stdint.h>

#include "collectives/cost/descriptor.h"
#include "trireme/collectives.h"
#include "trireme/size.h"

/* One call. Counts and places are in units: elements where data are combined, bytes where they are only
 * moved. */
typedef struct tri_call {
    const void *send; /* the rank's own input; never MPI_IN_PLACE, may equal recv where MPI allows in-place */
    void *recv;
    size_t count; /* units of the vector, or of one block */
    /* How the blocks lie. v-forms have counts and places; `split`: `count` units are the whole, and block b
     * is part b of it by tri_range_block(); else block b has `count` units at b * count. */
    const size_t *send_counts, *send_displs;
    const size_t *recv_counts, *recv_displs;
    int split;
    int root;
    void *scratch; /* as many units as scratch() asked for */
    tri_parameters parameters;
    const tri_recipe *recipe; /* where `parameters` come from, and those of the parts */
    int pick;
} tri_call;

typedef struct tri_context tri_context;

typedef struct tri_verbs {
    tri_status (*send)(tri_context *, const void *data, size_t count, int peer);
    tri_status (*recv)(tri_context *, void *data, size_t count, int peer);
    tri_status (*wait)(tri_context *);
    tri_status (*combine)(tri_context *, const void *left, void *right, size_t count);
    tri_status (*copy)(tri_context *, void *to, const void *from, size_t count);
} tri_verbs;

/* Which ranks of the communicator a group consists of, without a list of them. */
typedef struct tri_group {
    enum { TRI_GROUP_ALL, TRI_GROUP_NODE, TRI_GROUP_LANE } kind;
    int index;        /* NODE: which; LANE: the local rank of its members */
    int node, leader; /* LANE: of this node, rank `leader` is the member; node -1: no such exception */
    int rotation;     /* member 0 is the one that would be member `rotation` */
} tri_group;

/* The group of ranks that a body runs on, and how. `rank` and peers count within the group; rank is -1 on a
 * rank that is no member and runs nothing. */
struct tri_context {
    const tri_verbs *verbs;
    struct tri_engine *engine;
    int rank, size;
    tri_group group;
    int comm_rank, comm_size; /* of the whole communicator */
    const tri_shape *shape;   /* of the whole communicator */
    size_t unit_bytes;        /* distance of two units in memory */
    int commutes;
    struct tri_shared *
        shared; /* of the node's ranks (collectives/algorithms/common/slots.h); NULL where they are not all */
};

/* count = 0 does nothing, on both sides. */
static inline tri_status tri_do_send(tri_context *c, const void *data, size_t count, int peer) {
    return count ? c->verbs->send(c, data, count, peer) : TRI_OK;
}
static inline tri_status tri_do_recv(tri_context *c, void *data, size_t count, int peer) {
    return count ? c->verbs->recv(c, data, count, peer) : TRI_OK;
}
static inline tri_status tri_do_wait(tri_context *c) {
    return c->verbs->wait(c);
}
/* right = left op right, element by element; left comes from the lower ranks where the operation does not
 * commute. */
static inline tri_status tri_do_combine(tri_context *c, const void *left, void *right, size_t count) {
    return count ? c->verbs->combine(c, left, right, count) : TRI_OK;
}
static inline tri_status tri_do_copy(tri_context *c, void *to, const void *from, size_t count) {
    return count && to != from ? c->verbs->copy(c, to, from, count) : TRI_OK;
}

/* Unit `index` of a buffer. By integers, since a plan is drawn before its scratch is there. */
static inline void *tri_unit(const tri_context *c, const void *base, size_t index) {
    return (void *)((uintptr_t)base + index * c->unit_bytes);
}

/* Block b of a call's vectors: its units, and where they begin. */
static inline size_t tri_block_units(const tri_context *c, const tri_call *call, int b) {
    return call->split ? tri_range_block(call->count, (size_t)c->size, (size_t)b).count : call->count;
}
/* Where block b begins in a vector without gaps; b = c->size: where the vector ends. */
static inline size_t tri_block_start(const tri_context *c, const tri_call *call, int b) {
    if (!call->split) return (size_t)b * call->count;
    return b < c->size ? tri_range_block(call->count, (size_t)c->size, (size_t)b).first : call->count;
}
/* Units of the blocks of `ranks` ranks from `first` on, where the rank behind the last is 0. */
static inline size_t tri_run_units(const tri_context *c, const tri_call *call, int first, int ranks) {
    int end = first + ranks;
    if (end <= c->size) return tri_block_start(c, call, end) - tri_block_start(c, call, first);
    return tri_block_start(c, call, c->size) - tri_block_start(c, call, first) +
           tri_block_start(c, call, end - c->size);
}
static inline size_t tri_send_count(const tri_context *c, const tri_call *call, int b) {
    return call->send_counts ? call->send_counts[b] : tri_block_units(c, call, b);
}
static inline size_t tri_recv_count(const tri_context *c, const tri_call *call, int b) {
    return call->recv_counts ? call->recv_counts[b] : tri_block_units(c, call, b);
}
static inline const void *tri_send_block(const tri_context *c, const tri_call *call, int b) {
    return tri_unit(c, call->send, call->send_counts ? call->send_displs[b] : tri_block_start(c, call, b));
}
static inline void *tri_recv_block(const tri_context *c, const tri_call *call, int b) {
    return tri_unit(c, call->recv, call->recv_counts ? call->recv_displs[b] : tri_block_start(c, call, b));
}
/* Piece i of a vector that goes through a pipeline. */
static inline tri_range tri_piece(const tri_call *call, int i) {
    return tri_range_block(call->count, (size_t)call->parameters.pieces, (size_t)i);
}

/* The rank that is `distance` behind root, and back: trees are drawn as if the root were rank 0. */
static inline int tri_to_virtual(const tri_context *c, int rank, int root) {
    return (rank - root + c->size) % c->size;
}
static inline int tri_from_virtual(const tri_context *c, int rank, int root) {
    return (rank + root) % c->size;
}

/* One part of an algorithm that consists of others: which call on which group. */
typedef struct tri_stage {
    tri_context context;
    tri_call call;
} tri_stage;

/* collectives/engine/groups.c: contexts for parts. */
int tri_member(const tri_context *c, int index); /* rank in the communicator */
/* The ranks of this rank's node. */
tri_context tri_context_node(const tri_context *c);
/* One rank of each node: those with local rank `lane`, where every node has as many; for a rank `leader` >= 0,
 * that rank on its own node. */
tri_context tri_context_lane(const tri_context *c, int lane, int leader);
/* The same ranks, counted from `root`. */
tri_context tri_context_rotated(const tri_context *c, int root);
int tri_local_rank(const tri_context *c, int rank);
/* Local rank of the one who stands for this rank's node: `root` on its own node, else 0. */
int tri_node_leader(const tri_context *c, int root);
/* This rank's part of a vector of `count` units that the ranks of its node have divided. */
typedef struct tri_lane_block {
    void *start;
    size_t count;
} tri_lane_block;
tri_lane_block tri_lane_block_of(const tri_context *c, const void *vector, size_t count);

/* The largest power of two that is not above `ranks` (>= 1). */
static inline int tri_power_of_two(int ranks) {
    int power = 1;
    while (power <= ranks / 2)
        power *= 2;
    return power;
}

#endif
