/* An algorithm of parts on a vector in pieces: while a part works on one piece, the part behind it works on the piece
 * before. Each part has strands of its own, which are recorded first (engine_later.h) and then run from wait to wait; a
 * gate holds the strand of the next part up until its piece has come through. So the levels of a machine, and the nodes'
 * links in both directions, are busy at once. The pieces of a part take turns on its TRI_WINDOW strands, so that one
 * moves while the other waits for a latency.
 */
#include <sched.h>
#include <stdlib.h>

#include "collectives/engine/pieces.h"
#include "collectives/engine/schedule.h"

typedef struct strands {
    int count;
    tri_request *strand[TRI_STRANDS];
    MPI_Request *under_way; /* of all strands, for a wait */
    int room;
} strands;

static tri_status strands_create(const tri_context *c, int count, strands *out) {
    *out = (strands){.count = count};
    for (int i = 0; i < count; i++) {
        tri_request *r = out->strand[i] = calloc(1, sizeof *r);
        if (!r) return tri_fail(TRI_ERR_MEMORY, "no memory for a part of a collective");
        r->calls = c->engine->calls;
        r->engine = (tri_engine){
            .mpi = c->engine->mpi, .type = c->engine->type, .op = c->engine->op, .tag = c->engine->tag + i};
        r->context = *c;
        r->context.verbs = &tri_verbs_now;
        r->context.engine = &r->engine;
    }
    return TRI_OK;
}

static void strands_destroy(strands *s) {
    for (int i = 0; i < s->count; i++)
        if (s->strand[i]) tri_later_free(s->strand[i]);
    free(s->under_way);
}

/* The part `part` on piece `piece`, behind its gate. */
static tri_status record_piece(strands *s, int part, int piece, tri_stage *stage) {
    tri_request **strand = s->strand + part * TRI_WINDOW + piece % TRI_WINDOW;
    tri_step gate = {.verb = TRI_STEP_GATE, .count = (size_t)(piece / TRI_WINDOW) + 1};
    tri_step through = {.verb = TRI_STEP_THROUGH};
    if (part) {
        gate.from = strand[-TRI_WINDOW];
        TRI_TRY(tri_later_record(*strand, gate));
    }
    if (stage->context.rank >= 0) {
        stage->context.verbs = &tri_verbs_later;
        stage->context.engine = &(*strand)->engine;
        TRI_TRY(tri_pick_run(&stage->context, &stage->call));
    }
    return tri_later_record(*strand, through);
}

/* Runs a strand until it waits for messages or at a gate. */
static tri_status run_strand(tri_request *r, int *moved) {
    for (; r->at < r->recorded; r->at++, *moved = 1) {
        const tri_step *step = &r->steps[r->at];
        int blocked = 0;
        if (step->verb == TRI_STEP_WAIT)
            blocked = r->engine.started > 0;
        else
            TRI_TRY(tri_later_step(r, step, &blocked));
        if (blocked) break;
    }
    return TRI_OK;
}

static tri_status wait_any(const tri_engine *engine, int count, MPI_Request *requests, int *index) {
    if (!engine->calls || !engine->calls->family->pending) {
        TRI_MPI(MPI_Waitany(count, requests, index, MPI_STATUS_IGNORE));
        return TRI_OK;
    }
    for (int arrived = 0;;) {
        TRI_MPI(MPI_Testany(count, requests, index, &arrived, MPI_STATUS_IGNORE));
        if (arrived) return TRI_OK;
        tri_calls_advance(engine->calls);
        sched_yield();
    }
}

/* Waits until one of the messages of any strand is there. */
static tri_status wait_for_one(strands *s, const tri_engine *engine) {
    int count = 0, index;
    for (int i = 0; i < s->count; i++)
        count += s->strand[i]->engine.started;
    if (count > s->room) {
        MPI_Request *more = realloc(s->under_way, 2 * (size_t)count * sizeof *more);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for %d messages at once", count);
        s->under_way = more;
        s->room = 2 * count;
    }
    count = 0;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < s->strand[i]->engine.started; k++)
            s->under_way[count++] = s->strand[i]->engine.requests[k];
    TRI_TRY(wait_any(engine, count, s->under_way, &index));
    for (int i = 0; i < s->count; i++) {
        tri_engine *e = &s->strand[i]->engine;
        if (index < e->started) {
            e->requests[index] = e->requests[--e->started];
            return TRI_OK;
        }
        index -= e->started;
    }
    return TRI_OK;
}

static tri_status run_all(strands *s, const tri_engine *engine) {
    for (;;) {
        int moved = 0, left = 0;
        for (int i = 0; i < s->count; i++) {
            TRI_TRY(run_strand(s->strand[i], &moved));
            left += s->strand[i]->at < s->strand[i]->recorded;
        }
        if (!left) return TRI_OK;
        if (!moved) TRI_TRY(wait_for_one(s, engine));
    }
}

tri_status tri_strands_run(tri_context *c, const tri_call *call) {
    strands s;
    tri_stage stage[TRI_PARTS];
    int count = tri_pieces_draw(c, call, 0, stage);
    tri_status status = strands_create(c, count * TRI_WINDOW, &s);
    for (int piece = 0; piece < call->parameters.pieces && status == TRI_OK; piece++) {
        tri_pieces_draw(c, call, piece, stage);
        for (int i = 0; i < count && status == TRI_OK; i++)
            status = record_piece(&s, i, piece, &stage[i]);
    }
    if (status == TRI_OK) status = run_all(&s, c->engine);
    strands_destroy(&s);
    return status;
}
