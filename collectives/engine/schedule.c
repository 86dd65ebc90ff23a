#include "collectives/engine/schedule.h"

#include <stdlib.h>

/* During recording, the context's engine is the engine of the schedule. */
static tri_schedule *schedule_of(tri_context *c) {
    return (tri_schedule *)((char *)c->engine - offsetof(tri_schedule, engine));
}

tri_status tri_schedule_record(tri_schedule *s, tri_step step) {
    if (s->recorded == s->room) {
        size_t room = s->room ? 2 * s->room : 32;
        tri_step *steps = realloc(s->steps, room * sizeof *steps);
        if (!steps) return tri_fail(TRI_ERR_MEMORY, "out of memory for a schedule of %zu steps", room);
        s->steps = steps;
        s->room = room;
    }
    s->steps[s->recorded++] = step;
    return TRI_OK;
}

static tri_status record_send(tri_context *c, const void *data, size_t count, int peer) {
    tri_step step = {.verb = TRI_STEP_SEND, .peer = tri_member(c, peer), .from = data, .count = count};
    return tri_schedule_record(schedule_of(c), step);
}

static tri_status record_recv(tri_context *c, void *data, size_t count, int peer) {
    tri_step step = {.verb = TRI_STEP_RECV, .peer = tri_member(c, peer), .to = data, .count = count};
    return tri_schedule_record(schedule_of(c), step);
}

static tri_status record_wait(tri_context *c) {
    tri_step step = {.verb = TRI_STEP_WAIT};
    return tri_schedule_record(schedule_of(c), step);
}

static tri_status record_combine(tri_context *c, const void *left, void *right, size_t count) {
    tri_step step = {.verb = TRI_STEP_COMBINE, .from = left, .to = right, .count = count};
    return tri_schedule_record(schedule_of(c), step);
}

static tri_status record_copy(tri_context *c, void *to, const void *from, size_t count) {
    tri_step step = {.verb = TRI_STEP_COPY, .from = from, .to = to, .count = count};
    return tri_schedule_record(schedule_of(c), step);
}

const tri_verbs tri_verbs_record = {.send = record_send,
                                    .recv = record_recv,
                                    .wait = record_wait,
                                    .combine = record_combine,
                                    .copy = record_copy};

/* Whether messages of the round are still pending. */
static tri_status look_for_round(tri_schedule *s, int test, int *blocked) {
    if (test) {
        int arrived;
        TRI_MPI(MPI_Testall(s->engine.started, s->engine.requests, &arrived, MPI_STATUSES_IGNORE));
        if (arrived) s->engine.started = 0;
    }
    *blocked = s->engine.started > 0;
    return TRI_OK;
}

static tri_status execute_step(tri_schedule *s, const tri_step *step, int test, int *blocked) {
    const tri_verbs *verbs = &tri_verbs_execute;
    switch (step->verb) {
    case TRI_STEP_SEND:
        return verbs->send(&s->context, step->from, step->count, step->peer);
    case TRI_STEP_RECV:
        return verbs->recv(&s->context, step->to, step->count, step->peer);
    case TRI_STEP_COMBINE:
        return verbs->combine(&s->context, step->from, step->to, step->count);
    case TRI_STEP_COPY:
        return verbs->copy(&s->context, step->to, step->from, step->count);
    case TRI_STEP_WORK:
        return ((tri_work *)step->to)->run(step->to, blocked);
    case TRI_STEP_GATE:
        *blocked = ((const tri_schedule *)step->from)->marks < step->count;
        return TRI_OK;
    case TRI_STEP_MARK:
        s->marks++;
        return TRI_OK;
    default:
        return look_for_round(s, test, blocked);
    }
}

tri_status tri_schedule_advance(tri_schedule *s, int test, int *moved) {
    for (; s->next < s->recorded; s->next++, *moved = 1) {
        int blocked = 0;
        TRI_TRY(execute_step(s, &s->steps[s->next], test, &blocked));
        if (blocked) break;
    }
    return TRI_OK;
}

void tri_schedule_free(tri_schedule *s) {
    free(s->engine.requests);
    free(s->steps);
}
