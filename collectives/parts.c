/* Algorithms that consist of others. */
#include "collectives/algorithm.h"

/* The stages of an algorithm of parts, with their picks. Returns how many; a group of which this rank is no
 * member has rank -1. */
static int draw(const tri_context *c, const tri_call *call, tri_stage stage[TRI_PARTS]) {
    const tri_pick *pick = &call->recipe->pick[call->pick];
    int count = 0;
    for (int i = 0; i < TRI_PARTS; i++) {
        stage[i] = (tri_stage){.context = *c, .call = *call};
        if (pick->part[i]) count = i + 1;
    }
    pick->algorithm->plan(c, call, stage);
    for (int i = 0; i < count; i++) {
        stage[i].call.pick = pick->part[i];
        stage[i].call.parameters = call->recipe->pick[pick->part[i]].parameters;
    }
    return count;
}

size_t tri_pick_scratch(const tri_context *c, const tri_call *call) {
    const tri_algorithm *a = call->recipe->pick[call->pick].algorithm;
    if (!a->parts) return a->scratch ? a->scratch(c, call) : 0;
    tri_stage stage[TRI_PARTS];
    size_t most = 0;
    int count = draw(c, call, stage);
    for (int i = 0; i < count; i++) {
        size_t units = stage[i].context.rank < 0 ? 0 : tri_pick_scratch(&stage[i].context, &stage[i].call);
        if (units > most) most = units;
    }
    return most + (a->own ? a->own(c, call) : 0);
}

tri_status tri_pick_run(tri_context *c, const tri_call *call) {
    const tri_algorithm *a = call->recipe->pick[call->pick].algorithm;
    if (!a->parts) return a->run(c, call);
    tri_stage stage[TRI_PARTS];
    int count = draw(c, call, stage);
    void *behind = tri_unit(c, call->scratch, a->own ? a->own(c, call) : 0);
    for (int i = 0; i <= count; i++) {
        if (a->before) TRI_TRY(a->before(c, call, i));
        if (i == count || stage[i].context.rank < 0) continue;
        stage[i].call.scratch = behind;
        TRI_TRY(tri_pick_run(&stage[i].context, &stage[i].call));
    }
    return TRI_OK;
}
