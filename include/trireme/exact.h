/** @file
 * Reductions of vectors of doubles in which every element is the exact sum over the ranks, rounded once: the
 * same bits on any number of ranks that hold the same terms, in any order, and with every algorithm.
 *
 * Arguments and meaning are those of the functions of trireme/collectives.h with MPI_DOUBLE and MPI_SUM,
 * MPI_IN_PLACE included; rounding and special values are those of tri_sum_round(). The vectors are
 * transposed, each rank sums a block of all of them, and the results are moved to their places: as many bytes
 * as a reduction by reduce_scatter and allgather. doc/sum.md has the price beside MPI_SUM.
 *
 * Functions are collective over `comm`; errors are those of trireme/collectives.h. There are no nonblocking
 * and no persistent forms.
 */
#ifndef TRIREME_EXACT_H
#define TRIREME_EXACT_H

#include <stddef.h>

#include "trireme/collectives.h"

#ifdef __cplusplus
extern "C" {
#endif

/** tri_reduce(): the root's `recv` gets the sums of `count` elements. */
TRI_API TRI_MUST_CHECK tri_status tri_exact_reduce(const void *send, void *recv, size_t count, int root,
                                                   tri_comm *comm);

/** tri_allreduce(): every `recv` gets the sums of `count` elements. */
TRI_API TRI_MUST_CHECK tri_status tri_exact_allreduce(const void *send, void *recv, size_t count,
                                                      tri_comm *comm);

/** tri_reduce_scatter(): rank r gets its recv_counts[r] elements of the sums. */
TRI_API TRI_MUST_CHECK tri_status tri_exact_reduce_scatter(const void *send, void *recv,
                                                           const size_t *recv_counts, tri_comm *comm);

/** tri_reduce_scatter_block(): rank r gets its recv_count elements of the sums. */
TRI_API TRI_MUST_CHECK tri_status tri_exact_reduce_scatter_block(const void *send, void *recv,
                                                                 size_t recv_count, tri_comm *comm);

/** tri_scan(): rank r gets the sums over ranks 0 to r. */
TRI_API TRI_MUST_CHECK tri_status tri_exact_scan(const void *send, void *recv, size_t count, tri_comm *comm);

/** tri_exscan(): rank r gets the sums over ranks 0 to r - 1; on rank 0 `recv` is unchanged. */
TRI_API TRI_MUST_CHECK tri_status tri_exact_exscan(const void *send, void *recv, size_t count,
                                                   tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
