/* The operands of a reduction: what MPI says about a type and an operation, and how elements are combined.
 * Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_OPERANDS_H
#define TRI_COLLECTIVES_ENGINE_OPERANDS_H

#include "trireme/collectives.h"

/* An algorithm sees units. Where the elements of a type own all bytes from the first to the last, a unit is
 * an element as it lies in memory. Otherwise (gaps, bytes beyond the extent, a lower bound that is not 0,
 * elements that interleave) it is the packed data of one element, so that no byte is touched that the type
 * does not own, and none is sent. */
typedef struct tri_operands {
    MPI_Datatype type;
    MPI_Op op;
    size_t unit_bytes;                    /* 1 for elements without data */
    ptrdiff_t extent, lower, true_extent; /* lower: the true lower bound */
    size_t size;                          /* bytes of data in an element */
    unsigned char packed, commutes;
    unsigned char foreign; /* an operation of the program, not of MPI */
    unsigned char exact;   /* TRI_EXACT_SUM */
} tri_operands;

enum { TRI_OPERANDS_KNOWN = 8 };

/* Predefined pairs of a type and an operation that MPI accepts. */
typedef struct tri_operands_cache {
    tri_operands known[TRI_OPERANDS_KNOWN];
    unsigned count;
    tri_operands other; /* of the last call with another pair */
} tri_operands_cache;

/* TRI_ERR_ARGUMENT: MPI has no such reduction. Local. */
tri_status tri_operands_of(tri_comm *comm, tri_operands_cache *cache, MPI_Datatype type, MPI_Op op,
                           const tri_operands **out);

/* right = left op right for `count` packed units. */
tri_status tri_combine_packed(const tri_operands *o, MPI_Comm mpi, const void *left, void *right,
                              size_t count);

#endif
