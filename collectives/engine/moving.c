/* Operations that only move data: tri_barrier(), tri_bcast(), tri_scatter(), tri_gather(), tri_allgather(),
 * tri_alltoall(), the v-forms and tri_alltoallw(), with their nonblocking and persistent forms. User buffers
 * become bytes, then an algorithm runs on them. */
#include "collectives/engine/arguments.h"

static void move(tri_arguments *a, tri_operation operation, int root, int uneven) {
    tri_arguments_clear(a);
    a->spec.operation = operation;
    a->spec.type = MPI_BYTE;
    a->spec.type_bytes = a->spec.unit_bytes = 1;
    a->spec.uneven = uneven;
    a->spec.commutes = 1;
    a->call.root = root;
    a->stores = 1;
}

/* The bytes of a block, if all blocks are equal; otherwise of this rank's block. */
static tri_status set_block(tri_arguments *a, size_t count, MPI_Datatype type) {
    size_t size;
    TRI_TRY(tri_type_bytes(type, &size));
    TRI_TRY(tri_count_bytes(count, size, &a->call.count));
    a->spec.bytes = a->spec.uneven ? 0 : a->call.count;
    return TRI_OK;
}

/* A side with one block, and a side with one block per rank. */
static void one(tri_side *side, const void *user, size_t count, MPI_Datatype type) {
    tri_side_init(side, user, type, 1);
    side->count = count;
}

static void each(tri_side *side, const tri_comm *comm, const void *user, size_t count, const size_t *counts,
                 const ptrdiff_t *displs, MPI_Datatype type) {
    tri_side_init(side, user, type, comm->size);
    side->count = count;
    side->counts = counts;
    side->displs = displs;
}

static tri_status barrier(tri_arguments *a) {
    move(a, TRI_BARRIER, 0, 0);
    a->call.count = a->spec.bytes = sizeof a->token[0];
    return TRI_OK;
}

static tri_status bcast(tri_arguments *a, void *buffer, size_t count, MPI_Datatype type, int root,
                        const tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    move(a, TRI_BCAST, root, 0);
    one(&a->recv, buffer, count, type);
    a->loads = comm->rank == root;
    a->stores = !a->loads;
    return set_block(a, count, type);
}

static tri_status scatter(tri_arguments *a, const void *send, size_t send_count, const size_t *counts,
                          const ptrdiff_t *displs, MPI_Datatype send_type, void *recv, size_t recv_count,
                          MPI_Datatype recv_type, int root, int uneven, const tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    move(a, TRI_SCATTER, root, uneven);
    if (comm->rank == root) each(&a->send, comm, send, send_count, counts, displs, send_type);
    a->recv_in_place = recv == MPI_IN_PLACE;
    if (a->recv_in_place) return set_block(a, counts ? counts[root] : send_count, send_type);
    one(&a->recv, recv, recv_count, recv_type);
    return set_block(a, recv_count, recv_type);
}

static tri_status gather(tri_arguments *a, const void *send, size_t send_count, MPI_Datatype send_type,
                         void *recv, size_t recv_count, const size_t *counts, const ptrdiff_t *displs,
                         MPI_Datatype recv_type, int root, int uneven, const tri_comm *comm) {
    TRI_TRY(tri_check_root(root, comm));
    move(a, TRI_GATHER, root, uneven);
    if (comm->rank == root) each(&a->recv, comm, recv, recv_count, counts, displs, recv_type);
    a->send_in_place = a->loads = send == MPI_IN_PLACE;
    if (a->send_in_place) return set_block(a, counts ? counts[root] : recv_count, recv_type);
    one(&a->send, send, send_count, send_type);
    return set_block(a, send_count, send_type);
}

static tri_status allgather(tri_arguments *a, const void *send, size_t send_count, MPI_Datatype send_type,
                            void *recv, size_t recv_count, const size_t *counts, const ptrdiff_t *displs,
                            MPI_Datatype recv_type, const tri_comm *comm) {
    move(a, TRI_ALLGATHER, 0, counts != NULL);
    each(&a->recv, comm, recv, recv_count, counts, displs, recv_type);
    a->send_in_place = a->loads = send == MPI_IN_PLACE;
    if (!a->send_in_place) one(&a->send, send, send_count, send_type);
    return set_block(a, counts ? counts[comm->rank] : recv_count, recv_type);
}

static tri_status alltoall(tri_arguments *a, const void *send, size_t send_count, const size_t *send_counts,
                           const ptrdiff_t *send_displs, MPI_Datatype send_type, void *recv,
                           size_t recv_count, const size_t *recv_counts, const ptrdiff_t *recv_displs,
                           MPI_Datatype recv_type, const tri_comm *comm) {
    move(a, TRI_ALLTOALL, 0, recv_counts != NULL);
    each(&a->recv, comm, recv, recv_count, recv_counts, recv_displs, recv_type);
    a->keeps = a->loads = send == MPI_IN_PLACE;
    if (!a->keeps) each(&a->send, comm, send, send_count, send_counts, send_displs, send_type);
    return set_block(a, recv_count, recv_type);
}

static tri_status alltoallw(tri_arguments *a, const void *send, const size_t *send_counts,
                            const ptrdiff_t *send_displs, const MPI_Datatype *send_types, void *recv,
                            const size_t *recv_counts, const ptrdiff_t *recv_displs,
                            const MPI_Datatype *recv_types, const tri_comm *comm) {
    TRI_TRY(alltoall(a, send, 0, send_counts, send_displs, MPI_BYTE, recv, 0, recv_counts, recv_displs,
                     MPI_BYTE, comm));
    a->send.types = send_types;
    a->recv.types = recv_types;
    return TRI_OK;
}

TRI_FORMS(barrier, barrier(&a), tri_comm *comm)

TRI_FORMS(bcast, bcast(&a, buffer, count, type, root, comm), void *buffer, size_t count, MPI_Datatype type,
          int root, tri_comm *comm)

TRI_FORMS(scatter,
          scatter(&a, send, send_count, NULL, NULL, send_type, recv, recv_count, recv_type, root, 0, comm),
          const void *send, size_t send_count, MPI_Datatype send_type, void *recv, size_t recv_count,
          MPI_Datatype recv_type, int root, tri_comm *comm)

TRI_FORMS(scatterv,
          scatter(&a, send, 0, send_counts, send_displs, send_type, recv, recv_count, recv_type, root, 1,
                  comm),
          const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, MPI_Datatype send_type,
          void *recv, size_t recv_count, MPI_Datatype recv_type, int root, tri_comm *comm)

TRI_FORMS(gather,
          gather(&a, send, send_count, send_type, recv, recv_count, NULL, NULL, recv_type, root, 0, comm),
          const void *send, size_t send_count, MPI_Datatype send_type, void *recv, size_t recv_count,
          MPI_Datatype recv_type, int root, tri_comm *comm)

TRI_FORMS(gatherv,
          gather(&a, send, send_count, send_type, recv, 0, recv_counts, recv_displs, recv_type, root, 1,
                 comm),
          const void *send, size_t send_count, MPI_Datatype send_type, void *recv, const size_t *recv_counts,
          const ptrdiff_t *recv_displs, MPI_Datatype recv_type, int root, tri_comm *comm)

TRI_FORMS(allgather,
          allgather(&a, send, send_count, send_type, recv, recv_count, NULL, NULL, recv_type, comm),
          const void *send, size_t send_count, MPI_Datatype send_type, void *recv, size_t recv_count,
          MPI_Datatype recv_type, tri_comm *comm)

TRI_FORMS(allgatherv,
          allgather(&a, send, send_count, send_type, recv, 0, recv_counts, recv_displs, recv_type, comm),
          const void *send, size_t send_count, MPI_Datatype send_type, void *recv, const size_t *recv_counts,
          const ptrdiff_t *recv_displs, MPI_Datatype recv_type, tri_comm *comm)

TRI_FORMS(alltoall,
          alltoall(&a, send, send_count, NULL, NULL, send_type, recv, recv_count, NULL, NULL, recv_type,
                   comm),
          const void *send, size_t send_count, MPI_Datatype send_type, void *recv, size_t recv_count,
          MPI_Datatype recv_type, tri_comm *comm)

TRI_FORMS(alltoallv,
          alltoall(&a, send, 0, send_counts, send_displs, send_type, recv, 0, recv_counts, recv_displs,
                   recv_type, comm),
          const void *send, const size_t *send_counts, const ptrdiff_t *send_displs, MPI_Datatype send_type,
          void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs, MPI_Datatype recv_type,
          tri_comm *comm)

TRI_FORMS(alltoallw,
          alltoallw(&a, send, send_counts, send_displs, send_types, recv, recv_counts, recv_displs,
                    recv_types, comm),
          const void *send, const size_t *send_counts, const ptrdiff_t *send_displs,
          const MPI_Datatype *send_types, void *recv, const size_t *recv_counts, const ptrdiff_t *recv_displs,
          const MPI_Datatype *recv_types, tri_comm *comm)
