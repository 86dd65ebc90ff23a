/* Collective operations that go on while the caller does something else.
 *
 * A call takes the arguments of its blocking form, starts, and gives a request. Buffers, type and operation belong
 * to the call until the request is complete. All ranks make their collective calls on a communicator, blocking
 * ones and these, in the same order; requests may be completed in any order. Work is done inside
 * tri_request_test(), tri_request_wait() and tri_comm_progress(), each of which takes all requests further that are
 * pending on the communicator and on those that tri_comm_split() made of it, of which it was made, or of the same
 * one; blocking collective calls do so, too, while they wait. A program that computes for long calls one of them
 * now and then. What does not: MPI's own calls, tri_send() and tri_recv(), and calls on a communicator that
 * tri_comm_create() made. A rank that waits in one of them for another rank, which itself waits for a request that
 * needs this rank, waits for ever: complete the request first. Requests are complete before their communicator is
 * destroyed.
 *
 * The algorithms are those of trireme/collectives.h but for the ones in shared memory. Errors are theirs too; a
 * request that failed while in flight tells so when it is waited for or tested.
 */
#ifndef TRIREME_REQUEST_H
#define TRIREME_REQUEST_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_request tri_request;

TRI_API TRI_MUST_CHECK tri_status tri_ibcast(void *buffer, size_t count, MPI_Datatype type, int root,
                                             tri_comm *comm, tri_request **out);
TRI_API TRI_MUST_CHECK tri_status tri_ireduce(const void *send, void *recv, size_t count, MPI_Datatype type,
                                              MPI_Op op, int root, tri_comm *comm, tri_request **out);
TRI_API TRI_MUST_CHECK tri_status tri_iallreduce(const void *send, void *recv, size_t count,
                                                 MPI_Datatype type, MPI_Op op, tri_comm *comm,
                                                 tri_request **out);
TRI_API TRI_MUST_CHECK tri_status tri_ialltoall(const void *send, size_t send_count, MPI_Datatype send_type,
                                                void *recv, size_t recv_count, MPI_Datatype recv_type,
                                                tri_comm *comm, tri_request **out);

/* Whether it is complete. Then, and where it failed, *request is freed and NULL; a NULL request is complete. */
TRI_API TRI_MUST_CHECK tri_status tri_request_test(tri_request **request, int *done);
/* Returns when it is complete; *request is freed and NULL. */
TRI_API TRI_MUST_CHECK tri_status tri_request_wait(tri_request **request);
/* Takes all requests further, as said above. Failures are kept for their owners. */
TRI_API void tri_comm_progress(tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
