/* User buffers as bytes. Operations that only move data run on bytes: a type without gaps is used in
 * place, any other type is packed before and unpacked after. Only for collectives/. */
#ifndef TRI_COLLECTIVES_LAYOUT_H
#define TRI_COLLECTIVES_LAYOUT_H

#include <stdint.h>

#include "trireme/collectives.h"

/* The send or the receive side of a call: `blocks` contiguous blocks of `count` elements, or blocks of
 * counts[b] elements at displs[b]. */
typedef struct tri_side {
    void *user;
    MPI_Datatype type;
    int blocks;
    size_t count;
    /* NULL, or one entry per block; not used after tri_side_open(). */
    const size_t *counts;
    const ptrdiff_t *displs;
    const MPI_Datatype *types; /* of each block, displs in bytes; NULL: `type`, displs in elements */
    int holds;                 /* the program may free the types before tri_side_close() */
    /* Set by tri_side_open(): the same in bytes. */
    MPI_Comm mpi;
    void *bytes;
    size_t block_bytes;
    size_t *byte_counts;                  /* NULL if counts is NULL, as the next two */
    ptrdiff_t *byte_displs, *user_displs; /* in `bytes` and in the user's buffer */
    ptrdiff_t extent;
    size_t size;
    int packed;
    int own_type;           /* `type` was made by tri_side_open() */
    struct tri_side *parts; /* with `types`: each block as a side of its own; otherwise NULL */
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

/* Bytes of data in one element. TRI_ERR_ARGUMENT: MPI_DATATYPE_NULL. */
tri_status tri_type_ask(MPI_Datatype type, size_t *out);
static inline tri_status tri_type_bytes(MPI_Datatype type, size_t *out) {
    *out = tri_common_bytes(type);
    return *out ? TRI_OK : tri_type_ask(type, out);
}
/* `count` elements of `size` bytes. TRI_ERR_ARGUMENT: more than memory has, such as a negative number. */
tri_status tri_count_refuse(size_t count, size_t size);
static inline tri_status tri_count_bytes(size_t count, size_t size, size_t *out) {
    if (count <= PTRDIFF_MAX && !__builtin_mul_overflow(count, size, out) && *out <= PTRDIFF_MAX)
        return TRI_OK;
    return tri_count_refuse(count, size);
}
/* TRI_ERR_ARGUMENT: messages cannot have the type. `mpi`: a communicator that returns errors. Local. */
tri_status tri_type_check(MPI_Datatype type, MPI_Comm mpi);

/* A side that is not open, with the fields that most calls need. */
static inline void tri_side_init(tri_side *side, const void *user, MPI_Datatype type, int blocks) {
    side->user = (void *)user;
    side->type = type;
    side->blocks = blocks;
    side->count = 0;
    side->counts = NULL;
    side->displs = NULL;
    side->types = NULL;
    side->byte_counts = NULL;
    side->byte_displs = side->user_displs = NULL;
    side->parts = NULL;
    side->holds = side->packed = side->own_type = 0;
}

/* Whether an open side has memory of its own, and whether data are copied to and from it. */
static inline int tri_side_owns(const tri_side *side) {
    return side->packed || side->byte_counts || side->user_displs || side->parts;
}
static inline int tri_side_copies(const tri_side *side) {
    return side->packed || side->parts;
}

/* Sets the fields in bytes, and allocates the packed buffer. tri_side_close() frees both, even after an
 * error. `mpi`: a communicator that returns errors. */
tri_status tri_side_open(tri_side *side, MPI_Comm mpi);
/* Packs the user's data, and stores packed data in the user's buffer. Nothing to do for a side in place. */
tri_status tri_side_load(const tri_side *side);
tri_status tri_side_store(const tri_side *side);
void tri_side_close(tri_side *side);

#endif
