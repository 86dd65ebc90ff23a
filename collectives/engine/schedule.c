/* The verbs that record, and the run of what they have recorded. */
#include "collectives/engine/schedule.h"

#include <stdio.h>
#include <stdlib.h>

/* While a body is recorded, the engine of its context is that of the request. */
static tri_request *request_of(tri_context *c) {
    return (tri_request *)((char *)c->engine - offsetof(tri_request, engine));
}

tri_status tri_later_record(tri_request *r, tri_step step) {
    if (r->recorded == r->room) {
        size_t room = r->room ? 2 * r->room : 32;
        tri_step *steps = realloc(r->steps, room * sizeof *steps);
        if (!steps) return tri_fail(TRI_ERR_MEMORY, "no memory for a schedule of %zu steps", room);
        r->steps = steps;
        r->room = room;
    }
    r->steps[r->recorded++] = step;
    return TRI_OK;
}

static tri_status later_send(tri_context *c, const void *data, size_t count, int peer) {
    tri_step step = {.verb = TRI_STEP_SEND, .peer = tri_member(c, peer), .from = data, .count = count};
    return tri_later_record(request_of(c), step);
}

static tri_status later_recv(tri_context *c, void *data, size_t count, int peer) {
    tri_step step = {.verb = TRI_STEP_RECV, .peer = tri_member(c, peer), .to = data, .count = count};
    return tri_later_record(request_of(c), step);
}

static tri_status later_wait(tri_context *c) {
    tri_step step = {.verb = TRI_STEP_WAIT};
    return tri_later_record(request_of(c), step);
}

static tri_status later_combine(tri_context *c, const void *left, void *right, size_t count) {
    tri_step step = {.verb = TRI_STEP_COMBINE, .from = left, .to = right, .count = count};
    return tri_later_record(request_of(c), step);
}

static tri_status later_copy(tri_context *c, void *to, const void *from, size_t count) {
    tri_step step = {.verb = TRI_STEP_COPY, .from = from, .to = to, .count = count};
    return tri_later_record(request_of(c), step);
}

const tri_verbs tri_verbs_later = {
    .send = later_send, .recv = later_recv, .wait = later_wait, .combine = later_combine, .copy = later_copy};

tri_status tri_later_step(tri_request *r, const tri_step *s, int *blocked) {
    const tri_verbs *now = &tri_verbs_now;
    switch (s->verb) {
    case TRI_STEP_SEND:
        return now->send(&r->context, s->from, s->count, s->peer);
    case TRI_STEP_RECV:
        return now->recv(&r->context, s->to, s->count, s->peer);
    case TRI_STEP_COMBINE:
        return now->combine(&r->context, s->from, s->to, s->count);
    case TRI_STEP_COPY:
        return now->copy(&r->context, s->to, s->from, s->count);
    case TRI_STEP_GATE:
        *blocked = ((const tri_request *)s->from)->through < s->count;
        return TRI_OK;
    case TRI_STEP_THROUGH:
        r->through++;
        return TRI_OK;
    default:
        break;
    }
    int arrived;
    TRI_MPI(MPI_Testall(r->engine.started, r->engine.requests, &arrived, MPI_STATUSES_IGNORE));
    *blocked = !arrived;
    if (arrived) r->engine.started = 0;
    return TRI_OK;
}

/* Gives back what the call needed and its result does not. */
static tri_status close_sides(tri_request *r, int store) {
    tri_status sent = r->send.blocks ? tri_side_close(&r->send, 0) : TRI_OK;
    tri_status stored = r->recv.blocks ? tri_side_close(&r->recv, store && r->stores) : TRI_OK;
    r->send.blocks = r->recv.blocks = 0;
    return sent == TRI_OK ? stored : sent;
}

void tri_later_advance(tri_request *r) {
    int blocked = 0;
    tri_status status = TRI_OK;
    while (!r->complete && !blocked && status == TRI_OK) {
        if (r->at < r->recorded) {
            status = tri_later_step(r, &r->steps[r->at], &blocked);
            r->at += !blocked;
        } else {
            r->complete = 1;
            status = close_sides(r, 1);
        }
    }
    if (status == TRI_OK) return;
    r->complete = 1;
    r->status = status;
    snprintf(r->why, sizeof r->why, "%s", tri_error_text());
}

void tri_calls_advance(tri_calls *calls) {
    for (tri_request *r = calls->family->pending; r; r = r->next)
        tri_later_advance(r);
}

void tri_later_free(tri_request *r) {
    tri_request **link = &r->calls->family->pending;
    while (*link && *link != r)
        link = &(*link)->next;
    if (*link) *link = r->next;
    free(r->engine.requests);
    free(r->steps);
    free(r->scratch);
    free(r->kept);
    free(r);
}

static tri_status record_call(tri_comm *comm, const tri_request_for *what, tri_call *call, tri_request *r) {
    tri_case asked = tri_comm_case(comm, what->operation, what->bytes, what->uneven, what->commutes);
    asked.unit_bytes = what->unit_bytes;
    asked.shared = asked.reach = 0;
    asked.later = 1;
    const tri_algorithm *a = r->calls->selected[what->operation];
    if (a && a->can && !a->can(&asked)) a = NULL;
    tri_recipe_make(&r->recipe, a, &asked, &r->calls->net);
    call->recipe = &r->recipe;
    call->pick = 0;
    call->parameters = r->recipe.pick[0].parameters;

    r->engine = (tri_engine){.mpi = comm->mpi,
                             .type = what->type,
                             .op = what->op,
                             .combine = comm->combine,
                             .combine_data = comm->combine_data,
                             .tag = tri_calls_tag(r->calls)};
    r->context = tri_calls_context(comm, what, &r->engine, &tri_verbs_now);
    tri_context recording = tri_calls_context(comm, what, &r->engine, &tri_verbs_later);
    size_t bytes = tri_pick_scratch(&recording, call) * what->unit_bytes;
    r->scratch = malloc(bytes ? bytes : 1);
    if (!r->scratch)
        return tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes of a collective's scratch", bytes);
    call->scratch = r->scratch;
    return tri_pick_run(&recording, call);
}

tri_status tri_later_start(tri_comm *comm, const tri_request_for *what, tri_call *call, tri_request *r) {
    tri_status status = record_call(comm, what, call, r);
    if (status != TRI_OK) {
        tri_status closed = close_sides(r, 0);
        (void)closed;
        tri_later_free(r);
        return status;
    }
    r->next = r->calls->family->pending;
    r->calls->family->pending = r;
    tri_later_advance(r);
    return TRI_OK;
}
