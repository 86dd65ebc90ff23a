/* Sums of vectors inside a rank; for mpi/ and collectives/ alone. */
#ifndef TRI_MPI_SUMS_H
#define TRI_MPI_SUMS_H

#include <mpi.h>
#include <stddef.h>

/* right = left op right if this is a sum of a common type, with the bits of MPI_Reduce_local(). Otherwise
 * returns 0. */
int tri_combine_common(const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);

#endif
