#include "gpu/collective.h"

MPI_Datatype tri_gpu_mpi_type(tri_gpu_element element) {
    switch (element) {
    case TRI_GPU_DOUBLE:
        return MPI_DOUBLE;
    case TRI_GPU_FLOAT:
        return MPI_FLOAT;
    case TRI_GPU_INT32:
        return MPI_INT32_T;
    case TRI_GPU_INT64:
        return MPI_INT64_T;
    case TRI_GPU_UINT32:
        return MPI_UINT32_T;
    case TRI_GPU_UINT64:
        return MPI_UINT64_T;
    default:
        return MPI_DATATYPE_NULL;
    }
}

MPI_Op tri_gpu_mpi_op(tri_gpu_op op) {
    switch (op) {
    case TRI_GPU_SUM:
        return MPI_SUM;
    case TRI_GPU_PRODUCT:
        return MPI_PROD;
    case TRI_GPU_MIN:
        return MPI_MIN;
    case TRI_GPU_MAX:
        return MPI_MAX;
    case TRI_GPU_AND:
        return MPI_BAND;
    case TRI_GPU_OR:
        return MPI_BOR;
    case TRI_GPU_XOR:
        return MPI_BXOR;
    default:
        return MPI_OP_NULL;
    }
}

tri_status tri_gpu_collective_call(const tri_gpu_collective *c, const void *send, void *recv, size_t count) {
    MPI_Datatype type = tri_gpu_mpi_type(c->element);
    switch (c->operation) {
    case TRI_BCAST:
        /* The root only sends; the call does not write to its buffer. */
        return tri_bcast(c->send_blocks ? (void *)(uintptr_t)send : recv, count, type, c->root, c->comm);
    case TRI_SCATTER:
        return tri_scatter(send, count, type, recv, count, type, c->root, c->comm);
    case TRI_GATHER:
        return tri_gather(send, count, type, recv, count, type, c->root, c->comm);
    case TRI_ALLGATHER:
        return tri_allgather(send, count, type, recv, count, type, c->comm);
    case TRI_ALLTOALL:
        return tri_alltoall(send, count, type, recv, count, type, c->comm);
    case TRI_REDUCE:
        return tri_reduce(send, recv, count, type, tri_gpu_mpi_op(c->op), c->root, c->comm);
    default:
        return tri_allreduce(send, recv, count, type, tri_gpu_mpi_op(c->op), c->comm);
    }
}
