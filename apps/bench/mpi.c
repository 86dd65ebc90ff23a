/* The peer: messages and neighbourhood collectives by the MPI library underneath. */
#include "apps/bench/neighbours.h"
#include "apps/bench/p2p.h"

enum { TAG = 2 };

tri_status bench_round_trip_mpi(const bench_pair *p) {
    MPI_Comm comm = tri_comm_mpi(p->comm);
    int lower = tri_comm_rank(p->comm) < p->peer, n = (int)p->bytes;
    if (lower) TRI_MPI(MPI_Send(p->out, n, MPI_BYTE, p->peer, TAG, comm));
    TRI_MPI(MPI_Recv(p->in, n, MPI_BYTE, p->peer, TAG, comm, MPI_STATUS_IGNORE));
    if (!lower) TRI_MPI(MPI_Send(p->in, n, MPI_BYTE, p->peer, TAG, comm));
    return TRI_OK;
}

tri_status bench_exchange_mpi(const bench_pair *p) {
    int n = (int)p->bytes;
    TRI_MPI(MPI_Sendrecv(p->out, n, MPI_BYTE, p->peer, TAG, p->in, n, MPI_BYTE, p->peer, TAG,
                         tri_comm_mpi(p->comm), MPI_STATUS_IGNORE));
    return TRI_OK;
}

tri_status bench_graph_dims(tri_comm *comm, int dims, int *ranks) {
    TRI_MPI(MPI_Dims_create(tri_comm_size(comm), dims, ranks));
    return TRI_OK;
}

/* MPI matches the blocks of one rank in the order of its lists, as a stencil does. */
tri_status bench_graph_make(tri_comm *comm, const tri_neighbours *neighbours, MPI_Comm *out) {
    int count, weights[BENCH_NEIGHBOURS];
    const int *source = tri_neighbours_sources(neighbours, &count),
              *destination = tri_neighbours_destinations(neighbours, &count);
    for (int i = 0; i < BENCH_NEIGHBOURS; i++)
        weights[i] = 1;
    TRI_MPI(MPI_Dist_graph_create_adjacent(tri_comm_mpi(comm), count, source, weights, count, destination,
                                           weights, MPI_INFO_NULL, 0, out));
    return TRI_OK;
}

tri_status bench_graph_alltoall(const double *send, double *recv, int count, MPI_Comm graph) {
    TRI_MPI(MPI_Neighbor_alltoall(send, count, MPI_DOUBLE, recv, count, MPI_DOUBLE, graph));
    return TRI_OK;
}

void bench_graph_free(MPI_Comm *graph) {
    MPI_Comm_free(graph);
}
