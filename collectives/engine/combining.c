/* Blocking reductions and scans. */
#include <stdlib.h>

#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"

tri_status tri_describe_combine(tri_call_spec *spec, tri_operation operation, size_t count, MPI_Datatype type,
                                MPI_Op op) {
    MPI_Aint lower, extent = (MPI_Aint)tri_common_bytes(type), true_lower = 0, true_extent = extent;
    if (!extent) {
        TRI_MPI(MPI_Type_get_extent(type, &lower, &extent));
        TRI_MPI(MPI_Type_get_true_extent(type, &true_lower, &true_extent));
    }
    if (true_lower != 0 || true_extent > extent)
        return tri_fail(TRI_ERR_ARGUMENT, "%s needs a type with lower bound 0 whose elements do not overlap",
                        tri_operation_name(operation));
    *spec = (tri_call_spec){.operation = operation,
                            .type = type,
                            .unit_bytes = (size_t)extent,
                            .op = op,
                            .bytes = count * (size_t)extent};
    TRI_MPI(MPI_Op_commutative(op, &spec->commutes));
    return TRI_OK;
}

tri_status tri_reduce(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op, int root,
                      tri_comm *comm) {
    tri_call_spec spec;
    TRI_TRY(tri_check_root(root, comm));
    TRI_TRY(tri_describe_combine(&spec, TRI_REDUCE, count, type, op));
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = count, .root = root};
    return tri_call_run(comm, &spec, &call);
}

tri_status tri_allreduce(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op,
                         tri_comm *comm) {
    tri_call_spec spec;
    TRI_TRY(tri_describe_combine(&spec, TRI_ALLREDUCE, count, type, op));
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = count};
    return tri_call_run(comm, &spec, &call);
}

tri_status tri_reduce_scatter_block(const void *send, void *recv, size_t recv_count, MPI_Datatype type,
                                    MPI_Op op, tri_comm *comm) {
    tri_call_spec spec;
    TRI_TRY(tri_describe_combine(&spec, TRI_REDUCE_SCATTER, recv_count, type, op));
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = recv_count};
    return tri_call_run(comm, &spec, &call);
}

tri_status tri_reduce_scatter(const void *send, void *recv, const size_t *recv_counts, MPI_Datatype type,
                              MPI_Op op, tri_comm *comm) {
    tri_call_spec spec;
    TRI_TRY(tri_describe_combine(&spec, TRI_REDUCE_SCATTER, 0, type, op));
    spec.uneven = 1;
    ptrdiff_t *displs = malloc((size_t)comm->size * sizeof *displs);
    if (!displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the displacements of %d blocks", comm->size);
    size_t all = 0;
    for (int b = 0; b < comm->size; all += recv_counts[b++])
        displs[b] = (ptrdiff_t)all;
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send,
                     .recv = recv,
                     .count = all,
                     .send_counts = recv_counts,
                     .send_displs = displs};
    tri_status status = tri_call_run(comm, &spec, &call);
    free(displs);
    return status;
}

static tri_status scan(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op,
                       tri_operation operation, tri_comm *comm) {
    tri_call_spec spec;
    TRI_TRY(tri_describe_combine(&spec, operation, count, type, op));
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = count};
    return tri_call_run(comm, &spec, &call);
}

tri_status tri_scan(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op,
                    tri_comm *comm) {
    return scan(send, recv, count, type, op, TRI_SCAN, comm);
}

tri_status tri_exscan(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op,
                      tri_comm *comm) {
    return scan(send, recv, count, type, op, TRI_EXSCAN, comm);
}
