/* The stages of composed algorithms, and their scratch. */
#include "collectives/engine/run.h"

int tri_stages_make(const tri_context *c, const tri_call *call, tri_stage *stage) {
    const tri_pick *pick = &call->recipe->pick[call->pick];
    int count = TRI_STAGES;
    while (count && !pick->stage[count - 1])
        count--;
    for (int i = 0; i < count; i++) {
        stage[i].context = *c;
        stage[i].call = *call;
    }
    pick->algorithm->plan(c, call, stage);
    for (int i = 0; i < count; i++) {
        stage[i].call.pick = pick->stage[i];
        stage[i].call.parameters = call->recipe->pick[pick->stage[i]].parameters;
    }
    return count;
}

/* The call for one piece. */
static tri_call piece_of(const tri_context *c, const tri_call *call, int piece) {
    tri_range range = tri_piece(call, piece);
    tri_call out = *call;
    out.send = tri_unit(c, call->send, range.first);
    out.recv = tri_unit(c, call->recv, range.first);
    out.count = range.count;
    return out;
}

static size_t own_of(const tri_context *c, const tri_call *call) {
    const tri_algorithm *a = call->recipe->pick[call->pick].algorithm;
    return a->own_scratch ? a->own_scratch(c, call) : 0;
}

/* Each piece has its own scratch of the composition, and each schedule its own scratch of the stage, since
 * several are active at once. No piece is larger than the first. */
static size_t scratch_in_pieces(const tri_context *c, const tri_call *call) {
    tri_stage stage[TRI_STAGES];
    tri_call first = piece_of(c, call, 0);
    size_t units = own_of(c, &first) * (size_t)call->parameters.pieces;
    int count = tri_stages_make(c, &first, stage);
    for (int i = 0; i < count; i++)
        units +=
            stage[i].context.rank < 0 ? 0 : TRI_WINDOW * tri_call_scratch(&stage[i].context, &stage[i].call);
    return units;
}

int tri_stages_of_piece(const tri_context *c, const tri_call *call, int piece, tri_stage *stage) {
    tri_call first = piece_of(c, call, 0), current = piece_of(c, call, piece);
    size_t own = own_of(c, &first), next = own * (size_t)call->parameters.pieces;
    size_t units[TRI_STAGES] = {0};
    int count = tri_stages_make(c, &first, stage);
    for (int i = 0; i < count; i++)
        if (stage[i].context.rank >= 0) units[i] = tri_call_scratch(&stage[i].context, &stage[i].call);
    current.scratch = tri_unit(c, call->scratch, own * (size_t)piece);
    tri_stages_make(c, &current, stage);
    for (int i = 0; i < count; i++) {
        stage[i].call.scratch = tri_unit(c, call->scratch, next + (size_t)(piece % TRI_WINDOW) * units[i]);
        next += TRI_WINDOW * units[i];
    }
    return count;
}

size_t tri_call_scratch(const tri_context *c, const tri_call *call) {
    const tri_algorithm *a = call->recipe->pick[call->pick].algorithm;
    if (!a->stages) return a->scratch ? a->scratch(c, call) : 0;
    if (call->parameters.pieces > 1) return scratch_in_pieces(c, call);
    tri_stage stage[TRI_STAGES];
    size_t most = 0;
    int count = tri_stages_make(c, call, stage);
    for (int i = 0; i < count; i++) {
        size_t units = stage[i].context.rank < 0 ? 0 : tri_call_scratch(&stage[i].context, &stage[i].call);
        if (units > most) most = units;
    }
    return most + (a->own_scratch ? a->own_scratch(c, call) : 0);
}
