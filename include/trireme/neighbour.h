/** @file
 * Neighbourhood collective operations: each rank exchanges blocks with its neighbours only, as MPI's
 * MPI_Neighbor_... do, in a blocking, a nonblocking and a persistent form.
 *
 * A neighbourhood belongs to a communicator and has a list of sources and a list of destinations for each
 * rank. It is that of a Cartesian or graph communicator of MPI's, two lists, or a stencil: the same offsets
 * on all ranks of a grid of ranks. Block i of `send` is for destination i, block i of `recv` from source i. A
 * rank may be its own neighbour and occur several times. A neighbour MPI_PROC_NULL takes no part: its block
 * is neither read nor written.
 *
 * Stencils combine messages where the network numbers say that it pays (Träff, Lübbe, Rougier, Hunold 2014,
 * "Isomorphic, sparse MPI-like collective communication operations for parallel stencil computations"):
 * blocks travel dimension by dimension, and those with the same offset in a dimension share a message. The
 * 26 neighbours of a rank in three dimensions take 6 messages. All other calls send each block by itself.
 *
 * Arguments and meaning are those of the MPI functions, with counts of size_t; without MPI_IN_PLACE, as
 * there. Functions are collective over the communicator unless their comment says otherwise, in order with
 * its other calls. Errors, progress, threads and requests are those of trireme/collectives.h,
 * trireme/request.h and trireme/persistent.h. */
#ifndef TRIREME_NEIGHBOUR_H
#define TRIREME_NEIGHBOUR_H

#include "trireme/persistent.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A neighbourhood. Opaque. */
typedef struct tri_neighbours tri_neighbours;

/** Makes the neighbourhood of a communicator with a topology: Cartesian (MPI_Cart_create), a distributed
 * graph (MPI_Dist_graph_create...) or a graph. Neighbours are in the order of MPI's. `comm` has the ranks of
 * `topology` in their order, as tri_comm_create(topology, &comm) makes it. It is borrowed; `topology` is
 * only read. The caller frees *out with tri_neighbours_destroy(). Local. TRI_ERR_ARGUMENT: `topology` has
 * none, or other ranks; TRI_ERR_MPI; TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbours_create(MPI_Comm topology, tri_comm *comm,
                                                        tri_neighbours **out);

/** Makes a neighbourhood of lists of ranks of `comm`, or MPI_PROC_NULL, which are copied. Where one rank is
 * named several times, its blocks are received in the order in which it sends them. `comm` is borrowed; the
 * caller frees *out with tri_neighbours_destroy(). Local. TRI_ERR_ARGUMENT: no such rank; TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbours_create_lists(tri_comm *comm, int sources, const int *source,
                                                              int destinations, const int *destination,
                                                              tri_neighbours **out);

/** Makes a stencil on a grid of ranks[0] x ... x ranks[dims - 1] ranks, in row-major order: `count` offsets
 * of `dims` numbers each. Destination i is the rank at this rank's coordinates plus offset i, source i the
 * one at them minus offset i; outside of a dimension that is not periodic it is MPI_PROC_NULL. The arguments
 * are the same on all ranks and copied; `comm` is borrowed. The caller frees *out with
 * tri_neighbours_destroy(). Local. TRI_ERR_ARGUMENT: the grid has not as many ranks as `comm`, or dims is 0;
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbours_create_stencil(tri_comm *comm, int dims, const int *ranks,
                                                                const int *periodic, int count,
                                                                const int *offsets, tri_neighbours **out);

/** What the calls on a stencil do; for tests and measurements. */
typedef enum tri_neighbours_way {
    TRI_NEIGHBOURS_CHEAPEST = 0, /**< the way with the least predicted time; the default */
    TRI_NEIGHBOURS_DIRECT = 1,   /**< a message for each block */
    TRI_NEIGHBOURS_COMBINED = 2  /**< messages for each dimension, where the blocks of a stencil are equal */
} tri_neighbours_way;

/** Sets the way of later calls. Local, but every rank must pass the same way before its next call. */
TRI_API void tri_neighbours_select(tri_neighbours *neighbours, tri_neighbours_way way);

/** The way of the last call: direct or combined; TRI_NEIGHBOURS_CHEAPEST before the first one. Local. */
TRI_API tri_neighbours_way tri_neighbours_last(const tri_neighbours *neighbours);

/** The sources of this rank, in their order; *count gets their number. Belongs to the neighbourhood. Local.
 * */
TRI_API const int *tri_neighbours_sources(const tri_neighbours *neighbours, int *count);

/** The destinations of this rank, likewise. Local. */
TRI_API const int *tri_neighbours_destinations(const tri_neighbours *neighbours, int *count);

/** Frees the neighbourhood, whose requests are complete or freed, and sets *neighbours to NULL, before its
 * communicator is destroyed. Local. NULL and a pointer to NULL are allowed. */
TRI_API void tri_neighbours_destroy(tri_neighbours **neighbours);

/** MPI_Neighbor_allgather: every destination gets the `send_count` elements of `send`. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_allgather(const void *send, size_t send_count,
                                                          MPI_Datatype send_type, void *recv,
                                                          size_t recv_count, MPI_Datatype recv_type,
                                                          tri_neighbours *neighbours);

/** MPI_Neighbor_allgatherv: as tri_neighbour_allgather(); the block from source i has recv_counts[i]
 * elements, from element recv_displs[i] on. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_allgatherv(
    const void *send, size_t send_count, MPI_Datatype send_type, void *recv, const size_t *recv_counts,
    const ptrdiff_t *recv_displs, MPI_Datatype recv_type, tri_neighbours *neighbours);

/** MPI_Neighbor_alltoall: `send` and `recv` have a block of send_count and recv_count elements for each
 * neighbour. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_alltoall(const void *send, size_t send_count,
                                                         MPI_Datatype send_type, void *recv,
                                                         size_t recv_count, MPI_Datatype recv_type,
                                                         tri_neighbours *neighbours);

/** MPI_Neighbor_alltoallv: the block for destination i has send_counts[i] elements, from element
 * send_displs[i] on; recv_counts and recv_displs likewise. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_alltoallv(const void *send, const size_t *send_counts,
                                                          const ptrdiff_t *send_displs,
                                                          MPI_Datatype send_type, void *recv,
                                                          const size_t *recv_counts,
                                                          const ptrdiff_t *recv_displs,
                                                          MPI_Datatype recv_type, tri_neighbours *neighbours);

/** MPI_Neighbor_alltoallw: as tri_neighbour_alltoallv(), with a type for each block, and displacements in
 * bytes. The type of a block without elements is not read. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_alltoallw(
    const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, const MPI_Datatype *send_types,
    void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs, const MPI_Datatype *recv_types,
    tri_neighbours *neighbours);

/** Starts tri_neighbour_allgather(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ineighbour_allgather(const void *send, size_t send_count,
                                                           MPI_Datatype send_type, void *recv,
                                                           size_t recv_count, MPI_Datatype recv_type,
                                                           tri_neighbours *neighbours, tri_request **out);

/** Starts tri_neighbour_allgatherv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ineighbour_allgatherv(
    const void *send, size_t send_count, MPI_Datatype send_type, void *recv, const size_t *recv_counts,
    const ptrdiff_t *recv_displs, MPI_Datatype recv_type, tri_neighbours *neighbours, tri_request **out);

/** Starts tri_neighbour_alltoall(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ineighbour_alltoall(const void *send, size_t send_count,
                                                          MPI_Datatype send_type, void *recv,
                                                          size_t recv_count, MPI_Datatype recv_type,
                                                          tri_neighbours *neighbours, tri_request **out);

/** Starts tri_neighbour_alltoallv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ineighbour_alltoallv(
    const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, MPI_Datatype send_type,
    void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
    tri_neighbours *neighbours, tri_request **out);

/** Starts tri_neighbour_alltoallw(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_ineighbour_alltoallw(
    const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, const MPI_Datatype *send_types,
    void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs, const MPI_Datatype *recv_types,
    tri_neighbours *neighbours, tri_request **out);

/** Prepares tri_neighbour_allgather(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_allgather_init(const void *send, size_t send_count,
                                                               MPI_Datatype send_type, void *recv,
                                                               size_t recv_count, MPI_Datatype recv_type,
                                                               tri_neighbours *neighbours, tri_request **out);

/** Prepares tri_neighbour_allgatherv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_allgatherv_init(
    const void *send, size_t send_count, MPI_Datatype send_type, void *recv, const size_t *recv_counts,
    const ptrdiff_t *recv_displs, MPI_Datatype recv_type, tri_neighbours *neighbours, tri_request **out);

/** Prepares tri_neighbour_alltoall(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_alltoall_init(const void *send, size_t send_count,
                                                              MPI_Datatype send_type, void *recv,
                                                              size_t recv_count, MPI_Datatype recv_type,
                                                              tri_neighbours *neighbours, tri_request **out);

/** Prepares tri_neighbour_alltoallv(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_alltoallv_init(
    const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, MPI_Datatype send_type,
    void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
    tri_neighbours *neighbours, tri_request **out);

/** Prepares tri_neighbour_alltoallw(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_neighbour_alltoallw_init(
    const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, const MPI_Datatype *send_types,
    void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs, const MPI_Datatype *recv_types,
    tri_neighbours *neighbours, tri_request **out);

#ifdef __cplusplus
}
#endif
#endif
