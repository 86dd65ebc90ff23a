/* User buffers as bytes. Operations that only move data run on bytes: a type without gaps is used in
 * place, any other type is packed before and unpacked after. Only for collectives/. */
#ifndef TRI_COLLECTIVES_LAYOUT_H
#define TRI_COLLECTIVES_LAYOUT_H

#include "trireme/collectives.h"

/* The send or the receive side of a call: `blocks` contiguous blocks of `count` elements, or blocks of
 * counts[b] elements at displs[b]. */
typedef struct tri_side {
    void *user;
    MPI_Datatype type;
    int blocks;
    size_t count;
    const size_t *counts; /* NULL, or one entry per block, as displs */
    const ptrdiff_t *displs;
    /* Set by tri_side_open(): the same in bytes. */
    void *bytes;
    size_t block_bytes;
    size_t *byte_counts; /* NULL if counts is NULL, as byte_displs */
    ptrdiff_t *byte_displs;
    ptrdiff_t extent;
    size_t size;
    int packed;
} tri_side;

/* Bytes per element of common types without gaps; 0: any other type. Saves small calls the MPI queries,
 * which cost as much as a hand-off between two cores. */
static inline size_t tri_common_bytes(MPI_Datatype type) {
    if (type == MPI_DOUBLE) return sizeof(double);
    if (type == MPI_BYTE || type == MPI_CHAR) return 1;
    if (type == MPI_INT) return sizeof(int);
    if (type == MPI_FLOAT) return sizeof(float);
    if (type == MPI_INT64_T || type == MPI_UINT64_T) return 8;
    return 0;
}

/* Bytes of data in one element. */
tri_status tri_type_bytes(MPI_Datatype type, size_t *out);

/* `load`: side->bytes must hold the user's data. Call tri_side_close() afterwards, even after an error. */
tri_status tri_side_open(tri_side *side, int load);
/* `store`: copies side->bytes back to the user's buffer if they were packed. */
tri_status tri_side_close(tri_side *side, int store);

#endif
