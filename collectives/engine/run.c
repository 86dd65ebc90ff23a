/* Execution of a call. A composed algorithm may process its vector in pieces: while one stage works on a
 * piece, the next stage works on the previous piece. Each stage has TRI_WINDOW schedules, used by its
 * pieces in rotation, so that one can move data while another waits for a latency. All schedules are
 * recorded first and then progressed together; a gate blocks a schedule until the previous stage has
 * finished the piece. All levels of the machine, and the links of a node in both directions, are then busy
 * concurrently. */
#include "collectives/engine/run.h"

#include <sched.h>
#include <stdlib.h>

#include "collectives/engine/schedule.h"

typedef struct pieces {
    int count;
    tri_schedule schedule[TRI_SCHEDULES];
    MPI_Request *in_flight; /* requests of all schedules, for a wait */
    int room;
} pieces;

static void pieces_create(const tri_context *c, int count, pieces *out) {
    *out = (pieces){.count = count};
    for (int i = 0; i < count; i++) {
        tri_schedule *s = &out->schedule[i];
        s->engine = (tri_engine){.mpi = c->engine->mpi,
                                 .ranks = c->engine->ranks,
                                 .type = c->engine->type,
                                 .per_unit = c->engine->per_unit,
                                 .operands = c->engine->operands,
                                 .tag = c->engine->tag + i};
        s->context = *c;
        s->context.verbs = &tri_verbs_execute;
        s->context.engine = &s->engine;
    }
}

static void pieces_destroy(pieces *s) {
    for (int i = 0; i < s->count; i++)
        tri_schedule_free(&s->schedule[i]);
    free(s->in_flight);
}

/* Records stage `index` on a piece, after its gate. */
static tri_status record_piece(pieces *s, int index, int piece, tri_stage *stage) {
    tri_schedule *schedule = s->schedule + index * TRI_WINDOW + piece % TRI_WINDOW;
    tri_step gate = {.verb = TRI_STEP_GATE, .count = (size_t)(piece / TRI_WINDOW) + 1};
    tri_step mark = {.verb = TRI_STEP_MARK};
    if (index) {
        gate.from = schedule - TRI_WINDOW;
        TRI_TRY(tri_schedule_record(schedule, gate));
    }
    if (stage->context.rank >= 0) {
        stage->context.verbs = &tri_verbs_record;
        stage->context.engine = &schedule->engine;
        TRI_TRY(tri_call_execute(&stage->context, &stage->call));
    }
    return tri_schedule_record(schedule, mark);
}

static tri_status wait_any(const tri_engine *engine, int count, MPI_Request *requests, int *index) {
    if (!tri_family_is_pending(engine->family)) {
        TRI_MPI(MPI_Waitany(count, requests, index, MPI_STATUS_IGNORE));
        return TRI_OK;
    }
    for (int arrived = 0;;) {
        TRI_MPI(MPI_Testany(count, requests, index, &arrived, MPI_STATUS_IGNORE));
        if (arrived) return TRI_OK;
        engine->family->progress(engine->family);
        sched_yield();
    }
}

/* Waits until a message of any schedule has completed. */
static tri_status wait_for_one(pieces *s, const tri_engine *engine) {
    int count = 0, index;
    for (int i = 0; i < s->count; i++)
        count += s->schedule[i].engine.started;
    if (count > s->room) {
        MPI_Request *more = realloc(s->in_flight, 2 * (size_t)count * sizeof *more);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "out of memory for %d messages at once", count);
        s->in_flight = more;
        s->room = 2 * count;
    }
    count = 0;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->schedule[i].engine.started; k++)
            s->in_flight[count++] = s->schedule[i].engine.requests[k];
    TRI_TRY(wait_any(engine, count, s->in_flight, &index));
    for (int i = 0; i < s->count; i++) {
        tri_engine *e = &s->schedule[i].engine;
        if (index < e->started) {
            e->requests[index] = e->requests[--e->started];
            return TRI_OK;
        }
        index -= e->started;
    }
    return TRI_OK;
}

static tri_status advance_all(pieces *s, const tri_engine *engine) {
    for (;;) {
        int moved = 0, left = 0;
        for (int i = 0; i < s->count; i++) {
            TRI_TRY(tri_schedule_advance(&s->schedule[i], 0, &moved));
            left += s->schedule[i].next < s->schedule[i].recorded;
        }
        if (!left) return TRI_OK;
        if (!moved) TRI_TRY(wait_for_one(s, engine));
    }
}

static tri_status run_in_pieces(tri_context *c, const tri_call *call) {
    pieces s;
    tri_stage stage[TRI_STAGES];
    int count = tri_stages_of_piece(c, call, 0, stage);
    tri_status status = TRI_OK;
    pieces_create(c, count * TRI_WINDOW, &s);
    for (int piece = 0; piece < call->parameters.pieces && status == TRI_OK; piece++) {
        tri_stages_of_piece(c, call, piece, stage);
        for (int i = 0; i < count && status == TRI_OK; i++)
            status = record_piece(&s, i, piece, &stage[i]);
    }
    if (status == TRI_OK) status = advance_all(&s, c->engine);
    pieces_destroy(&s);
    return status;
}

tri_status tri_call_execute(tri_context *c, const tri_call *call) {
    const tri_algorithm *a = call->recipe->pick[call->pick].algorithm;
    if (!a->stages) return a->run(c, call);
    if (call->parameters.pieces > 1) return run_in_pieces(c, call);
    tri_stage stage[TRI_STAGES];
    int count = tri_stages_make(c, call, stage);
    void *stage_scratch = tri_unit(c, call->scratch, a->own_scratch ? a->own_scratch(c, call) : 0);
    for (int i = 0; i <= count; i++) {
        if (a->before_stage) TRI_TRY(a->before_stage(c, call, i));
        if (i == count || stage[i].context.rank < 0) continue;
        stage[i].call.scratch = stage_scratch;
        TRI_TRY(tri_call_execute(&stage[i].context, &stage[i].call));
    }
    return TRI_OK;
}
