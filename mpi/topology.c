#include "mpi/topology.h"

#include <stdlib.h>
#include <string.h>

#include "mpi/comm.h"

/* Whether rank r of `topology` is rank r of `comm`. */
static tri_status check_same_ranks(MPI_Comm topology, const tri_comm *comm) {
    MPI_Group theirs, carried;
    int size, wrong = 0;
    TRI_MPI(MPI_Comm_size(topology, &size));
    if (size != comm->size)
        return tri_fail(TRI_ERR_ARGUMENT, "the topology has %d ranks, the communicator %d", size, comm->size);
    int *ranks = malloc(2 * (size_t)size * sizeof *ranks), *found = ranks + size;
    if (!ranks) return tri_fail(TRI_ERR_MEMORY, "out of memory for a group of %d ranks", size);
    for (int rank = 0; rank < size; rank++)
        ranks[rank] = rank;
    MPI_Comm_group(topology, &theirs);
    MPI_Comm_group(comm->mpi, &carried);
    int error = MPI_Group_translate_ranks(theirs, size, ranks, carried, found);
    MPI_Group_free(&theirs);
    MPI_Group_free(&carried);
    for (int rank = 0; rank < size && error == MPI_SUCCESS; rank++)
        wrong += found[rank] != tri_carried(comm->ranks, rank);
    free(ranks);
    TRI_TRY(tri_mpi_status(error, "MPI_Group_translate_ranks"));
    return wrong ? tri_fail(TRI_ERR_ARGUMENT, "the ranks of the topology are not those of the communicator")
                 : TRI_OK;
}

tri_status tri_topology_count(MPI_Comm topology, const tri_comm *comm, int *sources, int *destinations,
                              int *directed) {
    int kind, rank, weighted;
    TRI_MPI(MPI_Topo_test(topology, &kind));
    if (kind == MPI_UNDEFINED)
        return tri_fail(TRI_ERR_ARGUMENT, "the MPI communicator has no topology: make it with "
                                          "MPI_Cart_create() or MPI_Dist_graph_create_adjacent()");
    TRI_TRY(check_same_ranks(topology, comm));
    *directed = kind == MPI_CART;
    if (kind == MPI_DIST_GRAPH)
        return tri_mpi_status(MPI_Dist_graph_neighbors_count(topology, sources, destinations, &weighted),
                              "MPI_Dist_graph_neighbors_count");
    TRI_MPI(MPI_Comm_rank(topology, &rank));
    if (kind == MPI_CART) {
        TRI_MPI(MPI_Cartdim_get(topology, sources));
        *sources *= 2;
    } else {
        TRI_MPI(MPI_Graph_neighbors_count(topology, rank, sources));
    }
    *destinations = *sources;
    return TRI_OK;
}

/* Weights are read, too: MPI has no call without them. */
static tri_status read_dist_graph(MPI_Comm topology, int sources, int *source, int destinations,
                                  int *destination) {
    int *weights = malloc(((size_t)sources + (size_t)destinations + 1) * sizeof *weights);
    if (!weights) return tri_fail(TRI_ERR_MEMORY, "out of memory for %d neighbours", sources);
    int error = MPI_Dist_graph_neighbors(topology, sources, source, weights, destinations, destination,
                                         weights + sources);
    free(weights);
    return tri_mpi_status(error, "MPI_Dist_graph_neighbors");
}

tri_status tri_topology_read(MPI_Comm topology, int sources, int *source, int destinations,
                             int *destination) {
    int kind, rank;
    TRI_MPI(MPI_Topo_test(topology, &kind));
    if (kind == MPI_DIST_GRAPH) return read_dist_graph(topology, sources, source, destinations, destination);
    TRI_MPI(MPI_Comm_rank(topology, &rank));
    if (kind == MPI_GRAPH) TRI_MPI(MPI_Graph_neighbors(topology, rank, sources, source));
    for (int d = 0; kind == MPI_CART && d < sources / 2; d++)
        TRI_MPI(MPI_Cart_shift(topology, d, 1, &source[2 * d], &source[2 * d + 1]));
    if (sources) memcpy(destination, source, (size_t)sources * sizeof *source);
    return TRI_OK;
}
