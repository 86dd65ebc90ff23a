/** @file
 * Nonblocking collective operations.
 *
 * A call takes the arguments of its blocking form, starts the operation and returns a request. Buffers belong
 * to the call until the request is complete. All ranks make their collective calls on a communicator,
 * blocking and nonblocking, in the same order; requests may be completed in any order. Requests must be
 * complete before their communicator is destroyed.
 *
 * A call waits for no other rank. A program may free the type while the request is pending, as in MPI, and
 * MPI's own operations exist always. An operation of the program can be kept by MPI only, so where it may be
 * freed early, MPI's own nonblocking form does the call: on the communicator that tri_comm_create() makes of
 * an MPI communicator first, and on every other one after tri_comm_mpi(). Elsewhere the library does the
 * call, and the operation and its type must exist until the request is complete; likewise with a type whose
 * elements have gaps or a lower bound other than 0, into which MPICH would write, and with more than 2^31
 * elements.
 *
 * Progress: operations advance inside the functions that test or wait for requests, inside
 * tri_comm_progress(), and while a blocking collective call, tri_send(), tri_recv() or tri_exchange() waits.
 * Each of these progresses all pending requests of the communicator and of its family: those that
 * tri_comm_split() made from it, its parent, and other children of the parent. A function that takes several
 * requests progresses the families of all of them. A program that computes for long calls one of them now and
 * then. MPI's own calls and calls on a communicator of another tri_comm_create() make no progress. A rank
 * that waits in one of them for another rank, which itself waits for a request that needs this rank,
 * deadlocks: complete the request first, or give the request to the same wait (tri_request_adopt()).
 *
 * The algorithms are those of trireme/collectives.h except the ones in shared memory, and MPI's own for some
 * operations of the program (above). Short calls on the ranks of one node go through shared memory, where it
 * is faster, no algorithm is named for the operation, and blocking calls have made it: after the first long
 * one or 64 short ones. tri_comm_algorithm() is "" for MPI's and for these. Errors are the same; a request
 * that fails in flight reports it when it is waited for or tested. */
#ifndef TRIREME_REQUEST_H
#define TRIREME_REQUEST_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A nonblocking operation. Opaque. */
typedef struct tri_request tri_request;

/** Starts tri_barrier(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ibarrier(tri_comm *comm, tri_request **out);

/** Starts tri_bcast(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ibcast(void *buffer, size_t count, MPI_Datatype type, int root,
                                             tri_comm *comm, tri_request **out);

/** Starts tri_scatter(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iscatter(const void *send, size_t send_count, MPI_Datatype send_type,
                                               void *recv, size_t recv_count, MPI_Datatype recv_type,
                                               int root, tri_comm *comm, tri_request **out);

/** Starts tri_scatterv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iscatterv(const void *send, const size_t *send_counts,
                                                const ptrdiff_t *send_displs, MPI_Datatype send_type,
                                                void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                int root, tri_comm *comm, tri_request **out);

/** Starts tri_gather(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_igather(const void *send, size_t send_count, MPI_Datatype send_type,
                                              void *recv, size_t recv_count, MPI_Datatype recv_type, int root,
                                              tri_comm *comm, tri_request **out);

/** Starts tri_gatherv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_igatherv(const void *send, size_t send_count, MPI_Datatype send_type,
                                               void *recv, const size_t *recv_counts,
                                               const ptrdiff_t *recv_displs, MPI_Datatype recv_type, int root,
                                               tri_comm *comm, tri_request **out);

/** Starts tri_allgather(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iallgather(const void *send, size_t send_count, MPI_Datatype send_type,
                                                 void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                 tri_comm *comm, tri_request **out);

/** Starts tri_allgatherv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iallgatherv(const void *send, size_t send_count, MPI_Datatype send_type,
                                                  void *recv, const size_t *recv_counts,
                                                  const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                                                  tri_comm *comm, tri_request **out);

/** Starts tri_alltoall(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ialltoall(const void *send, size_t send_count, MPI_Datatype send_type,
                                                void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                tri_comm *comm, tri_request **out);

/** Starts tri_alltoallv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ialltoallv(const void *send, const size_t *send_counts,
                                                 const ptrdiff_t *send_displs, MPI_Datatype send_type,
                                                 void *recv, const size_t *recv_counts,
                                                 const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                                                 tri_comm *comm, tri_request **out);

/** Starts tri_alltoallw(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ialltoallw(const void *send, const size_t *send_counts,
                                                 const ptrdiff_t *send_displs, const MPI_Datatype *send_types,
                                                 void *recv, const size_t *recv_counts,
                                                 const ptrdiff_t *recv_displs, const MPI_Datatype *recv_types,
                                                 tri_comm *comm, tri_request **out);

/** Starts tri_reduce(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ireduce(const void *send, void *recv, size_t count, MPI_Datatype type,
                                              MPI_Op op, int root, tri_comm *comm, tri_request **out);

/** Starts tri_allreduce(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iallreduce(const void *send, void *recv, size_t count,
                                                 MPI_Datatype type, MPI_Op op, tri_comm *comm,
                                                 tri_request **out);

/** Starts tri_reduce_scatter(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ireduce_scatter(const void *send, void *recv, const size_t *recv_counts,
                                                      MPI_Datatype type, MPI_Op op, tri_comm *comm,
                                                      tri_request **out);

/** Starts tri_reduce_scatter_block(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ireduce_scatter_block(const void *send, void *recv, size_t recv_count,
                                                            MPI_Datatype type, MPI_Op op, tri_comm *comm,
                                                            tri_request **out);

/** Starts tri_scan(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iscan(const void *send, void *recv, size_t count, MPI_Datatype type,
                                            MPI_Op op, tri_comm *comm, tri_request **out);

/** Starts tri_exscan(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_iexscan(const void *send, void *recv, size_t count, MPI_Datatype type,
                                              MPI_Op op, tri_comm *comm, tri_request **out);

/** Makes a request of an MPI request, such as that of tri_isend() or tri_irecv(), so that one call waits for
 * messages and collectives. Takes over *message, which must not be a persistent request of MPI, and sets it
 * to MPI_REQUEST_NULL. The length of a received message is not checked. Local. TRI_ERR_MEMORY: *message is
 * unchanged; TRI_ERR_MPI. */
TRI_API TRI_MUST_CHECK tri_status tri_request_adopt(MPI_Request *message, tri_comm *comm, tri_request **out);

/** Sets *done to whether the request is complete. A complete or failed request is freed and *request set to
 * NULL; a persistent one (trireme/persistent.h) becomes inactive. A request that is NULL or inactive is
 * complete. Local. */
TRI_API TRI_MUST_CHECK tri_status tri_request_test(tri_request **request, int *done);

/** Sets *done to whether all `count` requests are complete, and frees them only then. If one has failed,
 * frees the complete ones and returns the status of the first that failed; the others stay pending. The
 * requests may be of different communicators. Local. */
TRI_API TRI_MUST_CHECK tri_status tri_request_test_all(size_t count, tri_request **requests, int *done);

/** Frees the first complete request of `count`, and sets *index to its number and *done to 1. Without a
 * complete request *index is `count`, and *done says whether all are NULL or inactive. Returns the status of
 * that request. Local. */
TRI_API TRI_MUST_CHECK tri_status tri_request_test_any(size_t count, tri_request **requests, size_t *index,
                                                       int *done);

/** Returns when the request is complete; it is freed and *request set to NULL. Waits for other ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_request_wait(tri_request **request);

/** Returns when all `count` requests are complete or one has failed; see tri_request_test_all(). Waits for
 * other ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_request_wait_all(size_t count, tri_request **requests);

/** Returns when one of `count` requests is complete, or at once if all are NULL or inactive; see
 * tri_request_test_any(). Waits for other ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_request_wait_any(size_t count, tri_request **requests, size_t *index);

/** Progresses all pending requests of the communicator's family. Failures are reported by the requests.
 * Local. */
TRI_API void tri_comm_progress(tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
