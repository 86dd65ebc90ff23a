/** @file
 * TRI_EXACT_SUM, an operation for the reductions of trireme/collectives.h, trireme/request.h and
 * trireme/persistent.h: every element of the result is the exact sum over the ranks, rounded once. The bits
 * are the same on any number of ranks that hold the same terms, in any order, and with every algorithm.
 *
 *     tri_allreduce(mine, sums, count, MPI_DOUBLE, TRI_EXACT_SUM, comm)
 *
 * The type is MPI_DOUBLE; rounding and special values are those of tri_sum_round(). The vectors are
 * transposed, each rank sums a block of all of them, and the results are moved to their places: as many
 * bytes as a reduction by reduce_scatter and allgather. The algorithms are those of tri_alltoall(),
 * tri_gather() and tri_allgather(), by their names, too (trireme/select.h). On rank 0 tri_exscan() leaves
 * its result unchanged. doc/sum.md has the price beside MPI_SUM.
 */
#ifndef TRIREME_EXACT_H
#define TRIREME_EXACT_H

#include "trireme/collectives.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The value of TRI_EXACT_SUM, an operation of MPI's that belongs to the library; MPI_OP_NULL: MPI cannot
 * make it. MPI's own functions cannot combine by it: they end the program with an error line. MPI is
 * initialised. Local, thread-safe. */
TRI_API MPI_Op tri_exact_sum(void);

/** The exact sum. */
#define TRI_EXACT_SUM tri_exact_sum()

#ifdef __cplusplus
}
#endif
#endif
