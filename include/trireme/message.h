/** @file
 * Messages of any size: MPI's point-to-point calls with size_t counts, on MPI 3.1.
 *
 * A count above INT_MAX is sent as one message of a derived type, so plain MPI calls can send and receive it,
 * too. Counts are in elements of `type`. Tags are 0 to TRI_TAG_LAST; higher ones belong to the library.
 * Errors: TRI_ERR_ARGUMENT: a wrong tag, a null type, a count that exceeds the address space; TRI_ERR_MPI.
 */
#ifndef TRIREME_MESSAGE_H
#define TRIREME_MESSAGE_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The range of tags. */
enum {
    TRI_TAG_LAST = 16383 /**< the largest tag of a program */
};

/** Sends `count` elements to rank `peer` (MPI_Send). Returns when `data` may be reused. */
TRI_API TRI_MUST_CHECK tri_status tri_send(const void *data, size_t count, MPI_Datatype type, int peer,
                                           int tag, tri_comm *comm);

/** Receives exactly `count` elements from rank `peer` (MPI_Recv). */
TRI_API TRI_MUST_CHECK tri_status tri_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag,
                                           tri_comm *comm);

/** Sends to rank `to` and receives from rank `from` at once (MPI_Sendrecv), so that no order of calls
 * deadlocks. */
TRI_API TRI_MUST_CHECK tri_status tri_exchange(const void *send, size_t send_count, int to, void *recv,
                                               size_t recv_count, int from, MPI_Datatype type, int tag,
                                               tri_comm *comm);

/** Starts tri_send(); the caller completes *out with MPI_Wait() or a call like it, or together with
 * collectives by tri_request_adopt() (trireme/request.h). `data` is borrowed until then. */
TRI_API TRI_MUST_CHECK tri_status tri_isend(const void *data, size_t count, MPI_Datatype type, int peer,
                                            int tag, tri_comm *comm, MPI_Request *out);

/** Starts tri_recv(); the caller completes *out as that of tri_isend(). `data` is borrowed until then. */
TRI_API TRI_MUST_CHECK tri_status tri_irecv(void *data, size_t count, MPI_Datatype type, int peer, int tag,
                                            tri_comm *comm, MPI_Request *out);

#ifdef __cplusplus
}
#endif
#endif
