/** @file
 * Which algorithms a communicator uses: the cheapest ones, or those that are named.
 *
 * tri_comm_create() takes the names from tri_comm_options.algorithms or from the environment variable
 * TRIREME_ALGORITHM of rank 0; tri_comm_split() takes them from its parent.
 */
#ifndef TRIREME_SELECT_H
#define TRIREME_SELECT_H

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Selects algorithms by name, "bcast:binomial,reduce:linear"; "" selects the cheapest ones. Where a named
 * algorithm cannot do a case, the cheapest one is used, or with a '!' after the name, "bcast:binomial!", the
 * call fails on all ranks with TRI_ERR_ARGUMENT. Local, but every rank must pass the same text before its
 * next collective call. TRI_ERR_ARGUMENT: no such operation or algorithm; the text lists the known ones. */
TRI_API TRI_MUST_CHECK tri_status tri_comm_select(tri_comm *comm, const char *names);

/** The algorithm of the last collective call on this communicator, blocking or nonblocking; "" before the
 * first, where MPI did the call and in shared memory of nonblocking calls (trireme/request.h). A static
 * string. Local. */
TRI_API const char *tri_comm_algorithm(const tri_comm *comm);

#ifdef __cplusplus
}
#endif
#endif
