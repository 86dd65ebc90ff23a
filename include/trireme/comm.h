/** @file
 * The communicator: ranks of an MPI communicator with messages of their own, that know which of them share a
 * node.
 *
 * Every function that involves several ranks takes a tri_comm; none uses MPI_COMM_WORLD. The caller
 * initialises MPI (MPI_THREAD_FUNNELED suffices) and finalises it after the last tri_comm is destroyed.
 *
 * Communicators are cheap. Those made from the same MPI communicator, by tri_comm_split() or by
 * tri_comm_create_group(), share one duplicate of it and divide its tags. Each takes a few KiB, and what only
 * some need is made later: memory shared by the ranks of a node, by the first blocking collective call and by
 * the first long one (without a communicator of MPI's, so that calls on other communicators cannot get in
 * the way); a communicator of MPI's, by tri_comm_mpi().
 *
 * Threads: one thread at a time uses a tri_comm. The same holds for a communicator together with all that
 * tri_comm_split() and tri_comm_create_group() make from it, because each of them progresses the requests of
 * all (trireme/request.h). Threads may use other communicators at once, and make and destroy them, if MPI was
 * initialised with MPI_THREAD_MULTIPLE.
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

/** A communicator. Opaque. */
typedef struct tri_comm tri_comm;

/** Options of tri_comm_create_with(). NULL selects the default of a field. */
typedef struct tri_comm_options {
    /** Nodes as the caller defines them, for experiments with shapes that the machine does not have: ranks
     * with equal node_of[rank] form a node. One entry for each rank, the same on all ranks; copied. NULL:
     * ranks that MPI_Comm_split_type(MPI_COMM_TYPE_SHARED) puts together form a node. */
    const int *node_of;
    /** Names of algorithms as for tri_comm_select(); rank 0's are used. NULL: the environment variable
     * TRIREME_ALGORITHM, or the cheapest algorithms where it is not set. */
    const char *algorithms;
    /** A file of network numbers, or "none" for the defaults; rank 0's is used. NULL: see
     * trireme/network.h. */
    const char *network;
    /** A communicator with all ranks of `parent`, which carries the messages of the new one, too: that takes
     * no communicator of MPI's and no attribute callback of the program. Algorithms and network numbers are
     * those of `carrier`, and the fields above are not used. It may be destroyed before the new one. NULL:
     * none. */
    const struct tri_comm *carrier;
} tri_comm_options;

/** Makes a communicator of the ranks of `parent`, an intra-communicator, with the default options; see
 * tri_comm_create_with(). */
TRI_API TRI_MUST_CHECK tri_status tri_comm_create(MPI_Comm parent, tri_comm **out);

/** Makes a communicator of the ranks of `parent`, an intra-communicator, whose messages are separate from
 * those of the program and of all other communicators. `parent` may be freed before it. A later call is
 * collective only where its comment says so. `options` may be NULL. The caller frees *out with
 * tri_comm_destroy(). Collective over `parent`; all ranks get the same status. TRI_ERR_ARGUMENT: unknown
 * algorithm, or a carrier without a rank of `parent`; TRI_ERR_FILE, TRI_ERR_DATA: the network file;
 * TRI_ERR_MPI; TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_comm_create_with(MPI_Comm parent, const tri_comm_options *options,
                                                       tri_comm **out);

/** Makes a communicator of the ranks of `comm` that pass the same colour, in the order of their keys; ranks
 * with the same key stay in their order (MPI_Comm_split). A rank with a negative colour gets *out = NULL.
 * Algorithms and network numbers are those of `comm`, which may be destroyed first. The caller frees *out
 * with tri_comm_destroy(). Collective over `comm`. TRI_ERR_MPI, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_comm_split(tri_comm *comm, int colour, int key, tri_comm **out);

/** Makes a communicator of `count` ranks of `comm`, in the order of `ranks`, as tri_comm_split() does for a
 * colour. Collective over these ranks only: each passes the same list, and the others need not call.
 * TRI_ERR_ARGUMENT, alike on all of them: the list has a rank that does not exist, or one twice, or not the
 * calling one; nothing has been sent. TRI_ERR_MPI, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_comm_create_group(tri_comm *comm, int count, const int *ranks,
                                                        tri_comm **out);

/** Frees *comm and sets it to NULL. Collective: all ranks call it, after their last call on *comm, but none
 * waits for another. NULL and a pointer to NULL are allowed. */
TRI_API void tri_comm_destroy(tri_comm **comm);

/** A communicator of MPI's with the same ranks, for MPI calls of the program's own. It returns errors
 * (MPI_ERRORS_RETURN) and belongs to `comm`. The first call makes it and is collective over `comm`; later
 * ones are local. The program's collective calls on it and nonblocking reductions on `comm` by operations of
 * the program (trireme/request.h) come in the same order on all ranks. MPI_COMM_NULL: MPI cannot make one
 * more; tri_error_text() has the reason. */
TRI_API MPI_Comm tri_comm_mpi(const tri_comm *comm);

/** This process's rank in the communicator. Local. */
TRI_API int tri_comm_rank(const tri_comm *comm);

/** Number of ranks. Local. */
TRI_API int tri_comm_size(const tri_comm *comm);

/** Host name of this rank, without the domain. Belongs to the communicator. Local. */
TRI_API const char *tri_comm_host(const tri_comm *comm);

/** Which ranks share a node. Nodes are numbered in the order of their lowest ranks. */
typedef struct tri_shape {
    int nodes;             /**< number of nodes */
    int largest;           /**< number of ranks of the largest node */
    const int *node_of;    /**< node_of[rank] for each rank */
    const int *members;    /**< all ranks, node by node, ascending within a node */
    const int *node_start; /**< node n has members[node_start[n]] to members[node_start[n + 1] - 1] */
    int node;              /**< node of this rank */
    int local_rank;        /**< index of this rank among the members of its node */
    int local_size;        /**< number of members of this rank's node */
    int irregular;         /**< nodes, except the last, do not all have `largest` consecutive ranks */
} tri_shape;

/** The nodes of a communicator. Belongs to the communicator. Local. */
TRI_API const tri_shape *tri_comm_shape(const tri_comm *comm);

/** Agrees on failures that only some ranks have while no message is in flight. Returns the worst status of
 * all ranks on every rank. Where it is not TRI_OK, tri_error_text() becomes that of the lowest rank with the
 * worst status on every rank: "[rank 3 of 8 on n017] cannot open 'a.h5': no such file (and 2 more)", where 2
 * more ranks failed in any way. Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_agree(tri_comm *comm, tri_status mine);

/** Whether this thread's last failure was returned by tri_agree(), so that all ranks have it. Local,
 * thread-safe. */
TRI_API int tri_agreed(void);

/** Writes name and version of the MPI library, such as "Open MPI v4.1.4" or "MPICH Version: 4.0.2", cut to
 * `room` bytes with the final NUL. Local, thread-safe. */
TRI_API void tri_mpi_library(char *out, size_t room);

/** Converts an MPI error code to TRI_OK or TRI_ERR_MPI with MPI's text; `call` names the call. Local,
 * thread-safe. */
TRI_API TRI_MUST_CHECK tri_status tri_mpi_status(int mpi_error, const char *call);

/** Returns from the calling function where an MPI call fails, with TRI_ERR_MPI: TRI_MPI(MPI_Bcast(...)); */
#define TRI_MPI(call) TRI_TRY(tri_mpi_status(call, #call))

#ifdef __cplusplus
}
#endif
#endif
