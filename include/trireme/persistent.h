/** @file
 * Persistent collective operations: a call that is made many times with the same arguments is prepared once.
 *
 * A function tri_..._init() takes the arguments of the blocking form, chooses the algorithm, makes its
 * schedule and buffers, and returns an inactive request. tri_request_start() starts the operation; the
 * request is then active, and its buffers belong to it. The functions of trireme/request.h complete it: it
 * becomes inactive, but is not freed, and can be started again with other data in the same buffers. To them
 * an inactive request is complete, like NULL. tri_request_free() frees an inactive request.
 *
 * The functions tri_..._init() are collective calls like any other, in the same order on all ranks. Starts
 * may come in different orders on different ranks, but every rank must start a request equally often.
 * Buffers, type and operation must exist until the request is freed; counts and displacements are read once.
 * Requests must be freed before their communicator is destroyed. Algorithms, progress, threads and errors are
 * those of trireme/request.h; the first 16 short requests of a communicator go through shared memory. */
#ifndef TRIREME_PERSISTENT_H
#define TRIREME_PERSISTENT_H

#include "trireme/request.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Prepares tri_barrier(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_barrier_init(tri_comm *comm, tri_request **out);

/** Prepares tri_bcast(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_bcast_init(void *buffer, size_t count, MPI_Datatype type, int root,
                                                 tri_comm *comm, tri_request **out);

/** Prepares tri_scatter(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_scatter_init(const void *send, size_t send_count,
                                                   MPI_Datatype send_type, void *recv, size_t recv_count,
                                                   MPI_Datatype recv_type, int root, tri_comm *comm,
                                                   tri_request **out);

/** Prepares tri_scatterv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_scatterv_init(const void *send, const size_t *send_counts,
                                                    const ptrdiff_t *send_displs, MPI_Datatype send_type,
                                                    void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                    int root, tri_comm *comm, tri_request **out);

/** Prepares tri_gather(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_gather_init(const void *send, size_t send_count, MPI_Datatype send_type,
                                                  void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                  int root, tri_comm *comm, tri_request **out);

/** Prepares tri_gatherv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_gatherv_init(const void *send, size_t send_count,
                                                   MPI_Datatype send_type, void *recv,
                                                   const size_t *recv_counts, const ptrdiff_t *recv_displs,
                                                   MPI_Datatype recv_type, int root, tri_comm *comm,
                                                   tri_request **out);

/** Prepares tri_allgather(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_allgather_init(const void *send, size_t send_count,
                                                     MPI_Datatype send_type, void *recv, size_t recv_count,
                                                     MPI_Datatype recv_type, tri_comm *comm,
                                                     tri_request **out);

/** Prepares tri_allgatherv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_allgatherv_init(const void *send, size_t send_count,
                                                      MPI_Datatype send_type, void *recv,
                                                      const size_t *recv_counts, const ptrdiff_t *recv_displs,
                                                      MPI_Datatype recv_type, tri_comm *comm,
                                                      tri_request **out);

/** Prepares tri_alltoall(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_alltoall_init(const void *send, size_t send_count,
                                                    MPI_Datatype send_type, void *recv, size_t recv_count,
                                                    MPI_Datatype recv_type, tri_comm *comm,
                                                    tri_request **out);

/** Prepares tri_alltoallv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_alltoallv_init(const void *send, const size_t *send_counts,
                                                     const ptrdiff_t *send_displs, MPI_Datatype send_type,
                                                     void *recv, const size_t *recv_counts,
                                                     const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                                                     tri_comm *comm, tri_request **out);

/** Prepares tri_alltoallw(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_alltoallw_init(const void *send, const size_t *send_counts,
                                                     const ptrdiff_t *send_displs,
                                                     const MPI_Datatype *send_types, void *recv,
                                                     const size_t *recv_counts, const ptrdiff_t *recv_displs,
                                                     const MPI_Datatype *recv_types, tri_comm *comm,
                                                     tri_request **out);

/** Prepares tri_reduce(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_reduce_init(const void *send, void *recv, size_t count,
                                                  MPI_Datatype type, MPI_Op op, int root, tri_comm *comm,
                                                  tri_request **out);

/** Prepares tri_allreduce(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_allreduce_init(const void *send, void *recv, size_t count,
                                                     MPI_Datatype type, MPI_Op op, tri_comm *comm,
                                                     tri_request **out);

/** Prepares tri_reduce_scatter(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_reduce_scatter_init(const void *send, void *recv,
                                                          const size_t *recv_counts, MPI_Datatype type,
                                                          MPI_Op op, tri_comm *comm, tri_request **out);

/** Prepares tri_reduce_scatter_block(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_reduce_scatter_block_init(const void *send, void *recv,
                                                                size_t recv_count, MPI_Datatype type,
                                                                MPI_Op op, tri_comm *comm, tri_request **out);

/** Prepares tri_scan(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_scan_init(const void *send, void *recv, size_t count, MPI_Datatype type,
                                                MPI_Op op, tri_comm *comm, tri_request **out);

/** Prepares tri_exscan(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_exscan_init(const void *send, void *recv, size_t count,
                                                  MPI_Datatype type, MPI_Op op, tri_comm *comm,
                                                  tri_request **out);

/** Starts a persistent request. All ranks of its communicator must start it, but need not do so in the same
 * order. TRI_ERR_ARGUMENT: the request is not persistent, or active; nothing has been sent. */
TRI_API TRI_MUST_CHECK tri_status tri_request_start(tri_request *request);

/** Starts `count` persistent requests, in this order. Stops at the first error; requests before it are
 * active. */
TRI_API TRI_MUST_CHECK tri_status tri_request_start_all(size_t count, tri_request **requests);

/** Frees an inactive persistent request and sets *request to NULL. NULL is allowed. Local. TRI_ERR_ARGUMENT:
 * the request is active, as every request of trireme/request.h is until it is complete. */
TRI_API TRI_MUST_CHECK tri_status tri_request_free(tri_request **request);

#ifdef __cplusplus
}
#endif
#endif
