/* Messages of any size: MPI's point-to-point calls with size_t counts, on MPI 3.1.
 *
 * A count above INT_MAX travels as one message of a derived type, so a matching receive may also be posted
 * with plain MPI calls. Tags are 0 to TRI_TAG_LAST; higher ones belong to the library. Errors: TRI_ERR_MPI.
 */
#ifndef TRIREME_MESSAGE_H
#define TRIREME_MESSAGE_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRI_TAG_LAST = 16383 };

TRI_API TRI_MUST_CHECK tri_status tri_send(const void *data, size_t count, MPI_Datatype type, int peer,
                                           int tag, tri_comm *comm);
/* The message must have exactly `count` elements. */
TRI_API TRI_MUST_CHECK tri_status tri_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag,
                                           tri_comm *comm);
/* Sends and receives at once, so that no order of calls can deadlock. */
TRI_API TRI_MUST_CHECK tri_status tri_exchange(const void *send, size_t send_count, int to, void *recv,
                                               size_t recv_count, int from, MPI_Datatype type, int tag,
                                               tri_comm *comm);
/* To be completed by MPI_Wait and its relatives. */
TRI_API TRI_MUST_CHECK tri_status tri_isend(const void *data, size_t count, MPI_Datatype type, int peer,
                                            int tag, tri_comm *comm, MPI_Request *out);
TRI_API TRI_MUST_CHECK tri_status tri_irecv(void *data, size_t count, MPI_Datatype type, int peer, int tag,
                                            tri_comm *comm, MPI_Request *out);

#ifdef __cplusplus
}
#endif
#endif
