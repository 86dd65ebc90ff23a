/* Blocking calls that only move data: user buffers become bytes, then an algorithm runs on them. */
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"

/* A call that moves blocks. A side with 0 blocks does not exist on this rank. */
typedef struct tri_move {
    tri_operation operation;
    tri_side send, recv;
    size_t bytes; /* per block if all blocks are equal; otherwise of this rank's block */
    int uneven, root;
    /* MPI_IN_PLACE: the rank's own block is already in place on the other side. */
    int send_in_place, recv_in_place;
} tri_move;

static tri_status run_move(tri_comm *comm, const tri_move *m) {
    tri_call call = {.send = m->send.bytes,
                     .recv = m->recv.bytes,
                     .count = m->bytes,
                     .send_counts = m->send.byte_counts,
                     .send_displs = m->send.byte_displs,
                     .recv_counts = m->recv.byte_counts,
                     .recv_displs = m->recv.byte_displs,
                     .root = m->root};
    tri_context bytes = {.unit_bytes = 1};
    if (m->send_in_place) call.send = tri_recv_block(&bytes, &call, comm->rank);
    if (m->recv_in_place) call.recv = (void *)tri_send_block(&bytes, &call, comm->rank);
    tri_call_spec spec = {.operation = m->operation,
                          .type = MPI_BYTE,
                          .unit_bytes = 1,
                          .uneven = m->uneven,
                          .commutes = 1,
                          .bytes = m->uneven ? 0 : m->bytes};
    return tri_call_run(comm, &spec, &call);
}

static tri_status move(tri_comm *comm, tri_move *m) {
    tri_status status = m->send.blocks ? tri_side_open(&m->send, 1) : TRI_OK;
    if (status == TRI_OK && m->recv.blocks) status = tri_side_open(&m->recv, m->send_in_place);
    if (status == TRI_OK) status = run_move(comm, m);
    tri_status closed = tri_side_close(&m->send, 0), stored = tri_side_close(&m->recv, status == TRI_OK);
    if (status == TRI_OK) status = closed;
    return status == TRI_OK ? stored : status;
}

tri_status tri_barrier(tri_comm *comm) {
    /* The messages of a barrier carry one byte that is not read. */
    char bytes[2] = {0, 0};
    tri_call call = {.send = &bytes[0], .recv = &bytes[1], .count = 1};
    tri_call_spec spec = {
        .operation = TRI_BARRIER, .type = MPI_BYTE, .unit_bytes = 1, .commutes = 1, .bytes = 1};
    return tri_call_run(comm, &spec, &call);
}

tri_status tri_bcast(void *buffer, size_t count, MPI_Datatype type, int root, tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    tri_side side = {.user = buffer, .type = type, .blocks = 1, .count = count};
    tri_status status = tri_side_open(&side, comm->rank == root);
    if (status == TRI_OK) {
        tri_call call = {.send = side.bytes, .recv = side.bytes, .count = side.block_bytes, .root = root};
        tri_call_spec spec = {.operation = TRI_BCAST,
                              .type = MPI_BYTE,
                              .unit_bytes = 1,
                              .commutes = 1,
                              .bytes = side.block_bytes};
        status = tri_call_run(comm, &spec, &call);
    }
    tri_status closed = tri_side_close(&side, status == TRI_OK && comm->rank != root);
    return status == TRI_OK ? closed : status;
}

/* Bytes of `count` elements. */
static tri_status bytes_of(size_t count, MPI_Datatype type, size_t *out) {
    size_t size;
    TRI_TRY(tri_type_bytes(type, &size));
    if (__builtin_mul_overflow(count, size, out))
        return tri_fail(TRI_ERR_ARGUMENT, "%zu elements of %zu bytes exceed the address space", count, size);
    return TRI_OK;
}

/* A side with one block, and a side with one block per rank. */
static tri_side one(const void *user, size_t count, MPI_Datatype type) {
    tri_side side = {.user = (void *)user, .type = type, .blocks = 1, .count = count};
    return side;
}

static tri_side each(const tri_comm *comm, const void *user, size_t count, const size_t *counts,
                     const ptrdiff_t *displs, MPI_Datatype type) {
    tri_side side = {.user = (void *)user,
                     .type = type,
                     .blocks = comm->size,
                     .count = count,
                     .counts = counts,
                     .displs = displs};
    return side;
}

static tri_status scatter(const void *send, size_t send_count, const size_t *counts, const ptrdiff_t *displs,
                          MPI_Datatype send_type, void *recv, size_t recv_count, MPI_Datatype recv_type,
                          int root, int uneven, tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    tri_move m = {
        .operation = TRI_SCATTER, .uneven = uneven, .root = root, .recv_in_place = recv == MPI_IN_PLACE};
    if (comm->rank == root) m.send = each(comm, send, send_count, counts, displs, send_type);
    if (m.recv_in_place) {
        TRI_TRY(bytes_of(counts ? counts[root] : send_count, send_type, &m.bytes));
    } else {
        m.recv = one(recv, recv_count, recv_type);
        TRI_TRY(bytes_of(recv_count, recv_type, &m.bytes));
    }
    return move(comm, &m);
}

tri_status tri_scatter(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                       size_t recv_count, MPI_Datatype recv_type, int root, tri_comm *comm) {
    return scatter(send, send_count, NULL, NULL, send_type, recv, recv_count, recv_type, root, 0, comm);
}

tri_status tri_scatterv(const void *send, const size_t *send_counts, const ptrdiff_t *send_displs,
                        MPI_Datatype send_type, void *recv, size_t recv_count, MPI_Datatype recv_type,
                        int root, tri_comm *comm) {
    return scatter(send, 0, send_counts, send_displs, send_type, recv, recv_count, recv_type, root, 1, comm);
}

static tri_status gather(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                         size_t recv_count, const size_t *counts, const ptrdiff_t *displs,
                         MPI_Datatype recv_type, int root, int uneven, tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    tri_move m = {
        .operation = TRI_GATHER, .uneven = uneven, .root = root, .send_in_place = send == MPI_IN_PLACE};
    if (comm->rank == root) m.recv = each(comm, recv, recv_count, counts, displs, recv_type);
    if (m.send_in_place) {
        TRI_TRY(bytes_of(counts ? counts[root] : recv_count, recv_type, &m.bytes));
    } else {
        m.send = one(send, send_count, send_type);
        TRI_TRY(bytes_of(send_count, send_type, &m.bytes));
    }
    return move(comm, &m);
}

tri_status tri_gather(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                      size_t recv_count, MPI_Datatype recv_type, int root, tri_comm *comm) {
    return gather(send, send_count, send_type, recv, recv_count, NULL, NULL, recv_type, root, 0, comm);
}

tri_status tri_gatherv(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                       const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                       int root, tri_comm *comm) {
    return gather(send, send_count, send_type, recv, 0, recv_counts, recv_displs, recv_type, root, 1, comm);
}

static tri_status allgather(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                            size_t recv_count, const size_t *counts, const ptrdiff_t *displs,
                            MPI_Datatype recv_type, tri_comm *comm) {
    tri_move m = {.operation = TRI_ALLGATHER,
                  .uneven = counts != NULL,
                  .recv = each(comm, recv, recv_count, counts, displs, recv_type),
                  .send_in_place = send == MPI_IN_PLACE};
    TRI_TRY(bytes_of(counts ? counts[comm->rank] : recv_count, recv_type, &m.bytes));
    if (!m.send_in_place) m.send = one(send, send_count, send_type);
    return move(comm, &m);
}

tri_status tri_allgather(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                         size_t recv_count, MPI_Datatype recv_type, tri_comm *comm) {
    return allgather(send, send_count, send_type, recv, recv_count, NULL, NULL, recv_type, comm);
}

tri_status tri_allgatherv(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                          const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
                          tri_comm *comm) {
    return allgather(send, send_count, send_type, recv, 0, recv_counts, recv_displs, recv_type, comm);
}

/* MPI_IN_PLACE: the result overwrites the input, so a copy of the input is sent. */
static tri_status alltoall_in_place(tri_comm *comm, tri_move *m) {
    tri_side original = m->recv;
    TRI_TRY(tri_side_open(&original, 1));
    size_t all = 0;
    for (int b = 0; b < original.blocks; b++) {
        size_t end = original.counts ? (size_t)original.byte_displs[b] + original.byte_counts[b]
                                     : (size_t)(b + 1) * original.block_bytes;
        if (end > all) all = end;
    }
    void *copy = malloc(all ? all : 1);
    tri_status status =
        copy ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of alltoall in place", all);
    if (status == TRI_OK) {
        memcpy(copy, original.bytes, all);
        m->send =
            each(comm, copy, original.block_bytes, original.byte_counts, original.byte_displs, MPI_BYTE);
        status = move(comm, m);
    }
    free(copy);
    tri_status closed = tri_side_close(&original, 0);
    return status == TRI_OK ? closed : status;
}

static tri_status alltoall(tri_comm *comm, tri_move *m, int in_place) {
    return in_place ? alltoall_in_place(comm, m) : move(comm, m);
}

tri_status tri_alltoall(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                        size_t recv_count, MPI_Datatype recv_type, tri_comm *comm) {
    tri_move m = {.operation = TRI_ALLTOALL,
                  .send = each(comm, send, send_count, NULL, NULL, send_type),
                  .recv = each(comm, recv, recv_count, NULL, NULL, recv_type)};
    TRI_TRY(bytes_of(recv_count, recv_type, &m.bytes));
    return alltoall(comm, &m, send == MPI_IN_PLACE);
}

tri_status tri_alltoallv(const void *send, const size_t *send_counts, const ptrdiff_t *send_displs,
                         MPI_Datatype send_type, void *recv, const size_t *recv_counts,
                         const ptrdiff_t *recv_displs, MPI_Datatype recv_type, tri_comm *comm) {
    tri_move m = {.operation = TRI_ALLTOALL,
                  .uneven = 1,
                  .send = each(comm, send, 0, send_counts, send_displs, send_type),
                  .recv = each(comm, recv, 0, recv_counts, recv_displs, recv_type)};
    return alltoall(comm, &m, send == MPI_IN_PLACE);
}
