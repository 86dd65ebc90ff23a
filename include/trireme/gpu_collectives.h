/* Collective operations on device buffers, with the meaning of trireme/collectives.h. Ranks with and without a
 * device may take part in the same call, and a rank may send from one kind of memory and receive into the other.
 *
 * A call returns when its part in the network is done. It begins, and its result is there, as `when` says; with NULL
 * it begins when all that is queued on its devices has been done, and returns when the result is there. What is queued
 * on the device afterwards works on the result in any case.
 *
 * A device that shares the host's memory takes part without a copy. For others, long vectors and blocks go in pieces,
 * so that the copy from the device, the network and the copy to the device work at the same time. Where the ranks of a
 * reduction are on nodes of their own and all of them have vectors on devices with memory of their own, the devices
 * combine; otherwise the host does.
 *
 * Errors: TRI_ERR_ARGUMENT for what is wrong, before anything is sent; a span that does not lie in its buffer is
 * this rank's alone, so the others wait for it. TRI_ERR_DEVICE, TRI_ERR_MEMORY and TRI_ERR_MPI may leave messages in
 * flight, so the communicator cannot be used any more. */
#ifndef TRIREME_GPU_COLLECTIVES_H
#define TRIREME_GPU_COLLECTIVES_H

#include "trireme/collectives.h"
#include "trireme/gpu.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Where a vector lies: in `buffer`, or where that is NULL in `host`; from element `offset` on. In place means the
 * same span twice. Where MPI ignores an argument on a rank, the span is ignored too. */
typedef struct tri_gpu_span {
    tri_gpu_buffer *buffer;
    void *host;
    size_t offset;
} tri_gpu_span;

/* When a call begins and ends. */
typedef struct tri_gpu_when {
    tri_gpu_event *const *after; /* It begins when these have come, whatever else is queued, */
    size_t after_count;          /* or, with none of them, when all has been done that is queued. */
    tri_gpu_event **done; /* NULL: it returns when the result is there; else it may return while the last part
                                    of it is on its way to the device, and gives an event that comes when it is there */
} tri_gpu_when;

TRI_API TRI_MUST_CHECK tri_status tri_gpu_bcast(tri_gpu_span data, size_t count, tri_gpu_element element,
                                                int root, const tri_gpu_when *when, tri_comm *comm);
/* `count` is the elements of one block, as in MPI. Not in place. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_scatter(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                  tri_gpu_element element, int root, const tri_gpu_when *when,
                                                  tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_gather(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                 tri_gpu_element element, int root, const tri_gpu_when *when,
                                                 tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_allgather(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                    tri_gpu_element element, const tri_gpu_when *when,
                                                    tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_alltoall(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                   tri_gpu_element element, const tri_gpu_when *when,
                                                   tri_comm *comm);
/* Operations as in tri_gpu_combine(); sums of real numbers are rounded in the order of the algorithm. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_reduce(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                 tri_gpu_element element, tri_gpu_op op, int root,
                                                 const tri_gpu_when *when, tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_allreduce(tri_gpu_span send, tri_gpu_span recv, size_t count,
                                                    tri_gpu_element element, tri_gpu_op op,
                                                    const tri_gpu_when *when, tri_comm *comm);
/* Sends to one rank and receives from one, as tri_exchange(); MPI_PROC_NULL on either side does nothing there. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_exchange(tri_gpu_span send, size_t send_count, int to,
                                                   tri_gpu_span recv, size_t recv_count, int from,
                                                   tri_gpu_element element, int tag, const tri_gpu_when *when,
                                                   tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
