/** @file
 * A heap that the ranks of a node share.
 *
 * Collective operations on buffers from it work in place: ranks combine and copy directly from each other's
 * memory, without an intermediate copy. In all other respects the buffers are ordinary memory.
 */
#ifndef TRIREME_SHARED_H
#define TRIREME_SHARED_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Allocates zeroed memory of this rank, aligned to a page, that the other ranks of its node see, too.
 * `bytes` may differ among ranks. Collective calls use it directly where they are called with the same
 * `comm` and the buffers of all ranks that matter to the call are from this heap. Where the ranks of a node
 * cannot share memory, the memory is private, and collectives are as fast as on any other. The caller frees
 * it with tri_free_shared(). Collective over `comm`. TRI_ERR_MEMORY, TRI_ERR_MPI. */
TRI_API TRI_MUST_CHECK tri_status tri_alloc_shared(tri_comm *comm, size_t bytes, void **out);

/** Frees *memory and sets it to NULL; a pointer to NULL is allowed. Each rank passes the memory that it got
 * in the same call of tri_alloc_shared(). Memory that was not freed is freed with the communicator.
 * Collective over `comm`. TRI_ERR_ARGUMENT: not from this communicator's heap. */
TRI_API TRI_MUST_CHECK tri_status tri_free_shared(tri_comm *comm, void **memory);

#ifdef __cplusplus
}
#endif
#endif
