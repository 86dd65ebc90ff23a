/** @file
 * Collective operations on device buffers, with the meaning of trireme/collectives.h. Ranks with and without
 * a device may take part in the same call, and a rank may send from one kind of memory and receive into the
 * other.
 *
 * A call returns when its part in the network is done. `when` states when it starts and when its result is
 * complete; with NULL it starts after all work that is queued on its devices, and returns when the result is
 * complete. Work that is queued on the device afterwards sees the result in any case.
 *
 * A device that shares the host's memory takes part without a copy. For others, long vectors and blocks are
 * pipelined, so that the copy from the device, the network and the copy to the device work at the same time.
 * The devices combine where the ranks of a reduction are on different nodes and all of them have vectors on
 * devices with memory of their own; otherwise the host combines.
 *
 * Functions are collective over `comm` unless their comment says otherwise. TRI_ERR_ARGUMENT: a wrong
 * argument; nothing has been sent. A span that exceeds its buffer is wrong on this rank only, so the others
 * wait for it. After TRI_ERR_DEVICE, TRI_ERR_MEMORY or TRI_ERR_MPI messages may be in flight, and the
 * communicator cannot be used any more.
 */
#ifndef TRIREME_GPU_COLLECTIVES_H
#define TRIREME_GPU_COLLECTIVES_H

#include "trireme/collectives.h"
#include "trireme/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A vector on a device or on the host. In place means the same span twice. A span that MPI ignores on a rank
 * is ignored. */
typedef struct tri_gpu_span {
    tri_gpu_buffer *buffer; /**< the buffer; NULL: host memory */
    void *host;             /**< the host memory where buffer is NULL */
    size_t offset;          /**< its first element */
} tri_gpu_span;

/** When a call starts and when its result is complete. */
typedef struct tri_gpu_when {
    tri_gpu_event *const *after; /**< it starts after these events, whatever else is queued */
    size_t after_count;          /**< their number; 0: it starts after all queued work */
    /** NULL: it returns when the result is complete. Otherwise it may return while the last part is copied to
     * the device, and *done, which the caller destroys, comes when the result is complete. */
    tri_gpu_event **done;
} tri_gpu_when;

/** tri_bcast(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_bcast(tri_gpu_span data, size_t count, tri_gpu_element element,
                                                int root, const tri_gpu_when *when, tri_comm *comm);

/** tri_scatter(): blocks of `count` elements. Not in place. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_scatter(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                  tri_gpu_element element, int root, const tri_gpu_when *when,
                                                  tri_comm *comm);

/** tri_gather(): blocks of `count` elements. Not in place. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_gather(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                 tri_gpu_element element, int root, const tri_gpu_when *when,
                                                 tri_comm *comm);

/** tri_allgather(): blocks of `count` elements. Not in place. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_allgather(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                    tri_gpu_element element, const tri_gpu_when *when,
                                                    tri_comm *comm);

/** tri_alltoall(): blocks of `count` elements. Not in place. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_alltoall(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                   tri_gpu_element element, const tri_gpu_when *when,
                                                   tri_comm *comm);

/** tri_reduce(), with the operations of tri_gpu_combine(). Sums of real numbers are rounded in the order of
 * the algorithm. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_reduce(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                 tri_gpu_element element, tri_gpu_op op, int root,
                                                 const tri_gpu_when *when, tri_comm *comm);

/** tri_allreduce(); otherwise as tri_gpu_reduce(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_allreduce(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                    tri_gpu_element element, tri_gpu_op op,
                                                    const tri_gpu_when *when, tri_comm *comm);

/** tri_exchange(): sends to one rank and receives from one; MPI_PROC_NULL leaves one side out. Not
 * collective. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_exchange(tri_gpu_span send, size_t send_count, int to,
                                                   tri_gpu_span recv, size_t recv_count, int from,
                                                   tri_gpu_element element, int tag, const tri_gpu_when *when,
                                                   tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
