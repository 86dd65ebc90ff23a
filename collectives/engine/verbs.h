/* What an algorithm file sees: the call, the verbs, and the descriptor.
 *
 * An algorithm is a body over a context. It communicates only through five verbs: tri_do_send,
 * tri_do_recv, tri_do_wait, tri_do_combine, tri_do_copy. Sends and receives start at once and are complete
 * after the next wait; the operations between two waits are a round. The context decides what a verb does
 * (engine.h): execute now, or record a schedule that runs later. A body never reads the data, never
 * allocates memory and never calls MPI, so the same body serves both.
 */
#ifndef TRI_COLLECTIVES_ENGINE_VERBS_H
#define TRI_COLLECTIVES_ENGINE_VERBS_H

#include <stddef.h>
#include <stdint.h>

#include "collectives/cost/descriptor.h"
#include "trireme/collectives.h"
#include "trireme/size.h"

/* One call. Counts and displs are in units: elements if data are combined, bytes if they are only moved. */
typedef struct tri_call {
    const void *send; /* the rank's own input; never MPI_IN_PLACE; may equal recv if MPI allows in-place */
    void *recv;
    size_t count; /* units of the vector, or of one block */
    /* Layout of the blocks. v-forms have counts and displs. `split`: `count` is the whole vector and block
     * b is given by tri_range_block(). Otherwise block b has `count` units at b * count. */
    const size_t *send_counts, *recv_counts;
    const ptrdiff_t *send_displs, *recv_displs; /* may be negative */
    int split;
    int root;
    void *scratch; /* as many units as scratch() returned */
    tri_parameters parameters;
    const tri_recipe *recipe; /* the origin of `parameters` and of the stages' parameters */
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

/* The ranks of a group, computed without a list. */
typedef struct tri_group {
    enum { TRI_GROUP_ALL, TRI_GROUP_NODE, TRI_GROUP_LANE } kind;
    int index;        /* NODE: the node; LANE: the members' local rank */
    int node, leader; /* LANE: on node `node`, rank `leader` is the member; node -1: no exception */
    int rotation;     /* member 0 is the unrotated member `rotation` */
} tri_group;

/* The group of ranks that a body runs on. `rank` and peers count within the group. rank -1: this rank is
 * not a member and runs nothing. */
struct tri_context {
    const tri_verbs *verbs;
    struct tri_engine *engine;
    int rank, size;
    tri_group group;
    int comm_rank, comm_size; /* of the whole communicator */
    const tri_shape *shape;   /* of the whole communicator */
    size_t unit_bytes;        /* distance between consecutive units in memory */
    int commutes;
    struct tri_shared
        *shared; /* of the node's ranks (algorithms/common/slots.h); NULL if any node cannot share memory */
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
/* right = left op right, element by element. If the operation does not commute, left must come from lower
 * ranks. */
static inline tri_status tri_do_combine(tri_context *c, const void *left, void *right, size_t count) {
    return count ? c->verbs->combine(c, left, right, count) : TRI_OK;
}
static inline tri_status tri_do_copy(tri_context *c, void *to, const void *from, size_t count) {
    return count && to != from ? c->verbs->copy(c, to, from, count) : TRI_OK;
}

/* Unit `index` of a buffer. Integer arithmetic, because stages are made before their scratch exists; an
 * index that was negative before its conversion wraps around to the right address. */
static inline void *tri_unit(const tri_context *c, const void *base, size_t index) {
    return (void *)((uintptr_t)base + index * c->unit_bytes);
}

/* Units of block b of a call's vector. */
static inline size_t tri_block_units(const tri_context *c, const tri_call *call, int b) {
    return call->split ? tri_range_block(call->count, (size_t)c->size, (size_t)b).count : call->count;
}
/* Start of block b in a contiguous vector; b = c->size: the end of the vector. */
static inline size_t tri_block_start(const tri_context *c, const tri_call *call, int b) {
    if (!call->split) return (size_t)b * call->count;
    return b < c->size ? tri_range_block(call->count, (size_t)c->size, (size_t)b).first : call->count;
}
/* Units of the blocks of `ranks` ranks from `first` on; rank 0 follows the last rank. */
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
    return tri_unit(c, call->send,
                    call->send_counts ? (size_t)call->send_displs[b] : tri_block_start(c, call, b));
}
static inline void *tri_recv_block(const tri_context *c, const tri_call *call, int b) {
    return tri_unit(c, call->recv,
                    call->recv_counts ? (size_t)call->recv_displs[b] : tri_block_start(c, call, b));
}
/* Piece i of a pipelined vector. */
static inline tri_range tri_piece(const tri_call *call, int i) {
    return tri_range_block(call->count, (size_t)call->parameters.pieces, (size_t)i);
}

/* Conversion between ranks and virtual ranks, in which the root is 0. */
static inline int tri_to_virtual(const tri_context *c, int rank, int root) {
    return (rank - root + c->size) % c->size;
}
static inline int tri_from_virtual(const tri_context *c, int rank, int root) {
    return (rank + root) % c->size;
}

/* One stage of a composed algorithm: a call on a group. */
typedef struct tri_stage {
    tri_context context;
    tri_call call;
} tri_stage;

/* collectives/engine/groups.c: contexts for stages. */
int tri_member(const tri_context *c, int index); /* rank in the communicator */
/* The ranks of this rank's node. */
tri_context tri_context_node(const tri_context *c);
/* One rank per node: the ranks with local rank `lane`, if every node has that many. `leader` >= 0: on the
 * node of rank `leader`, that rank. */
tri_context tri_context_lane(const tri_context *c, int lane, int leader);
/* The same ranks, counted from `root`. */
tri_context tri_context_rotated(const tri_context *c, int root);
int tri_local_rank(const tri_context *c, int rank);
/* Local rank of the leader of this rank's node: `root` on its own node, else 0. */
int tri_node_leader(const tri_context *c, int root);
/* This rank's block of a vector of `count` units divided among the ranks of its node. */
typedef struct tri_lane_block {
    void *start;
    size_t count;
} tri_lane_block;
tri_lane_block tri_lane_block_of(const tri_context *c, const void *vector, size_t count);

/* The largest power of two <= `ranks`; ranks >= 1. */
static inline int tri_power_of_two(int ranks) {
    int power = 1;
    while (power <= ranks / 2)
        power *= 2;
    return power;
}

#endif
