/* Vectors of blocks in the order that begins with a rank's own block. Algorithms on circulant graphs work in it:
 * what they send and get are then runs of blocks. */
#ifndef TRI_COLLECTIVES_ROTATED_H
#define TRI_COLLECTIVES_ROTATED_H

#include "collectives/algorithms/algorithm.h"

/* Block i of the rotated vector belongs to rank (rank + i) % size. These are of the side that has all blocks: the
 * sender's of a reduce_scatter, the receiver's of an allgather. */
typedef struct tri_rotated {
    const size_t *counts; /* of the v-form, else NULL */
    int rank;
} tri_rotated;

/* Units of the first `blocks` blocks. */
size_t tri_rotated_units(const tri_context *c, const tri_call *call, const tri_rotated *t, int blocks);

/* Between the vector and its rotated form. `displs` is of the v-form; with `back` the rotated form is copied into
 * the vector. */
tri_status tri_rotated_copy(tri_context *c, const tri_call *call, const tri_rotated *t, const size_t *displs,
                            const void *vector, void *rotated, int back);

#endif
