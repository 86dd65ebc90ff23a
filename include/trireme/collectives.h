/* Collective operations with MPI's meaning and argument order, and counts of size_t.
 *
 * Every operation has several algorithms (`apps/list` names them). The one with the least predicted time is
 * taken, by the network numbers of trireme/network.h, unless one is asked for by name with tri_comm_select() or
 * the variable TRIREME_ALGORITHM. All ranks choose alike.
 *
 * Types: any for operations that only move data; for operations that combine, what MPI_Reduce allows.
 * Operations that do not commute are combined in rank order. MPI_IN_PLACE means what it means in MPI. Calls
 * with different counts on different ranks, where MPI wants equal ones, are errors of the caller.
 *
 * Errors: TRI_ERR_ARGUMENT for what is wrong on every rank alike, before anything is sent; TRI_ERR_MEMORY or
 * TRI_ERR_MPI may leave messages in flight, so the communicator cannot be used any more.
 */
#ifndef TRIREME_COLLECTIVES_H
#define TRIREME_COLLECTIVES_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one list of operations: X(NAME, value, name, sentence). */
#define TRI_OPERATION_LIST(X)                                                                                \
    X(BARRIER, 0, barrier, "nobody goes on before everybody has come")                                       \
    X(BCAST, 1, bcast, "the root's vector goes to every rank")                                               \
    X(SCATTER, 2, scatter, "the root gives each rank its block")                                             \
    X(GATHER, 3, gather, "the root gets each rank's block")                                                  \
    X(ALLGATHER, 4, allgather, "every rank gets each rank's block")                                          \
    X(ALLTOALL, 5, alltoall, "every rank gives each rank a block")                                           \
    X(REDUCE, 6, reduce, "the root gets the combination of all vectors")                                     \
    X(ALLREDUCE, 7, allreduce, "every rank gets the combination of all vectors")                             \
    X(REDUCE_SCATTER, 8, reduce_scatter, "each rank gets its block of the combination")                      \
    X(SCAN, 9, scan, "rank r gets the combination of the vectors of ranks 0 to r")                           \
    X(EXSCAN, 10, exscan, "rank r gets the combination of the vectors of ranks 0 to r - 1")

typedef enum tri_operation {
#define TRI_OPERATION_ENUM(NAME, value, name, text) TRI_##NAME = value,
    TRI_OPERATION_LIST(TRI_OPERATION_ENUM)
#undef TRI_OPERATION_ENUM
        TRI_OPERATION_COUNT
} tri_operation;

/* "bcast" for TRI_BCAST; "unknown" for what is no operation. A static string. */
TRI_API const char *tri_operation_name(tri_operation operation);

TRI_API TRI_MUST_CHECK tri_status tri_barrier(tri_comm *comm);

TRI_API TRI_MUST_CHECK tri_status tri_bcast(void *buffer, size_t count, MPI_Datatype type, int root,
                                            tri_comm *comm);

/* `send` matters at the root alone (it may be NULL elsewhere), as in MPI; the like holds for what follows. */
TRI_API TRI_MUST_CHECK tri_status tri_scatter(const void *send, size_t send_count, MPI_Datatype send_type,
                                              void *recv, size_t recv_count, MPI_Datatype recv_type, int root,
                                              tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_gather(const void *send, size_t send_count, MPI_Datatype send_type,
                                             void *recv, size_t recv_count, MPI_Datatype recv_type, int root,
                                             tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_allgather(const void *send, size_t send_count, MPI_Datatype send_type,
                                                void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_alltoall(const void *send, size_t send_count, MPI_Datatype send_type,
                                               void *recv, size_t recv_count, MPI_Datatype recv_type,
                                               tri_comm *comm);

/* The forms with a count and a displacement (in elements) for each rank. */
TRI_API TRI_MUST_CHECK tri_status tri_scatterv(const void *send, const size_t *send_counts,
                                               const size_t *send_displs, MPI_Datatype send_type, void *recv,
                                               size_t recv_count, MPI_Datatype recv_type, int root,
                                               tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_gatherv(const void *send, size_t send_count, MPI_Datatype send_type,
                                              void *recv, const size_t *recv_counts,
                                              const size_t *recv_displs, MPI_Datatype recv_type, int root,
                                              tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_allgatherv(const void *send, size_t send_count, MPI_Datatype send_type,
                                                 void *recv, const size_t *recv_counts,
                                                 const size_t *recv_displs, MPI_Datatype recv_type,
                                                 tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_alltoallv(const void *send, const size_t *send_counts,
                                                const size_t *send_displs, MPI_Datatype send_type, void *recv,
                                                const size_t *recv_counts, const size_t *recv_displs,
                                                MPI_Datatype recv_type, tri_comm *comm);

/* How a program combines long vectors by its threads: right = left op right for `count` elements, the bits that
 * MPI_Reduce_local() gives. Returns 0 where it leaves that to MPI: for types and operations that it does not know, or where
 * its threads have other work. Called by the thread that makes the collective call. */
typedef int (*tri_combine)(void *data, const void *left, void *right, size_t count, MPI_Datatype type,
                           MPI_Op op);

/* From now on the calls on this communicator ask `combine` first for pieces of 256 KiB and more; NULL: no more. Local,
 * and ranks may differ. `data` is passed on, and stays the caller's. */
TRI_API void tri_comm_set_combine(tri_comm *comm, tri_combine combine, void *data);

TRI_API TRI_MUST_CHECK tri_status tri_reduce(const void *send, void *recv, size_t count, MPI_Datatype type,
                                             MPI_Op op, int root, tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_allreduce(const void *send, void *recv, size_t count, MPI_Datatype type,
                                                MPI_Op op, tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_reduce_scatter(const void *send, void *recv, const size_t *recv_counts,
                                                     MPI_Datatype type, MPI_Op op, tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_reduce_scatter_block(const void *send, void *recv, size_t recv_count,
                                                           MPI_Datatype type, MPI_Op op, tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_scan(const void *send, void *recv, size_t count, MPI_Datatype type,
                                           MPI_Op op, tri_comm *comm);
TRI_API TRI_MUST_CHECK tri_status tri_exscan(const void *send, void *recv, size_t count, MPI_Datatype type,
                                             MPI_Op op, tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
