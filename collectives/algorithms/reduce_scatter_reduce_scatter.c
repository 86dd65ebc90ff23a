/* A reduction to rank 0, then a scatter from it. Keeps rank order.
 *
 * Cost: the sum of both.
 */
#include "collectives/algorithms/algorithm.h"

static size_t whole(const tri_context *c, const tri_call *call) {
    return call->send_counts ? call->count : tri_block_start(c, call, c->size);
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = stage[1] = *c;
    stage[0].operation = TRI_REDUCE;
    stage[0].bytes = c->bytes * (size_t)c->ranks;
    stage[0].uneven = 0;
    stage[1].operation = TRI_SCATTER;
    return 2;
}

static size_t own(const tri_context *c, const tri_call *call) {
    return c->rank ? 0 : whole(c, call);
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    tri_call *up = &stage[0].call, *down = &stage[1].call;
    up->root = down->root = 0;
    up->send_counts = NULL;
    up->count = whole(c, call);
    up->recv = call->scratch;
    down->send = call->scratch;
    if (call->send_counts) down->count = call->send_counts[c->rank];
}

const tri_algorithm tri_reduce_scatter_reduce_scatter = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "reduce_scatter",
    .text = "a reduction to rank 0, then a scatter from it",
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
};
