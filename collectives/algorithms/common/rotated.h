/* Vectors rotated so that a rank's own block comes first. In this order, the messages of algorithms on
 * circulant graphs are runs of blocks. */
#ifndef TRI_COLLECTIVES_ROTATED_H
#define TRI_COLLECTIVES_ROTATED_H

#include "collectives/algorithms/algorithm.h"

/* Block i of the rotated vector belongs to rank (rank + i) % size. `counts` are those of the side that has
 * all blocks: the sender's in a reduce_scatter, the receiver's in an allgather. */
typedef struct tri_rotated {
    const size_t *counts; /* of the v-form, else NULL */
    int rank;
} tri_rotated;

/* Units of the first `blocks` blocks. */
size_t tri_rotated_units(const tri_context *c, const tri_call *call, const tri_rotated *t, int blocks);

/* Copies a vector into rotated order or, with `back`, from rotated order. `displs`: of the v-form. */
tri_status tri_rotated_copy(tri_context *c, const tri_call *call, const tri_rotated *t,
                            const ptrdiff_t *displs, const void *vector, void *rotated, int back);

#endif
