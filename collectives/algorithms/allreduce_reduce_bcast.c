/* Reduction to rank 0, then a broadcast from it.
 *
 * Cost: the sum of both.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = stage[1] = *c;
    stage[0].operation = TRI_REDUCE;
    stage[1].operation = TRI_BCAST;
    return 2;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    (void)c;
    stage[0].call.root = stage[1].call.root = 0;
    stage[1].call.send = call->recv;
}

const tri_algorithm tri_allreduce_reduce_bcast = {
    .operation = TRI_ALLREDUCE,
    .name = "reduce_bcast",
    .text = "a reduction to rank 0, then a broadcast",
    .stages = stages,
    .plan = plan,
};
