/* Nonblocking collectives: recorded as a schedule that every wait or test progresses. */
#include "trireme/request.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectives/engine/engine.h"
#include "collectives/engine/layout.h"
#include "collectives/engine/run.h"
#include "collectives/engine/schedule.h"

struct tri_request {
    tri_schedule schedule;
    tri_family *family; /* the communicator's family */
    struct tri_request *next;
    void *scratch, *kept; /* kept: copy of an input that the result overwrites; or NULL */
    tri_side send, recv;  /* open if they have blocks */
    int stores;           /* whether recv is stored on completion */
    int complete;
    tri_status status;
    char why[256]; /* error text of a failure during progress */
};

static tri_status request_create(tri_comm *comm, tri_request **out) {
    tri_request *r = calloc(1, sizeof *r);
    if (!r) return tri_fail(TRI_ERR_MEMORY, "out of memory for a request");
    r->family = comm->family;
    *out = r;
    return TRI_OK;
}

static void request_free(tri_request *r) {
    tri_request **link = (tri_request **)&r->family->pending;
    while (*link && *link != r)
        link = &(*link)->next;
    if (*link) *link = r->next;
    tri_schedule_free(&r->schedule);
    free(r->scratch);
    free(r->kept);
    free(r);
}

/* Releases everything but the result. */
static tri_status close_sides(tri_request *r, int store) {
    tri_status sent = r->send.blocks ? tri_side_close(&r->send, 0) : TRI_OK;
    tri_status stored = r->recv.blocks ? tri_side_close(&r->recv, store && r->stores) : TRI_OK;
    r->send.blocks = r->recv.blocks = 0;
    return sent == TRI_OK ? stored : sent;
}

static void request_advance(tri_request *r) {
    if (r->complete) return;
    int moved = 0;
    tri_status status = tri_schedule_advance(&r->schedule, 1, &moved);
    if (status == TRI_OK && r->schedule.next < r->schedule.recorded) return;
    r->complete = 1;
    if (status == TRI_OK) status = close_sides(r, 1);
    r->status = status;
    if (status != TRI_OK) snprintf(r->why, sizeof r->why, "%s", tri_error_text());
}

static void progress(tri_family *family) {
    for (tri_request *r = family->pending; r; r = r->next)
        request_advance(r);
}

static tri_status record(tri_comm *comm, const tri_call_spec *spec, tri_call *call, tri_request *r) {
    TRI_TRY(tri_call_choose(comm, spec, 1, call));
    r->schedule.context = tri_call_prepare(comm, spec, &r->schedule.engine, &tri_verbs_execute);
    tri_context recording = r->schedule.context;
    recording.verbs = &tri_verbs_record;
    size_t bytes = tri_call_scratch(&recording, call) * spec->unit_bytes;
    r->scratch = malloc(bytes ? bytes : 1);
    if (!r->scratch)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of scratch of a collective", bytes);
    call->scratch = r->scratch;
    return tri_call_execute(&recording, call);
}

static void request_abandon(tri_request *r) {
    tri_status closed = close_sides(r, 0);
    (void)closed;
    request_free(r);
}

/* Records the call and starts executing it. Frees the request on failure. */
static tri_status start(tri_comm *comm, const tri_call_spec *spec, tri_call *call, tri_request *r,
                        tri_request **out) {
    tri_status status = record(comm, spec, call, r);
    if (status != TRI_OK) {
        request_abandon(r);
        return status;
    }
    r->family->progress = progress;
    r->next = r->family->pending;
    r->family->pending = r;
    request_advance(r);
    *out = r;
    return TRI_OK;
}

/* Opens the sides that have blocks. Frees the request on failure. */
static tri_status open_sides(tri_request *r, int load_recv) {
    tri_status status = r->send.blocks ? tri_side_open(&r->send, 1) : TRI_OK;
    if (status == TRI_OK && r->recv.blocks) status = tri_side_open(&r->recv, load_recv);
    if (status != TRI_OK) request_abandon(r);
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
    tri_call_spec spec = {
        .operation = TRI_BCAST, .type = MPI_BYTE, .unit_bytes = 1, .commutes = 1, .bytes = call.count};
    return start(comm, &spec, &call, r, out);
}

/* MPI_IN_PLACE: the result overwrites the input, so a copy of the input is sent. */
static tri_status keep_blocks(tri_request *r) {
    size_t bytes = r->recv.block_bytes * (size_t)r->recv.blocks;
    r->kept = malloc(bytes ? bytes : 1);
    if (!r->kept) return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of ialltoall in place", bytes);
    memcpy(r->kept, r->recv.bytes, bytes);
    return TRI_OK;
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
    if (in_place) {
        tri_status status = keep_blocks(r);
        if (status != TRI_OK) {
            request_abandon(r);
            return status;
        }
    }
    tri_call call = {
        .send = in_place ? r->kept : r->send.bytes, .recv = r->recv.bytes, .count = r->recv.block_bytes};
    tri_call_spec spec = {
        .operation = TRI_ALLTOALL, .type = MPI_BYTE, .unit_bytes = 1, .commutes = 1, .bytes = call.count};
    return start(comm, &spec, &call, r, out);
}

static tri_status combine(tri_operation operation, const void *send, void *recv, size_t count,
                          MPI_Datatype type, MPI_Op op, int root, tri_comm *comm, tri_request **out) {
    tri_request *r;
    tri_call_spec spec;
    TRI_TRY(tri_describe_combine(&spec, operation, count, type, op));
    TRI_TRY(request_create(comm, &r));
    tri_call call = {.send = send == MPI_IN_PLACE ? recv : send, .recv = recv, .count = count, .root = root};
    return start(comm, &spec, &call, r, out);
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
    progress(comm->family);
}

tri_status tri_request_test(tri_request **request, int *done) {
    tri_request *r = *request;
    if (r) progress(r->family);
    *done = !r || r->complete;
    if (!r || !r->complete) return TRI_OK;
    tri_status status = r->status == TRI_OK ? TRI_OK : tri_fail(r->status, "%s", r->why);
    request_free(r);
    *request = NULL;
    return status;
}

tri_status tri_request_wait(tri_request **request) {
    for (int done = 0;;) {
        TRI_TRY(tri_request_test(request, &done));
        if (done) return TRI_OK;
        /* The ranks that this rank waits for may share its core. */
        sched_yield();
    }
}
