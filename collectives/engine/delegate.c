#include "collectives/engine/delegate.h"

#include <limits.h>

MPI_Comm tri_delegate_of(const tri_comm *comm, const tri_arguments *a) {
    int fits = a->spec.operation >= TRI_REDUCE && a->spec.operands.foreign && !a->spec.operands.packed &&
               a->call.count <= INT_MAX;
    return fits ? tri_comm_ordered(comm) : MPI_COMM_NULL;
}

tri_status tri_delegate(const tri_arguments *a, int ranks, MPI_Comm mpi, int *counts, MPI_Request *out) {
    const void *send = a->loads ? MPI_IN_PLACE : a->call.send;
    void *recv = a->call.recv;
    int count = (int)a->call.count, root = a->call.root;
    MPI_Datatype type = a->spec.operands.type;
    MPI_Op op = a->spec.operands.op;
    switch (a->spec.operation) {
    case TRI_REDUCE:
        return tri_mpi_status(MPI_Ireduce(send, recv, count, type, op, root, mpi, out), "MPI_Ireduce");
    case TRI_ALLREDUCE:
        return tri_mpi_status(MPI_Iallreduce(send, recv, count, type, op, mpi, out), "MPI_Iallreduce");
    case TRI_SCAN:
        return tri_mpi_status(MPI_Iscan(send, recv, count, type, op, mpi, out), "MPI_Iscan");
    case TRI_EXSCAN:
        return tri_mpi_status(MPI_Iexscan(send, recv, count, type, op, mpi, out), "MPI_Iexscan");
    default:
        break;
    }
    if (!a->spec.uneven)
        return tri_mpi_status(MPI_Ireduce_scatter_block(send, recv, count, type, op, mpi, out),
                              "MPI_Ireduce_scatter_block");
    for (int b = 0; b < ranks; b++)
        counts[b] = (int)a->call.send_counts[b];
    return tri_mpi_status(MPI_Ireduce_scatter(send, recv, counts, type, op, mpi, out), "MPI_Ireduce_scatter");
}
