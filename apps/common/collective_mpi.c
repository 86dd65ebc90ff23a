/* The peer: the same operations by the MPI library underneath. */
#include <limits.h>

#include "apps/common/collective_calls.h"

tri_status bench_call_mpi(const bench_call *call) {
    MPI_Comm comm = tri_comm_mpi(call->comm);
    double *send = call->send, *recv = call->recv;
    if (call->count > INT_MAX) return tri_fail(TRI_ERR_ARGUMENT, "MPI counts are ints: %zu", call->count);
    int n = (int)call->count;
    switch (call->operation) {
    case TRI_BARRIER:
        return tri_mpi_status(MPI_Barrier(comm), "MPI_Barrier");
    case TRI_BCAST:
        return tri_mpi_status(MPI_Bcast(recv, n, MPI_DOUBLE, 0, comm), "MPI_Bcast");
    case TRI_SCATTER:
        return tri_mpi_status(MPI_Scatter(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, comm), "MPI_Scatter");
    case TRI_GATHER:
        return tri_mpi_status(MPI_Gather(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, comm), "MPI_Gather");
    case TRI_ALLGATHER:
        return tri_mpi_status(MPI_Allgather(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, comm), "MPI_Allgather");
    case TRI_ALLTOALL:
        return tri_mpi_status(MPI_Alltoall(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, comm), "MPI_Alltoall");
    case TRI_REDUCE:
        return tri_mpi_status(MPI_Reduce(send, recv, n, MPI_DOUBLE, MPI_SUM, 0, comm), "MPI_Reduce");
    case TRI_ALLREDUCE:
        return tri_mpi_status(MPI_Allreduce(send, recv, n, MPI_DOUBLE, MPI_SUM, comm), "MPI_Allreduce");
    case TRI_REDUCE_SCATTER:
        return tri_mpi_status(MPI_Reduce_scatter_block(send, recv, n, MPI_DOUBLE, MPI_SUM, comm),
                              "MPI_Reduce_scatter_block");
    case TRI_SCAN:
        return tri_mpi_status(MPI_Scan(send, recv, n, MPI_DOUBLE, MPI_SUM, comm), "MPI_Scan");
    case TRI_EXSCAN:
        return tri_mpi_status(MPI_Exscan(send, recv, n, MPI_DOUBLE, MPI_SUM, comm), "MPI_Exscan");
    case TRI_OPERATION_COUNT:
        break;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "no such operation");
}

tri_status bench_start_mpi(const bench_call *call, MPI_Request *out) {
    MPI_Comm comm = tri_comm_mpi(call->comm);
    double *send = call->send, *recv = call->recv;
    if (call->count > INT_MAX) return tri_fail(TRI_ERR_ARGUMENT, "MPI counts are ints: %zu", call->count);
    int n = (int)call->count;
    switch (call->operation) {
    case TRI_BARRIER:
        return tri_mpi_status(MPI_Ibarrier(comm, out), "MPI_Ibarrier");
    case TRI_BCAST:
        return tri_mpi_status(MPI_Ibcast(recv, n, MPI_DOUBLE, 0, comm, out), "MPI_Ibcast");
    case TRI_SCATTER:
        return tri_mpi_status(MPI_Iscatter(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, comm, out),
                              "MPI_Iscatter");
    case TRI_GATHER:
        return tri_mpi_status(MPI_Igather(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, comm, out),
                              "MPI_Igather");
    case TRI_ALLGATHER:
        return tri_mpi_status(MPI_Iallgather(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, comm, out),
                              "MPI_Iallgather");
    case TRI_ALLTOALL:
        return tri_mpi_status(MPI_Ialltoall(send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, comm, out),
                              "MPI_Ialltoall");
    case TRI_REDUCE:
        return tri_mpi_status(MPI_Ireduce(send, recv, n, MPI_DOUBLE, MPI_SUM, 0, comm, out), "MPI_Ireduce");
    case TRI_ALLREDUCE:
        return tri_mpi_status(MPI_Iallreduce(send, recv, n, MPI_DOUBLE, MPI_SUM, comm, out),
                              "MPI_Iallreduce");
    case TRI_REDUCE_SCATTER:
        return tri_mpi_status(MPI_Ireduce_scatter_block(send, recv, n, MPI_DOUBLE, MPI_SUM, comm, out),
                              "MPI_Ireduce_scatter_block");
    case TRI_SCAN:
        return tri_mpi_status(MPI_Iscan(send, recv, n, MPI_DOUBLE, MPI_SUM, comm, out), "MPI_Iscan");
    case TRI_EXSCAN:
        return tri_mpi_status(MPI_Iexscan(send, recv, n, MPI_DOUBLE, MPI_SUM, comm, out), "MPI_Iexscan");
    case TRI_OPERATION_COUNT:
        break;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "no such operation");
}

tri_status bench_test_mpi(MPI_Request *request, int *done) {
    return tri_mpi_status(MPI_Test(request, done, MPI_STATUS_IGNORE), "MPI_Test");
}

tri_status bench_wait_mpi(MPI_Request *request) {
    return tri_mpi_status(MPI_Wait(request, MPI_STATUS_IGNORE), "MPI_Wait");
}
