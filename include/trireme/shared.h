/* A heap that the ranks of a node share.
 *
 * Collective operations on buffers from it work in place: neighbours combine and copy straight from each
 * other's memory, without a copy in between. Buffers from it are otherwise ordinary memory.
 */
#ifndef TRIREME_SHARED_H
#define TRIREME_SHARED_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory of this rank, zeroed, aligned to a page, that the other ranks of its node see too. Collective over
 * `comm`; `bytes` may differ. Where the ranks of a node cannot share memory it is memory of this rank alone,
 * and collectives are as fast as on any other. Collectives go straight to it where they are called with the
 * same `comm` and the buffers of all ranks that matter to the call are from this heap.
 * TRI_ERR_MEMORY, TRI_ERR_MPI. */
TRI_API TRI_MUST_CHECK tri_status tri_alloc_shared(tri_comm *comm, size_t bytes, void **out);

/* Collective; each rank gives back what it got in the same call of tri_alloc_shared(). Takes a pointer to
 * NULL and sets it to NULL. Memory that was not given back goes with the communicator.
 * TRI_ERR_ARGUMENT: not from this communicator's heap. */
TRI_API TRI_MUST_CHECK tri_status tri_free_shared(tri_comm *comm, void **memory);

#ifdef __cplusplus
}
#endif
#endif
