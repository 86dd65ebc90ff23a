/** @file
 * Sparse exchange: each rank sends blocks to a few ranks, and no rank knows who sends to it.
 *
 * tri_alltoallv() needs the counts of all ranks, which a program without them must exchange first, and looks
 * at as many blocks as there are ranks. Here a rank names its receivers only, and the cost depends on the
 * blocks that exist and on the logarithm of the number of ranks (Hoefler, Siebert, Lumsdaine 2010, "Scalable
 * communication protocols for dynamic sparse data exchange": nonblocking consensus).
 */
#ifndef TRIREME_SPARSE_H
#define TRIREME_SPARSE_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A block that was received. */
typedef struct tri_sparse_block {
    int rank;     /**< the sender */
    size_t bytes; /**< of the data, more than 0 */
    void *data;   /**< elements without gaps; aligned as memory from malloc() */
} tri_sparse_block;

/** The blocks that a rank received, in the order of their senders; several from one sender in the order in
 * which it named them. */
typedef struct tri_sparse {
    size_t count;            /**< number of blocks */
    tri_sparse_block *block; /**< the blocks */
} tri_sparse;

/** Sends `peers` blocks: block i has counts[i] elements of `send`, from element displs[i] on, for rank to[i].
 * Blocks without elements are not sent. A rank may send to itself, or several blocks to one rank. *out gets
 * what this rank receives; the caller frees it with tri_sparse_destroy(). Collective; progresses pending
 * requests as a blocking call of trireme/collectives.h. TRI_ERR_ARGUMENT: a rank that does not exist, a null
 * type, or a count that exceeds the address space; this rank has sent nothing, and the others wait for it.
 * TRI_ERR_MPI, TRI_ERR_MEMORY: the communicator cannot be used any more. */
TRI_API TRI_MUST_CHECK tri_status tri_sparse_alltoallv(const void *send, int peers, const int *to,
                                                       const size_t *counts, const ptrdiff_t *displs,
                                                       MPI_Datatype type, tri_comm *comm, tri_sparse **out);

/** Frees *sparse with its blocks and sets it to NULL. NULL and a pointer to NULL are allowed. Local. */
TRI_API void tri_sparse_destroy(tri_sparse **sparse);

#ifdef __cplusplus
}
#endif
#endif
