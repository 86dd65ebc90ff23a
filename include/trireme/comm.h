/* The communicator: a private, named duplicate of an MPI communicator that knows which ranks share a node.
 *
 * Everything of the library that involves several ranks takes a tri_comm; nothing uses MPI_COMM_WORLD. The
 * caller starts MPI (MPI_THREAD_FUNNELED is enough) and ends it after the last tri_comm is destroyed. A
 * tri_comm is used by one thread at a time, and so are those that tri_comm_split() makes of it: each of them takes
 * the requests of all further (trireme/request.h).
 */
#ifndef TRIREME_COMM_H
#define TRIREME_COMM_H

/* The C++ bindings of older MPI libraries need libraries of their own. */
#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1 /**< Keeps Open MPI's C++ bindings out of mpi.h. */
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1 /**< Keeps MPICH's C++ bindings out of mpi.h. */
#endif
#include <mpi.h>
#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_comm tri_comm;

/* Options of tri_comm_create_with(). A field that is NULL takes its default. */
typedef struct tri_comm_options {
    /* Nodes by the caller's definition, for experiments with shapes that a machine does not have: ranks with equal
     * node_of[rank] are a node. One entry for each rank, the same on all ranks; it is copied. NULL: ranks that
     * MPI_Comm_split_type(MPI_COMM_TYPE_SHARED) puts together are a node. */
    const int *node_of;
    /* Rank 0's are used. As in tri_comm_select(); NULL: the variable TRIREME_ALGORITHM, or the free choice. */
    const char *algorithms;
    /* Rank 0's is used. A file of network numbers, or "none" for the defaults; NULL: as trireme/network.h says. */
    const char *network;
} tri_comm_options;

/* Duplicates `parent`, an intra-communicator, and makes all that later calls need, so that no later call but those that say
 * so is collective. The caller frees it with tri_comm_destroy(). Collective over `parent`; all ranks get the same status.
 * TRI_ERR_ARGUMENT: unknown algorithm; TRI_ERR_FILE, TRI_ERR_DATA: the network file; TRI_ERR_MPI; TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_comm_create(MPI_Comm parent, tri_comm **out);
TRI_API TRI_MUST_CHECK tri_status tri_comm_create_with(MPI_Comm parent, const tri_comm_options *options,
                                                       tri_comm **out);

/* A communicator of the ranks of `comm` that pass the same colour, in their order; a rank with a negative colour gets
 * *out = NULL. Algorithms and network numbers are those of `comm`. Collective over `comm`. TRI_ERR_MPI, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_comm_split(tri_comm *comm, int colour, tri_comm **out);

/* Collective. NULL and a pointer to NULL do nothing. */
TRI_API void tri_comm_destroy(tri_comm **comm);

/* The duplicate itself, for calls this library does not have. It returns errors (MPI_ERRORS_RETURN). */
TRI_API MPI_Comm tri_comm_mpi(const tri_comm *comm);
TRI_API int tri_comm_rank(const tri_comm *comm);
TRI_API int tri_comm_size(const tri_comm *comm);
/* Host name of this rank, without the domain. Belongs to the communicator. */
TRI_API const char *tri_comm_host(const tri_comm *comm);

/* Which ranks share a node. Nodes are numbered by their lowest rank. */
typedef struct tri_shape {
    int nodes;
    int largest;           /* ranks of the fullest node */
    const int *node_of;    /* node_of[rank], one entry for each rank */
    const int *members;    /* all ranks, node by node, ascending within a node */
    const int *node_start; /* members of node n: members[node_start[n]] .. members[node_start[n + 1] - 1] */
    int node;              /* node of this rank */
    int local_rank;        /* index of this rank among its node's members */
    int local_size;        /* members of this rank's node */
    int irregular;         /* the nodes, but for the last, do not have `largest` consecutive ranks each */
} tri_shape;

/* Belongs to the communicator. */
TRI_API const tri_shape *tri_comm_shape(const tri_comm *comm);

/* Agreement on errors, for failures that some ranks have and others do not while no message is in flight.
 * Collective. Returns the worst status of all ranks, on every rank. Where it is not TRI_OK, every rank's
 * tri_error_text() becomes that of the lowest rank with the worst status, as [rank 3 of 8 on n017] cannot
 * open 'a.h5': no such file (and 2 more) where 2 more ranks failed in whatever way. */
TRI_API TRI_MUST_CHECK tri_status tri_agree(tri_comm *comm, tri_status mine);

/* Whether this thread's last failure came out of tri_agree(), so that all ranks have it. */
TRI_API int tri_agreed(void);

/* The MPI library, as "Open MPI v4.1.4" or "MPICH Version: 4.0.2", cut to the room. */
TRI_API void tri_mpi_library(char *out, size_t room);

/* Turns an MPI error code into TRI_OK or TRI_ERR_MPI with MPI's own text; `call` names the call. */
TRI_API TRI_MUST_CHECK tri_status tri_mpi_status(int mpi_error, const char *call);

/* TRI_MPI(MPI_Bcast(...)); returns from the calling function where the call fails. */
#define TRI_MPI(call) TRI_TRY(tri_mpi_status(call, #call))

#ifdef __cplusplus
}
#endif
#endif
