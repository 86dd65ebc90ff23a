/* The calls that go on while the caller does something else. */
#include "trireme/request.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/schedule.h"

static tri_status request_create(tri_comm *comm, tri_request **out) {
    tri_calls *calls;
    TRI_TRY(tri_calls_of(comm, &calls));
    tri_request *r = calloc(1, sizeof *r);
    if (!r) return tri_fail(TRI_ERR_MEMORY, "no memory for a request");
    r->calls = calls;
    *out = r;
    return TRI_OK;
}

static tri_status start(tri_comm *comm, const tri_request_for *what, tri_call *call, tri_request *r,
                        tri_request **out) {
    TRI_TRY(tri_later_start(comm, what, call, r));
    *out = r;
    return TRI_OK;
}

/* Opens the sides that have blocks; frees the request where that fails. */
static tri_status open_sides(tri_request *r, int load_recv) {
    tri_status status = r->send.blocks ? tri_side_open(&r->send, 1) : TRI_OK;
    if (status == TRI_OK && r->recv.blocks) status = tri_side_open(&r->recv, load_recv);
    if (status != TRI_OK) {
        tri_status closed = tri_side_close(&r->send, 0);
        (void)closed;
        tri_later_free(r);
    }
    return status;
}

tri_status tri_ibcast(void *buffer, size_t count, MPI_Datatype type, int root, tri_comm *comm,
                      tri_request **out) {
    tri_request *r;
    TRI_TRY(tri_check_root(root, comm));
    TRI_TRY(request_create(comm, &r));
    r->recv = (tri_side){.user = buffer, .type = type, .blocks = 1, .count = count};
    r->stores = comm->rank != root;
    TRI_TRY(open_sides(r, comm->rank == root));
    tri_call call = {
        .send = r->recv.bytes, .recv = r->recv.bytes, .count = r->recv.block_bytes, .root = root};
    tri_request_for what = {
        .operation = TRI_BCAST, .type = MPI_BYTE, .unit_bytes = 1, .commutes = 1, .bytes = call.count};
    return start(comm, &what, &call, r, out);
}

/* MPI_IN_PLACE: what is received replaces what was sent, so a copy of it is sent. */
static tri_status keep_blocks(tri_request *r) {
    size_t bytes = r->recv.block_bytes * (size_t)r->recv.blocks;
    r->kept = malloc(bytes ? bytes : 1);
    if (r->kept) {
        memcpy(r->kept, r->recv.bytes, bytes);
        return TRI_OK;
    }
    tri_status closed = tri_side_close(&r->recv, 0);
    (void)closed;
    tri_later_free(r);
    return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes of ialltoall in place", bytes);
}

tri_status tri_ialltoall(const void *send, size_t send_count, MPI_Datatype send_type, void *recv,
                         size_t recv_count, MPI_Datatype recv_type, tri_comm *comm, tri_request **out) {
    tri_request *r;
    int in_place = send == MPI_IN_PLACE;
    TRI_TRY(request_create(comm, &r));
    if (!in_place)
        r->send =
            (tri_side){.user = (void *)send, .type = send_type, .blocks = comm->size, .count = send_count};
    r->recv = (tri_side){.user = recv, .type = recv_type, .blocks = comm->size, .count = recv_count};
    r->stores = 1;
    TRI_TRY(open_sides(r, in_place));
    if (in_place) TRI_TRY(keep_blocks(r));
    tri_call call = {
        .send = in_place ? r->kept : r->send.bytes, .recv = r->recv.bytes, .count = r->recv.block_bytes};
    tri_request_for what = {
        .operation = TRI_ALLTOALL, .type = MPI_BYTE, .unit_bytes = 1, .commutes = 1, .bytes = call.count};
    return start(comm, &what, &call, r, out);
}

static tri_status combine(tri_operation operation, const void *send, void *recv, size_t count,
                          MPI_Datatype type, MPI_Op op, int root, tri_comm *comm, tri_request **out) {
    tri_request *r;
    tri_request_for what;
    TRI_TRY(tri_describe_combine(&what, operation, count, type, op));
    TRI_TRY(request_create(comm, &r));
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = count, .root = root};
    return start(comm, &what, &call, r, out);
}

tri_status tri_ireduce(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op, int root,
                       tri_comm *comm, tri_request **out) {
    TRI_TRY(tri_check_root(root, comm));
    return combine(TRI_REDUCE, send, recv, count, type, op, root, comm, out);
}

tri_status tri_iallreduce(const void *send, void *recv, size_t count, MPI_Datatype type, MPI_Op op,
                          tri_comm *comm, tri_request **out) {
    return combine(TRI_ALLREDUCE, send, recv, count, type, op, 0, comm, out);
}

void tri_comm_progress(tri_comm *comm) {
    if (comm->calls) tri_calls_advance(comm->calls);
}

tri_status tri_request_test(tri_request **request, int *done) {
    tri_request *r = *request;
    if (r) tri_calls_advance(r->calls);
    *done = !r || r->complete;
    if (!r || !r->complete) return TRI_OK;
    tri_status status = r->status == TRI_OK ? TRI_OK : tri_fail(r->status, "%s", r->why);
    tri_later_free(r);
    *request = NULL;
    return status;
}

tri_status tri_request_wait(tri_request **request) {
    for (int done = 0;;) {
        TRI_TRY(tri_request_test(request, &done));
        if (done) return TRI_OK;
        /* Those that this rank waits for may share its core. */
        sched_yield();
    }
}
