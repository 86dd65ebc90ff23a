/* What an algorithm file sees: the call, the verbs it may use, and how it describes itself.
 *
 * An algorithm is a body over a context. It speaks to its peers through five verbs only: tri_do_send,
 * tri_do_recv, tri_do_wait, tri_do_combine, tri_do_copy. Sends and receives start at once and are complete
 * after the next wait; the operations between two waits are a round. What a verb does is the context's affair
 * (engine.h): it acts now, or records a schedule that runs later, or adds up a price. A body never looks at
 * the data, does not allocate, and knows no MPI, so one body serves all.
 */
#ifndef TRI_COLLECTIVES_ALGORITHM_H
#define TRI_COLLECTIVES_ALGORITHM_H

#include <stddef.h>

#include "trireme/collectives.h"
#include "trireme/net.h"

/* Numbers that an algorithm can be tuned by. Zero where it has no such parameter. */
typedef struct tri_parameters {
    int radix;
    size_t segment; /* elements of a pipelined piece */
} tri_parameters;

/* One call. Counts and places are in units: elements where data are combined, bytes where they are only
 * moved. */
typedef struct tri_call {
    const void *send; /* the rank's own input; never MPI_IN_PLACE, may equal recv where MPI allows in-place */
    void *recv;
    size_t count;                            /* units of the vector, or of one block */
    const size_t *send_counts, *send_places; /* v-forms, else NULL: block b has `count` units at b * count */
    const size_t *recv_counts, *recv_places;
    int root;
    void *scratch; /* as many units as scratch() asked for */
    tri_parameters parameters;
} tri_call;

typedef struct tri_context tri_context;

typedef struct tri_verbs {
    tri_status (*send)(tri_context *, const void *data, size_t count, int peer);
    tri_status (*recv)(tri_context *, void *data, size_t count, int peer);
    tri_status (*wait)(tri_context *);
    tri_status (*combine)(tri_context *, const void *left, void *right, size_t count);
    tri_status (*copy)(tri_context *, void *to, const void *from, size_t count);
} tri_verbs;

/* The group of ranks that a body runs on, and how. `rank` and peers count within the group. */
struct tri_context {
    const tri_verbs *verbs;
    struct tri_engine *engine;
    int rank, size;
    const int *members;     /* rank in the communicator of each member; NULL: the communicator itself */
    const tri_shape *shape; /* of the whole communicator */
    size_t unit_bytes;      /* distance of two units in memory */
    int commutes;
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

/* Unit `index` of a buffer. */
static inline void *tri_unit(const tri_context *c, const void *base, size_t index) {
    return (char *)base + index * c->unit_bytes;
}

/* Block b of a call's vectors. */
static inline size_t tri_send_count(const tri_call *call, int b) {
    return call->send_counts ? call->send_counts[b] : call->count;
}
static inline size_t tri_recv_count(const tri_call *call, int b) {
    return call->recv_counts ? call->recv_counts[b] : call->count;
}
static inline const void *tri_send_block(const tri_context *c, const tri_call *call, int b) {
    return tri_unit(c, call->send, call->send_counts ? call->send_places[b] : (size_t)b * call->count);
}
static inline void *tri_recv_block(const tri_context *c, const tri_call *call, int b) {
    return tri_unit(c, call->recv, call->recv_counts ? call->recv_places[b] : (size_t)b * call->count);
}

/* The rank that is `distance` behind root, and back: trees are drawn as if the root were rank 0. */
static inline int tri_to_virtual(const tri_context *c, int rank, int root) {
    return (rank - root + c->size) % c->size;
}
static inline int tri_from_virtual(const tri_context *c, int rank, int root) {
    return (rank + root) % c->size;
}

/* How an algorithm describes itself, at the end of its file. */
typedef struct tri_algorithm {
    tri_operation operation;
    const char *name;
    const char *text; /* one sentence: what the ranks do */
    /* Whether it can do this case; NULL: always. */
    int (*can)(const tri_case *c);
    /* The best parameters for this case; NULL: it has none. */
    tri_parameters (*tune)(const tri_case *c, const tri_net *net);
    /* The price on the critical path. */
    tri_cost (*cost)(const tri_case *c, const tri_parameters *p);
    /* Units of scratch that this rank needs; NULL: none. */
    size_t (*scratch)(const tri_context *c, const tri_call *call);
    tri_status (*run)(tri_context *c, const tri_call *call);
} tri_algorithm;

/* The level of messages between ranks of which nothing is known but the shape: between nodes where there are
 * several. */
static inline int tri_case_level(const tri_case *c) {
    return c->nodes > 1 ? TRI_BETWEEN : TRI_INSIDE;
}

/* The level of messages between ranks r and r + distance for which r has no bit below `distance` set, as in a
 * binomial tree or a butterfly from rank 0. */
static inline int tri_distance_level(const tri_case *c, int distance) {
    return c->nodes > 1 && (c->mixed || c->largest % (2 * distance)) ? TRI_BETWEEN : TRI_INSIDE;
}

static inline double tri_larger(double a, double b) {
    return a > b ? a : b;
}

/* For algorithms that run one behind the other. */
static inline void tri_cost_add(tri_cost *sum, const tri_cost *more) {
    for (int level = 0; level < TRI_LEVELS; level++) {
        double bytes = sum->level[level].bytes, more_bytes = more->level[level].bytes;
        sum->level[level].latencies += more->level[level].latencies;
        sum->level[level].overheads += more->level[level].overheads;
        sum->level[level].bytes = bytes + more_bytes;
        sum->level[level].rank_bytes = tri_larger(sum->level[level].rank_bytes, bytes) +
                                       tri_larger(more->level[level].rank_bytes, more_bytes);
        sum->level[level].node_bytes = tri_larger(sum->level[level].node_bytes, bytes) +
                                       tri_larger(more->level[level].node_bytes, more_bytes);
    }
    sum->memory_bytes += more->memory_bytes;
    sum->combined_bytes += more->combined_bytes;
}

/* Rounds of doubling until `ranks` are reached. */
static inline int tri_log2_up(int ranks) {
    int rounds = 0;
    while ((1L << rounds) < ranks)
        rounds++;
    return rounds;
}

/* The largest power of two that is not above `ranks` (>= 1). */
static inline int tri_power_of_two(int ranks) {
    int power = 1;
    while (power <= ranks / 2)
        power *= 2;
    return power;
}

#define X(operation, name) extern const tri_algorithm tri_##operation##_##name;
#include "collectives/algorithms.def"
#undef X

#endif
