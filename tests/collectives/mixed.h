/* The calls of mixed.c: buffers, expected results, and every form of every operation. */
#ifndef TRIREME_TESTS_COLLECTIVES_MIXED_H
#define TRIREME_TESTS_COLLECTIVES_MIXED_H

#include "tests/collectives/sample.h"
#include "trireme/persistent.h"

typedef enum form { BLOCKING, NONBLOCKING, PERSISTENT, FORMS } form;

enum { COMMS = 5 };

/* The communicators of all schedules: the first `family` of them make progress together. */
typedef struct setting {
    tri_comm *comm[COMMS];
    const char *where[COMMS];
    int family;
    sample_pair pairs[PAIRS];
    MPI_Datatype gaps, matrix;
    MPI_Op multiply; /* does not commute */
} setting;

typedef struct one_call {
    tri_comm *comm;
    const char *where;
    int rank, size;
    tri_operation operation;
    form form;
    int uneven; /* a v-form, or reduce_scatter with unequal blocks */
    int root, in_place;
    int matrices; /* combines them, not integers */
    size_t count;
    const sample_pair *pair;
    const sample_pair *pairs; /* alltoallw: the block from a to b has types (a + b) % PAIRS; else NULL */
    MPI_Datatype *types[2];
    size_t *lengths;   /* of the blocks: rank a's for rank b is lengths[(a + b) % size] in alltoall */
    size_t *counts[2]; /* of send and recv, in elements of their types */
    ptrdiff_t *displs[2];
    image send, kept, got, want;
    uint64_t round, rounds; /* a persistent call runs several times */
    double came, left;      /* barrier */
    tri_request *request;
    int started; /* a persistent call that is active */
} one_call;

static inline size_t element_bytes(const one_call *c) {
    return c->matrices ? 32 : 8;
}

static inline int combines(const one_call *c) {
    return c->operation >= TRI_REDUCE;
}

/* The product of matrices, as an operation of MPI. */
void multiply(void *left, void *right, int *count, MPI_Datatype *type);

/* Makes the buffers, with the input of the first round. */
void make_images(one_call *c);
/* Fresh input, other in each round. */
void fill(one_call *c);
/* Makes the call; a persistent one is not started. */
tri_status issue_call(one_call *c, const setting *s);
/* Compares the result with the expected one. */
void check_call(one_call *c, const char *names, uint64_t seed);
void call_free(one_call *c);

#endif
