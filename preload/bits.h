/* Which reductions have the MPI library's bits, and reductions in one stated order. */
#ifndef TRI_PRELOAD_BITS_H
#define TRI_PRELOAD_BITS_H

#include "preload/home.h"

/* Whether the type is MPI's own. */
int tri_is_predefined(MPI_Datatype type);

/* Whether the result of a reduction has the same bits in any order of the ranks, or on two ranks, where the
 * order does not matter: integers; the least and the largest of numbers, and their places; sums and products
 * of two numbers. Of +0 and -0, or of two NaNs, MIN and MAX may give either, as MPI libraries do. */
int tri_has_same_bits(tri_home *h, const tri_mpi_call *call);

/* The same, from the type and the operation. */
int tri_bits_are_same(MPI_Datatype type, MPI_Op op, int ranks);

/* Does a reduction or a scan as ((x0 op x1) op x2) op ..., from rank 0 on, for each element. */
tri_status tri_combine_in_order(const tri_mpi_call *call, tri_home *h);

#endif
