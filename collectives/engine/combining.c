/* Reductions and scans: tri_reduce(), tri_allreduce(), tri_reduce_scatter(), tri_reduce_scatter_block(),
 * tri_scan(), tri_exscan(), with their nonblocking and persistent forms. */
#include <stdint.h>
#include <stdlib.h>

#include "collectives/engine/exact.h"

/* Fills the arguments. `inputs`: elements of this rank's input; `results`: of its result, 0: none. If it has
 * none, `recv` is ignored unless it is the input. */
static tri_status combine(tri_arguments *a, tri_operation operation, const void *send, size_t inputs,
                          void *recv, size_t results, MPI_Datatype type, MPI_Op op, tri_comm *comm) {
    const tri_operands *o;
    size_t bytes;
    int in_place = send == MPI_IN_PLACE;
    TRI_TRY(tri_operands_of(comm, &tri_state_of(comm)->operands, type, op, &o));
    TRI_TRY(tri_count_bytes(inputs, o->unit_bytes, &bytes));
    tri_arguments_clear(a);
    a->spec.operation = operation;
    a->spec.unit_bytes = o->unit_bytes;
    a->spec.commutes = o->commutes;
    a->spec.uneven = 0;
    a->spec.type = o->packed ? MPI_BYTE : type;
    a->spec.type_bytes = o->packed ? 1 : o->unit_bytes;
    a->spec.operands = *o;
    a->call.send = in_place ? recv : send;
    a->call.recv = recv;
    a->loads = in_place;
    a->stores = results > 0;
    if (!o->packed) return TRI_OK;
    tri_side_init(&a->send, send, type, !in_place);
    a->send.count = inputs;
    tri_side_init(&a->recv, recv, type, in_place || results);
    a->recv.count = in_place ? inputs : results;
    return TRI_OK;
}

/* The elements of the vector or of a block. Elements without data need no communication. */
static void set_count(tri_arguments *a, size_t count) {
    a->call.count = a->spec.operands.size ? count : 0;
    a->spec.bytes = a->spec.uneven ? 0 : a->call.count * a->spec.unit_bytes;
}

static tri_status vector(tri_arguments *a, tri_operation operation, const void *send, void *recv,
                         size_t count, MPI_Datatype type, MPI_Op op, int gets, tri_comm *comm) {
    TRI_TRY(combine(a, operation, send, count, recv, gets ? count : 0, type, op, comm));
    set_count(a, count);
    return TRI_OK;
}

static tri_status reduce(tri_arguments *a, const void *send, void *recv, size_t count, MPI_Datatype type,
                         MPI_Op op, int root, tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    TRI_TRY(vector(a, TRI_REDUCE, send, recv, count, type, op, comm->rank == root, comm));
    a->call.root = root;
    return TRI_OK;
}

/* Rank 0 has no result, but an algorithm may use its buffer. */
static tri_status exscan(tri_arguments *a, const void *send, void *recv, size_t count, MPI_Datatype type,
                         MPI_Op op, tri_comm *comm) {
    TRI_TRY(vector(a, TRI_EXSCAN, send, recv, count, type, op, 1, comm));
    a->stores = comm->rank > 0;
    return TRI_OK;
}

static tri_status reduce_scatter_block(tri_arguments *a, const void *send, void *recv, size_t recv_count,
                                       MPI_Datatype type, MPI_Op op, tri_comm *comm) {
    size_t all;
    TRI_TRY(tri_count_bytes(recv_count, (size_t)comm->size, &all));
    TRI_TRY(combine(a, TRI_REDUCE_SCATTER, send, all, recv, recv_count, type, op, comm));
    set_count(a, recv_count);
    return TRI_OK;
}

static tri_status reduce_scatter(tri_arguments *a, const void *send, void *recv, const size_t *recv_counts,
                                 MPI_Datatype type, MPI_Op op, tri_comm *comm) {
    size_t all = 0;
    for (int b = 0; b < comm->size; b++)
        if (__builtin_add_overflow(all, recv_counts[b], &all) || all > PTRDIFF_MAX)
            return tri_fail(TRI_ERR_ARGUMENT, "the counts, such as %zu for rank %d, exceed the address space",
                            recv_counts[b], b);
    TRI_TRY(combine(a, TRI_REDUCE_SCATTER, send, all, recv, recv_counts[comm->rank], type, op, comm));
    a->spec.uneven = a->spec.operands.size > 0;
    set_count(a, all);
    if (!a->spec.uneven) return TRI_OK;
    a->displs = malloc((size_t)comm->size * sizeof *a->displs);
    if (!a->displs)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the displacements of %d blocks", comm->size);
    ptrdiff_t next = 0;
    for (int b = 0; b < comm->size; next += (ptrdiff_t)recv_counts[b++])
        a->displs[b] = next;
    a->call.send_counts = recv_counts;
    a->call.send_displs = a->displs;
    return TRI_OK;
}

#define COMBINING_FORMS(name, describe, ...)                                                                 \
    TRI_FORMS_BY(name, describe,                                                                             \
                 a.spec.operands.exact ? tri_exact_block(comm, &a) : tri_call_block(comm, &a),               \
                 a.spec.operands.exact ? &tri_exact_recorder : NULL, __VA_ARGS__)

COMBINING_FORMS(reduce, reduce(&a, send, recv, count, type, op, root, comm), const void *send, void *recv,
                size_t count, MPI_Datatype type, MPI_Op op, int root, tri_comm *comm)

COMBINING_FORMS(allreduce, vector(&a, TRI_ALLREDUCE, send, recv, count, type, op, 1, comm), const void *send,
                void *recv, size_t count, MPI_Datatype type, MPI_Op op, tri_comm *comm)

COMBINING_FORMS(reduce_scatter, reduce_scatter(&a, send, recv, recv_counts, type, op, comm), const void *send,
                void *recv, const size_t *recv_counts, MPI_Datatype type, MPI_Op op, tri_comm *comm)

COMBINING_FORMS(reduce_scatter_block, reduce_scatter_block(&a, send, recv, recv_count, type, op, comm),
                const void *send, void *recv, size_t recv_count, MPI_Datatype type, MPI_Op op, tri_comm *comm)

COMBINING_FORMS(scan, vector(&a, TRI_SCAN, send, recv, count, type, op, 1, comm), const void *send,
                void *recv, size_t count, MPI_Datatype type, MPI_Op op, tri_comm *comm)

COMBINING_FORMS(exscan, exscan(&a, send, recv, count, type, op, comm), const void *send, void *recv,
                size_t count, MPI_Datatype type, MPI_Op op, tri_comm *comm)
