#include "collectives/algorithms/common/reduce_scatter_first.h"

int tri_reduce_scatter_first_can(const tri_subcase *c) {
    return c->ranks > 1 && c->commutes;
}

int tri_reduce_scatter_first_stages(const tri_subcase *c, tri_operation second,
                                    tri_subcase stage[TRI_STAGES]) {
    stage[0] = stage[1] = *c;
    stage[0].split = stage[1].split = 1;
    stage[0].operation = TRI_REDUCE_SCATTER;
    stage[1].operation = second;
    stage[0].bytes = stage[1].bytes = tri_ceil_div(c->bytes, (size_t)c->ranks);
    return 2;
}

/* This rank's block. It cannot be combined in place if the vector is also the input. */
size_t tri_reduce_scatter_first_own(const tri_context *c, const tri_call *call) {
    return tri_ceil_div(call->count, (size_t)c->size);
}

void tri_reduce_scatter_first_plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    (void)c;
    stage[0].call.split = stage[1].call.split = 1;
    stage[0].call.recv = call->scratch;
    stage[1].call.send = call->scratch;
}
