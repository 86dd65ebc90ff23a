/* Requests: calls recorded as schedules that every wait or test progresses. */
#include "trireme/request.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "collectives/engine/delegate.h"
#include "collectives/engine/pending.h"
#include "collectives/engine/run.h"
#include "collectives/engine/schedule.h"

/* Of a request without messages of its own. */
enum { NO_TAG = -1 };

struct tri_request {
    tri_schedule schedule;
    tri_arguments arguments;
    tri_family *family; /* the communicator's family */
    void *scratch;
    const tri_recorder *by;           /* NULL: an algorithm is recorded */
    void *memory;                     /* of that recorder */
    int ranks, delegated;             /* delegated: MPI does the call */
    struct tri_request *next, **link; /* among the pending requests of the family; link NULL: not pending */
    struct tri_request *successor;    /* a pending request with the same tag, which runs after this one */
    int waits;                        /* for the request whose successor this one is */
    int active;                       /* started, and its completion not reported yet */
    tri_collective_state *state;      /* of a persistent request, which is in its list; else NULL */
    struct tri_request *next_persistent;
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
    tri_request **link = r->state ? &r->state->persistent : NULL;
    while (link && *link != r)
        link = &(*link)->next_persistent;
    if (link) *link = r->next_persistent;
    tri_arguments_close(&r->arguments);
    tri_schedule_free(&r->schedule);
    if (r->by) r->by->destroy(r->memory);
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
    if (r->by) return r->by->record(comm, &r->arguments, tag, &r->schedule, &r->memory);
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
static tri_status record_delegated(tri_comm *comm, MPI_Comm mpi, tri_request *r) {
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
    e->mpi = mpi;
    e->tag = NO_TAG;
    return tri_schedule_record(&r->schedule, (tri_step){.verb = TRI_STEP_WAIT});
}

static tri_status start_delegated(tri_request *r) {
    tri_engine *e = &r->schedule.engine;
    TRI_TRY(tri_delegate(&r->arguments, r->ranks, e->mpi, r->scratch, e->requests));
    e->started = 1;
    return TRI_OK;
}

/* Records the call, in a new request. `mpi`: the communicator on which MPI does it, or MPI_COMM_NULL.
 * Persistent calls are not delegated: their starts may come in another order on each rank. */
static tri_status request_create(tri_comm *comm, tri_arguments *a, const tri_recorder *by, int tag,
                                 MPI_Comm mpi, tri_request **out) {
    tri_request *r = calloc(1, sizeof *r);
    if (!r) {
        tri_arguments_close(a);
        return tri_fail(TRI_ERR_MEMORY, "out of memory for a request");
    }
    r->family = comm->family;
    r->arguments = *a;
    r->arguments.send.holds = r->arguments.recv.holds = 1;
    r->by = by;
    r->ranks = comm->size;
    r->delegated = mpi != MPI_COMM_NULL;
    tri_status status = r->delegated ? record_delegated(comm, mpi, r) : record(comm, tag, r);
    if (status == TRI_OK)
        *out = r;
    else
        request_free(r);
    return status;
}

static tri_status request_start(tri_request *r) {
    r->schedule.next = r->schedule.marks = 0;
    TRI_TRY(tri_arguments_load(&r->arguments));
    if (r->delegated) TRI_TRY(start_delegated(r));
    r->active = 1;
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

tri_status tri_call_start(tri_comm *comm, tri_arguments *a, const tri_recorder *by, tri_request **out) {
    uint64_t call = tri_state_of(comm)->started++;
    if (!by) by = tri_pending_recorder(comm, a, 0);
    tri_request *r;
    TRI_TRY(request_create(comm, a, by, TRI_TAG_NONBLOCKING + (int)(call % TRI_TAGS_NONBLOCKING),
                           by ? MPI_COMM_NULL : tri_delegate_of(comm, a), &r));
    if (call >= TRI_TAGS_NONBLOCKING) look_for_tag(r);
    tri_status status = request_start(r);
    if (status == TRI_OK)
        *out = r;
    else
        request_free(r);
    return status;
}

/* A tag that no persistent request of any rank has. As long as there are fresh ones, no communication. */
static tri_status persistent_tag(tri_comm *comm, int *out) {
    tri_collective_state *state = tri_state_of(comm);
    uint64_t tags = (uint64_t)(state->last_tag - TRI_TAG_PERSISTENT) + 1;
    for (uint64_t tries = 0; tries < tags; tries++) {
        int used = 0, used_anywhere = 0;
        *out = TRI_TAG_PERSISTENT + (int)(state->made % tags);
        if (state->made++ < tags) return TRI_OK;
        for (const tri_request *r = state->persistent; r && !used; r = r->next_persistent)
            used = r->schedule.engine.tag == comm->first_tag + *out;
        TRI_TRY(tri_largest(comm, used, &used_anywhere));
        if (!used_anywhere) return TRI_OK;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "%llu persistent requests exist on this communicator; free some",
                    (unsigned long long)tags);
}

tri_status tri_call_init(tri_comm *comm, tri_arguments *a, const tri_recorder *by, tri_request **out) {
    int tag;
    tri_request *r;
    tri_status status = persistent_tag(comm, &tag);
    if (status == TRI_OK && !by) by = tri_pending_recorder(comm, a, 1);
    if (status != TRI_OK) tri_arguments_close(a);
    if (status == TRI_OK) status = request_create(comm, a, by, tag, MPI_COMM_NULL, &r);
    if (status != TRI_OK) return status;
    r->state = tri_state_of(comm);
    r->next_persistent = r->state->persistent;
    r->state->persistent = r;
    *out = r;
    return TRI_OK;
}

tri_status tri_request_start(tri_request *request) {
    if (!request || !request->state)
        return tri_fail(TRI_ERR_ARGUMENT, "only a persistent request can be started");
    if (request->active)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "the persistent request is active: wait for it before the next start");
    return request_start(request);
}

tri_status tri_request_start_all(size_t count, tri_request **requests) {
    for (size_t i = 0; i < count; i++)
        TRI_TRY(tri_request_start(requests[i]));
    return TRI_OK;
}

tri_status tri_request_free(tri_request **request) {
    tri_request *r = *request;
    if (r && r->active) return tri_fail(TRI_ERR_ARGUMENT, "the request is active: wait for it instead");
    if (r) request_free(r);
    *request = NULL;
    return TRI_OK;
}

tri_status tri_request_adopt(MPI_Request *message, tri_comm *comm, tri_request **out) {
    tri_request *r = calloc(1, sizeof *r);
    MPI_Request *requests = malloc(sizeof *requests);
    tri_status status = r && requests ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "out of memory for a request");
    if (status == TRI_OK) status = tri_schedule_record(&r->schedule, (tri_step){.verb = TRI_STEP_WAIT});
    if (status != TRI_OK) {
        free(requests);
        free(r);
        return status;
    }
    requests[0] = *message;
    r->schedule.engine = (tri_engine){.requests = requests, .started = 1, .room = 1};
    r->family = comm->family;
    TRI_TRY(request_start(r));
    *message = MPI_REQUEST_NULL;
    *out = r;
    return TRI_OK;
}

void tri_comm_progress(tri_comm *comm) {
    progress(comm->family);
}

/* How many requests are pending and how many have failed, after progress; the first complete one, or the
 * number of requests. */
typedef struct tally {
    size_t pending, failed, complete;
} tally;

static tally look_at(size_t count, tri_request *const *requests) {
    const tri_family *last = NULL;
    tally out = {.complete = count};
    for (size_t i = 0; i < count; i++) {
        const tri_request *r = requests[i];
        if (!r || !r->link || r->family == last) continue;
        last = r->family;
        progress(r->family);
    }
    for (size_t i = 0; i < count; i++) {
        const tri_request *r = requests[i];
        if (!r || !r->active) continue;
        out.pending += r->link != NULL;
        out.failed += !r->link && r->status != TRI_OK;
        if (!r->link && out.complete == count) out.complete = i;
    }
    return out;
}

/* Reports the status of a complete request, and frees it if it is not persistent. */
static tri_status finish(tri_request **request) {
    tri_request *r = *request;
    tri_status status = r->status == TRI_OK ? TRI_OK : tri_fail(r->status, "%s", r->why);
    r->active = 0;
    if (r->state) return status;
    request_free(r);
    *request = NULL;
    return status;
}

/* The same for all complete ones. Backwards: the text of the first failure remains. */
static tri_status finish_all(size_t count, tri_request **requests) {
    tri_status first = TRI_OK;
    for (size_t i = count; i-- > 0;) {
        tri_request *r = requests[i];
        if (!r || !r->active || r->link) continue;
        tri_status status = finish(&requests[i]);
        if (status != TRI_OK) first = status;
    }
    return first;
}

tri_status tri_request_test_any(size_t count, tri_request **requests, size_t *index, int *done) {
    tally t = look_at(count, requests);
    *index = t.complete;
    *done = t.complete < count || !t.pending;
    return t.complete < count ? finish(&requests[t.complete]) : TRI_OK;
}

tri_status tri_request_test_all(size_t count, tri_request **requests, int *done) {
    tally t = look_at(count, requests);
    *done = !t.pending;
    return !t.pending || t.failed ? finish_all(count, requests) : TRI_OK;
}

tri_status tri_request_wait_any(size_t count, tri_request **requests, size_t *index) {
    for (int done = 0;;) {
        TRI_TRY(tri_request_test_any(count, requests, index, &done));
        if (done) return TRI_OK;
        /* The ranks that this rank waits for may share its core. */
        sched_yield();
    }
}

tri_status tri_request_wait_all(size_t count, tri_request **requests) {
    for (int done = 0;;) {
        TRI_TRY(tri_request_test_all(count, requests, &done));
        if (done) return TRI_OK;
        sched_yield();
    }
}

tri_status tri_request_test(tri_request **request, int *done) {
    return tri_request_test_all(1, request, done);
}

tri_status tri_request_wait(tri_request **request) {
    return tri_request_wait_all(1, request);
}
