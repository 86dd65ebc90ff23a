/* Sparse exchange by nonblocking consensus.
 *
 * A rank starts synchronous sends and receives whatever arrives. A synchronous send is complete when its
 * receiver has matched it. When all sends of a rank are complete, it enters a nonblocking barrier; when that
 * is complete, every message of every rank has been received. A rank that leaves first may start the next
 * exchange while others still wait in the barrier of this one, but not the one after it: two tags in turn
 * keep them apart. */
#include "trireme/sparse.h"

#include <sched.h>
#include <stdlib.h>

#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"
#include "trireme/request.h"

typedef struct exchange {
    tri_comm *comm;
    int tag, sends;
    MPI_Request *requests;
    tri_sparse *received;
    size_t room;
} exchange;

static tri_status check(int peers, const int *to, const size_t *counts, MPI_Datatype type,
                        const tri_comm *comm) {
    size_t size, bytes;
    TRI_TRY(tri_type_bytes(type, &size));
    TRI_TRY(tri_type_check(type, comm->mpi));
    for (int i = 0; i < peers; i++) {
        if (to[i] < 0 || to[i] >= comm->size)
            return tri_fail(TRI_ERR_ARGUMENT, "%d is not one of the %d ranks", to[i], comm->size);
        TRI_TRY(tri_count_bytes(counts[i], size, &bytes));
    }
    return TRI_OK;
}

static tri_status start_send(exchange *e, const void *data, size_t count, MPI_Datatype type, int peer) {
    int carried = tri_carried(e->comm->ranks, peer);
    MPI_Datatype big;
    TRI_TRY(tri_big_type(count, type, &big));
    int error = MPI_Issend(data, 1, big, carried, e->tag, e->comm->mpi, &e->requests[e->sends]);
    MPI_Type_free(&big);
    TRI_TRY(tri_mpi_status(error, "MPI_Issend"));
    e->sends++;
    return TRI_OK;
}

static tri_status start_sends(exchange *e, const char *send, int peers, const int *to, const size_t *counts,
                              const ptrdiff_t *displs, MPI_Datatype type) {
    MPI_Aint lower, extent;
    size_t size;
    TRI_TRY(tri_type_bytes(type, &size));
    TRI_MPI(MPI_Type_get_extent(type, &lower, &extent));
    for (int i = 0; i < peers; i++)
        if (counts[i] && size) TRI_TRY(start_send(e, send + displs[i] * extent, counts[i], type, to[i]));
    return TRI_OK;
}

static int rank_of(const tri_comm *comm, int carried) {
    int rank = 0;
    if (!comm->ranks) return carried;
    while (comm->ranks[rank] != carried)
        rank++;
    return rank;
}

static tri_status receive(exchange *e, MPI_Message *message, const MPI_Status *status) {
    tri_sparse *all = e->received;
    MPI_Count bytes;
    MPI_Datatype big;
    TRI_MPI(MPI_Get_elements_x(status, MPI_BYTE, &bytes));
    if (all->count == e->room) {
        size_t room = e->room ? 2 * e->room : 8;
        tri_sparse_block *block = realloc(all->block, room * sizeof *block);
        if (!block) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu blocks", room);
        all->block = block;
        e->room = room;
    }
    void *data = malloc((size_t)bytes);
    if (!data) return tri_fail(TRI_ERR_MEMORY, "out of memory for a block of %lld bytes", (long long)bytes);
    all->block[all->count++] = (tri_sparse_block){rank_of(e->comm, status->MPI_SOURCE), (size_t)bytes, data};
    TRI_TRY(tri_big_type((size_t)bytes, MPI_BYTE, &big));
    int error = MPI_Mrecv(data, 1, big, message, MPI_STATUS_IGNORE);
    MPI_Type_free(&big);
    return tri_mpi_status(error, "MPI_Mrecv");
}

static tri_status receive_arrived(exchange *e) {
    for (int arrived = 1; arrived;) {
        MPI_Message message;
        MPI_Status status;
        TRI_MPI(MPI_Improbe(MPI_ANY_SOURCE, e->tag, e->comm->mpi, &arrived, &message, &status));
        if (arrived) TRI_TRY(receive(e, &message, &status));
    }
    return TRI_OK;
}

static tri_status run(exchange *e) {
    tri_request *barrier = NULL;
    for (int sent = 0, done = 0; !done;) {
        TRI_TRY(receive_arrived(e));
        if (!sent) {
            tri_comm_progress(e->comm);
            TRI_MPI(MPI_Testall(e->sends, e->requests, &sent, MPI_STATUSES_IGNORE));
            if (sent) TRI_TRY(tri_ibarrier(e->comm, &barrier));
        } else {
            TRI_TRY(tri_request_test(&barrier, &done));
        }
        if (!done) sched_yield();
    }
    return TRI_OK;
}

/* Messages of one sender arrive in order. A sort by insertion keeps it. */
static void sort(tri_sparse *all) {
    for (size_t i = 1; i < all->count; i++) {
        tri_sparse_block block = all->block[i];
        size_t at = i;
        for (; at && all->block[at - 1].rank > block.rank; at--)
            all->block[at] = all->block[at - 1];
        all->block[at] = block;
    }
}

tri_status tri_sparse_alltoallv(const void *send, int peers, const int *to, const size_t *counts,
                                const ptrdiff_t *displs, MPI_Datatype type, tri_comm *comm,
                                tri_sparse **out) {
    TRI_TRY(check(peers, to, counts, type, comm));
    exchange e = {.comm = comm,
                  .tag = comm->first_tag + TRI_TAG_SPARSE + (int)(tri_state_of(comm)->sparse++ % 2),
                  .requests = malloc((size_t)(peers > 0 ? peers : 1) * sizeof(MPI_Request)),
                  .received = calloc(1, sizeof(tri_sparse))};
    tri_status status =
        e.requests && e.received ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for %d messages", peers);
    if (status == TRI_OK) status = start_sends(&e, send, peers, to, counts, displs, type);
    if (status == TRI_OK) status = run(&e);
    free(e.requests);
    if (status == TRI_OK) {
        sort(e.received);
        *out = e.received;
    } else {
        tri_sparse_destroy(&e.received);
    }
    return status;
}

void tri_sparse_destroy(tri_sparse **sparse) {
    if (!sparse || !*sparse) return;
    for (size_t i = 0; i < (*sparse)->count; i++)
        free((*sparse)->block[i].data);
    free((*sparse)->block);
    free(*sparse);
    *sparse = NULL;
}
