/** @file
 * Blocking collective operations with MPI's meaning and argument order, and counts of size_t.
 *
 * Every operation has several algorithms (`apps/list` names them). The one with the least predicted time is
 * used, by the network numbers of trireme/network.h, unless tri_comm_select(), tri_comm_options or the
 * environment variable TRIREME_ALGORITHM names one. All ranks make the same choice.
 *
 * Counts are in elements of the type. Types: any for operations that only move data; what MPI_Reduce allows
 * for operations that combine. Bytes that a type does not own are neither read nor written. Operations that
 * do not commute are combined in rank order. MPI_IN_PLACE has the meaning that it has in MPI. An argument
 * that MPI ignores on a rank is ignored and may be NULL. Ranks must pass equal counts where MPI requires it.
 *
 * Functions are collective over `comm` unless their comment says otherwise. TRI_ERR_ARGUMENT: an argument
 * that is wrong on every rank alike, such as an operation that does not fit the type; nothing has been sent.
 * After TRI_ERR_MEMORY or TRI_ERR_MPI messages may be in flight, and the communicator cannot be used any
 * more.
 */
#ifndef TRIREME_COLLECTIVES_H
#define TRIREME_COLLECTIVES_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The operations: X(NAME, value, name, sentence). New ones are appended. */
#define TRI_OPERATION_LIST(X)                                                                                \
    X(BARRIER, 0, barrier, "no rank leaves before all have entered")                                         \
    X(BCAST, 1, bcast, "every rank gets the root's vector")                                                  \
    X(SCATTER, 2, scatter, "every rank gets its block from the root")                                        \
    X(GATHER, 3, gather, "the root gets the blocks of all ranks")                                            \
    X(ALLGATHER, 4, allgather, "every rank gets the blocks of all ranks")                                    \
    X(ALLTOALL, 5, alltoall, "every rank gets a block from every rank")                                      \
    X(REDUCE, 6, reduce, "the root gets the combination of all vectors")                                     \
    X(ALLREDUCE, 7, allreduce, "every rank gets the combination of all vectors")                             \
    X(REDUCE_SCATTER, 8, reduce_scatter, "every rank gets its block of the combination of all vectors")      \
    X(SCAN, 9, scan, "rank r gets the combination of the vectors of ranks 0 to r")                           \
    X(EXSCAN, 10, exscan, "rank r gets the combination of the vectors of ranks 0 to r - 1")

/** A collective operation: TRI_BARRIER to TRI_EXSCAN, the names of TRI_OPERATION_LIST(). */
typedef enum tri_operation {
#define TRI_OPERATION_ENUM(NAME, value, name, text) TRI_##NAME = value,
    TRI_OPERATION_LIST(TRI_OPERATION_ENUM)
#undef TRI_OPERATION_ENUM
        TRI_OPERATION_COUNT /**< number of operations; grows */
} tri_operation;

/** The name of an operation, such as "bcast"; "unknown" for any other value. A static string. Local,
 * thread-safe. */
TRI_API const char *tri_operation_name(tri_operation operation);

/** MPI_Barrier. */
TRI_API TRI_MUST_CHECK tri_status tri_barrier(tri_comm *comm);

/** MPI_Bcast: `count` elements of the root's `buffer` to all ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_bcast(void *buffer, size_t count, MPI_Datatype type, int root,
                                            tri_comm *comm);

/** MPI_Scatter: the root's `send` has a block of send_count elements for each rank. */
TRI_API TRI_MUST_CHECK tri_status tri_scatter(const void *send, size_t send_count, MPI_Datatype send_type,
                                              void *recv, size_t recv_count, MPI_Datatype recv_type, int root,
                                              tri_comm *comm);

/** MPI_Gather: the root's `recv` has room for a block of recv_count elements from each rank. */
TRI_API TRI_MUST_CHECK tri_status tri_gather(const void *send, size_t send_count, MPI_Datatype send_type,
                                             void *recv, size_t recv_count, MPI_Datatype recv_type, int root,
                                             tri_comm *comm);

/** MPI_Allgather: every rank's `recv` has room for a block of recv_count elements from each rank. */
TRI_API TRI_MUST_CHECK tri_status tri_allgather(const void *send, size_t send_count, MPI_Datatype send_type,
                                                void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                tri_comm *comm);

/** MPI_Alltoall: `send` and `recv` have a block of send_count and recv_count elements for each rank. */
TRI_API TRI_MUST_CHECK tri_status tri_alltoall(const void *send, size_t send_count, MPI_Datatype send_type,
                                               void *recv, size_t recv_count, MPI_Datatype recv_type,
                                               tri_comm *comm);

/** MPI_Scatterv: rank r gets send_counts[r] elements of the root's `send`, from element send_displs[r] on. */
TRI_API TRI_MUST_CHECK tri_status tri_scatterv(const void *send, const size_t *send_counts,
                                               const ptrdiff_t *send_displs, MPI_Datatype send_type,
                                               void *recv, size_t recv_count, MPI_Datatype recv_type,
                                               int root, tri_comm *comm);

/** MPI_Gatherv: the block of rank r is recv_counts[r] elements of the root's `recv`, from element
 * recv_displs[r] on. */
TRI_API TRI_MUST_CHECK tri_status tri_gatherv(const void *send, size_t send_count, MPI_Datatype send_type,
                                              void *recv, const size_t *recv_counts,
                                              const ptrdiff_t *recv_displs, MPI_Datatype recv_type, int root,
                                              tri_comm *comm);

/** MPI_Allgatherv: the block of rank r is recv_counts[r] elements of every `recv`, from element
 * recv_displs[r] on. */
TRI_API TRI_MUST_CHECK tri_status tri_allgatherv(const void *send, size_t send_count, MPI_Datatype send_type,
                                                 void *recv, const size_t *recv_counts,
                                                 const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                                                 tri_comm *comm);

/** MPI_Alltoallv: the block for rank r is send_counts[r] elements of `send`, from element send_displs[r] on;
 * the block from rank r has recv_counts[r] elements of `recv`, from element recv_displs[r] on. */
TRI_API TRI_MUST_CHECK tri_status tri_alltoallv(const void *send, const size_t *send_counts,
                                                const ptrdiff_t *send_displs, MPI_Datatype send_type,
                                                void *recv, const size_t *recv_counts,
                                                const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                                                tri_comm *comm);

/** MPI_Alltoallw: as tri_alltoallv(), with a type for each block, and displacements in bytes. The type of a
 * block without elements is not read. */
TRI_API TRI_MUST_CHECK tri_status tri_alltoallw(const void *send, const size_t *send_counts,
                                                const ptrdiff_t *send_displs, const MPI_Datatype *send_types,
                                                void *recv, const size_t *recv_counts,
                                                const ptrdiff_t *recv_displs, const MPI_Datatype *recv_types,
                                                tri_comm *comm);

/** A program's function that combines long vectors, for example with its threads: right = left op right for
 * `count` elements, with the bits of MPI_Reduce_local(). Returns 0 where it leaves the work to the library:
 * for types and operations that it does not know, or where its threads are busy. Called by the thread that
 * makes the collective call. */
typedef int (*tri_combine)(void *data, const void *left, void *right, size_t count, MPI_Datatype type,
                           MPI_Op op);

/** Makes later calls on this communicator try `combine` for pieces of 256 KiB and more; NULL ends that.
 * `data` is passed on to it and stays the caller's. Local; ranks may differ. */
TRI_API void tri_comm_set_combine(tri_comm *comm, tri_combine combine, void *data);

/** MPI_Reduce: combines vectors of `count` elements at the root. */
TRI_API TRI_MUST_CHECK tri_status tri_reduce(const void *send, void *recv, size_t count, MPI_Datatype type,
                                             MPI_Op op, int root, tri_comm *comm);

/** MPI_Allreduce: combines vectors of `count` elements on all ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_allreduce(const void *send, void *recv, size_t count, MPI_Datatype type,
                                                MPI_Op op, tri_comm *comm);

/** MPI_Reduce_scatter: rank r gets its block of recv_counts[r] elements; recv_counts is the same on all
 * ranks. */
TRI_API TRI_MUST_CHECK tri_status tri_reduce_scatter(const void *send, void *recv, const size_t *recv_counts,
                                                     MPI_Datatype type, MPI_Op op, tri_comm *comm);

/** MPI_Reduce_scatter_block: each rank gets its block of recv_count elements. */
TRI_API TRI_MUST_CHECK tri_status tri_reduce_scatter_block(const void *send, void *recv, size_t recv_count,
                                                           MPI_Datatype type, MPI_Op op, tri_comm *comm);

/** MPI_Scan: combines the vectors of ranks 0 to r at rank r. */
TRI_API TRI_MUST_CHECK tri_status tri_scan(const void *send, void *recv, size_t count, MPI_Datatype type,
                                           MPI_Op op, tri_comm *comm);

/** MPI_Exscan: combines the vectors of ranks 0 to r - 1 at rank r; `recv` of rank 0 is undefined. */
TRI_API TRI_MUST_CHECK tri_status tri_exscan(const void *send, void *recv, size_t count, MPI_Datatype type,
                                             MPI_Op op, tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
