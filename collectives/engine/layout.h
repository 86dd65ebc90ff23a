/* User buffers as bytes. Operations that only move data run on bytes: a type without gaps is taken as it
 * lies, any other is packed before and unpacked after. For collectives/ alone. */
#ifndef TRI_COLLECTIVES_LAYOUT_H
#define TRI_COLLECTIVES_LAYOUT_H

#include "trireme/collectives.h"

/* One side of a call: `blocks` blocks, each of `count` elements, one behind the other; or of counts[b]
 * elements at displs[b]. */
typedef struct tri_side {
    void *user;
    MPI_Datatype type;
    int blocks;
    size_t count;
    const size_t *counts, *displs; /* NULL, or one entry for each block */
    /* What tri_side_open() adds: the same in bytes. */
    void *bytes;
    size_t block_bytes;
    size_t *byte_counts, *byte_displs; /* NULL where counts is */
    size_t extent, size;
    int packed;
} tri_side;

/* Bytes of an element of the commonest types, which have no gaps; 0 for all others. It saves small calls the
 * questions to MPI, which cost as much as a hand-off between two cores. */
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

/* `load`: the user's data are wanted in side->bytes. tri_side_close() after it in any case. */
tri_status tri_side_open(tri_side *side, int load);
/* `store`: side->bytes go back to the user's buffer, where they were packed. */
tri_status tri_side_close(tri_side *side, int store);

#endif
