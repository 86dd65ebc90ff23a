/* The peer: messages by the MPI library underneath. */
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
