/* Nonblocking collectives: recorded as a schedule that every wait or test progresses. */
#include "trireme/request.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectives/engine/delegate.h"
#include "collectives/engine/run.h"
#include "collectives/engine/schedule.h"

/* Of a request without messages of its own. */
enum { NO_TAG = -1 };

struct tri_request {
    tri_schedule schedule;
    tri_arguments arguments;
    tri_family *family; /* the communicator's family */
    void *scratch;
    int ranks, delegated;             /* delegated: MPI does the call */
    struct tri_request *next, **link; /* among the pending requests of the family; link NULL: not pending */
    struct tri_request *successor;    /* a pending request with the same tag, which runs after this one */
    int waits;                        /* for the request whose successor this one is */
    tri_status status;
    char why[256]; /* error text of a failure during progress */
};

static void request_link(tri_request *r) {
    tri_request *first = r->family->pending;
    r->next = first;
    r->link = (tri_request **)&r->family->pending;
    if (first) first->link = &r->next;
    r->family->pending = r;
}

static void request_unlink(tri_request *r) {
    *r->link = r->next;
    if (r->next) r->next->link = r->link;
    r->link = NULL;
}

static void request_free(tri_request *r) {
    tri_arguments_close(&r->arguments);
    tri_schedule_free(&r->schedule);
    free(r->scratch);
    free(r);
}

static void request_advance(tri_request *r) {
    if (r->waits) return;
    int moved = 0;
    tri_status status = tri_schedule_advance(&r->schedule, 1, &moved);
    if (status == TRI_OK && r->schedule.next < r->schedule.recorded) return;
    if (status == TRI_OK) status = tri_arguments_store(&r->arguments);
    r->status = status;
    if (status != TRI_OK) snprintf(r->why, sizeof r->why, "%s", tri_error_text());
    if (r->successor) r->successor->waits = 0;
    request_unlink(r);
}

static void progress(tri_family *family) {
    for (tri_request *r = family->pending, *next; r; r = next) {
        next = r->next;
        request_advance(r);
    }
}

static tri_status record(tri_comm *comm, int tag, tri_request *r) {
    tri_call *call = &r->arguments.call;
    const tri_call_spec *spec = &r->arguments.spec;
    TRI_TRY(tri_arguments_open(&r->arguments, comm));
    TRI_TRY(tri_call_choose(comm, spec, 1, call));
    r->schedule.context = tri_call_prepare(comm, spec, tag, &r->schedule.engine, &tri_verbs_execute);
    tri_context recording = r->schedule.context;
    recording.verbs = &tri_verbs_record;
    size_t bytes = tri_call_scratch(&recording, call) * spec->unit_bytes;
    r->scratch = malloc(bytes ? bytes : 1);
    if (!r->scratch)
        return tri_fail(TRI_ERR_MEMORY, "out of memory for %zu bytes of scratch of a collective", bytes);
    call->scratch = r->scratch;
    return tri_call_execute(&recording, call);
}

/* The same for a call that MPI does: a wait for MPI's request, which request_start() makes. */
static tri_status record_delegated(tri_comm *comm, tri_request *r) {
    tri_collective_state *state = tri_state_of(comm);
    tri_operation operation = r->arguments.spec.operation;
    if (state->selected[operation].strict)
        return tri_fail(
            TRI_ERR_ARGUMENT,
            "%s:%s! cannot do a nonblocking %s with an operation of the program; leave out the '!'",
            tri_operation_name(operation), state->selected[operation].algorithm->name,
            tri_operation_name(operation));
    state->last = NULL;
    tri_engine *e = &r->schedule.engine;
    e->requests = malloc(sizeof *e->requests);
    r->scratch = malloc((size_t)comm->size * sizeof(int));
    if (!e->requests || !r->scratch) return tri_fail(TRI_ERR_MEMORY, "out of memory for a request");
    e->room = 1;
    e->mpi = comm->mpi;
    e->tag = NO_TAG;
    return tri_schedule_record(&r->schedule, (tri_step){.verb = TRI_STEP_WAIT});
}

static tri_status start_delegated(tri_request *r) {
    tri_engine *e = &r->schedule.engine;
    TRI_TRY(tri_delegate(&r->arguments, r->ranks, e->mpi, r->scratch, e->requests));
    e->started = 1;
    return TRI_OK;
}

/* Records the call, in a new request. */
static tri_status request_create(tri_comm *comm, tri_arguments *a, int tag, tri_request **out) {
    tri_request *r = calloc(1, sizeof *r);
    if (!r) {
        tri_arguments_close(a);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for a request");
    }
    r->family = comm->family;
    r->arguments = *a;
    r->arguments.send.holds = r->arguments.recv.holds = 1;
    r->ranks = comm->size;
    r->delegated = tri_is_delegated(a);
    tri_status status = r->delegated ? record_delegated(comm, r) : record(comm, tag, r);
    if (status == TRI_OK)
        *out = r;
    else
        request_free(r);
    return status;
}

static tri_status request_start(tri_request *r) {
    TRI_TRY(tri_arguments_load(&r->arguments));
    if (r->delegated) TRI_TRY(start_delegated(r));
    r->family->progress = progress;
    request_link(r);
    request_advance(r);
    return TRI_OK;
}

/* Tags come round again. If the call that had this one before is still pending, the new one runs after it:
 * that keeps their messages apart. */
static void look_for_tag(tri_request *r) {
    for (tri_request *other = r->family->pending; other && !r->waits; other = other->next) {
        const tri_engine *e = &other->schedule.engine;
        if (other->successor || e->mpi != r->schedule.engine.mpi || e->tag != r->schedule.engine.tag)
            continue;
        other->successor = r;
        r->waits = 1;
    }
}

tri_status tri_call_start(tri_comm *comm, tri_arguments *a, tri_request **out) {
    uint64_t call = tri_state_of(comm)->started++;
    tri_request *r;
    TRI_TRY(request_create(comm, a, TRI_TAG_NONBLOCKING + (int)(call % TRI_TAGS_NONBLOCKING), &r));
    if (call >= TRI_TAGS_NONBLOCKING) look_for_tag(r);
    tri_status status = request_start(r);
    if (status == TRI_OK)
        *out = r;
    else
        request_free(r);
    return status;
}

void tri_comm_progress(tri_comm *comm) {
    progress(comm->family);
}

/* Returns the status of a request that is complete, and frees it. */
static tri_status finish(tri_request **request) {
    tri_request *r = *request;
    tri_status status = r->status == TRI_OK ? TRI_OK : tri_fail(r->status, "%s", r->why);
    request_free(r);
    *request = NULL;
    return status;
}

tri_status tri_request_test(tri_request **request, int *done) {
    tri_request *r = *request;
    if (r && r->link) progress(r->family);
    *done = !r || !r->link;
    return r && *done ? finish(request) : TRI_OK;
}

tri_status tri_request_wait(tri_request **request) {
    for (int done = 0;;) {
        TRI_TRY(tri_request_test(request, &done));
        if (done) return TRI_OK;
        /* The ranks that this rank waits for may share its core. */
        sched_yield();
    }
}
