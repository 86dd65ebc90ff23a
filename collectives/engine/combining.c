/* Reductions and scans: tri_reduce(), tri_allreduce(), tri_reduce_scatter(), tri_reduce_scatter_block(),
 * tri_scan(), tri_exscan(), with their nonblocking and persistent forms. */
#include <stdlib.h>

#include "collectives/engine/arguments.h"

static tri_status describe_spec(tri_call_spec *spec, tri_operation operation, size_t count, MPI_Datatype type,
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

static tri_status combine(tri_arguments *a, tri_operation operation, const void *send, void *recv,
                          size_t count, MPI_Datatype type, MPI_Op op) {
    *a = (tri_arguments){.call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = count}};
    return describe_spec(&a->spec, operation, count, type, op);
}

static tri_status reduce(tri_arguments *a, const void *send, void *recv, size_t count, MPI_Datatype type,
                         MPI_Op op, int root, const tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    TRI_TRY(combine(a, TRI_REDUCE, send, recv, count, type, op));
    a->call.root = root;
    return TRI_OK;
}

static tri_status reduce_scatter(tri_arguments *a, const void *send, void *recv, const size_t *recv_counts,
                                 MPI_Datatype type, MPI_Op op, const tri_comm *comm) {
    TRI_TRY(combine(a, TRI_REDUCE_SCATTER, send, recv, 0, type, op));
    a->spec.uneven = 1;
    a->displs = malloc((size_t)comm->size * sizeof *a->displs);
    if (!a->displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the displacements of %d blocks", comm->size);
    for (int b = 0; b < comm->size; a->call.count += recv_counts[b++])
        a->displs[b] = (ptrdiff_t)a->call.count;
    a->call.send_counts = recv_counts;
    a->call.send_displs = a->displs;
    return TRI_OK;
}

TRI_FORMS(reduce, reduce(&a, send, recv, count, type, op, root, comm), const void *send, void *recv,
          size_t count, MPI_Datatype type, MPI_Op op, int root, tri_comm *comm)

TRI_FORMS(allreduce, combine(&a, TRI_ALLREDUCE, send, recv, count, type, op), const void *send, void *recv,
          size_t count, MPI_Datatype type, MPI_Op op, tri_comm *comm)

TRI_FORMS(reduce_scatter, reduce_scatter(&a, send, recv, recv_counts, type, op, comm), const void *send,
          void *recv, const size_t *recv_counts, MPI_Datatype type, MPI_Op op, tri_comm *comm)

TRI_FORMS(reduce_scatter_block, combine(&a, TRI_REDUCE_SCATTER, send, recv, recv_count, type, op),
          const void *send, void *recv, size_t recv_count, MPI_Datatype type, MPI_Op op, tri_comm *comm)

TRI_FORMS(scan, combine(&a, TRI_SCAN, send, recv, count, type, op), const void *send, void *recv,
          size_t count, MPI_Datatype type, MPI_Op op, tri_comm *comm)

TRI_FORMS(exscan, combine(&a, TRI_EXSCAN, send, recv, count, type, op), const void *send, void *recv,
          size_t count, MPI_Datatype type, MPI_Op op, tri_comm *comm)
