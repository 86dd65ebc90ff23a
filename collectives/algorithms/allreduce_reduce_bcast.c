/* Reduction to rank 0, then broadcast from it.
 *
 * Cost: the sum of both.
 */
#include "collectives/engine/algorithm.h"

static int parts(const tri_case *c, tri_case part[TRI_PARTS]) {
    part[0] = part[1] = *c;
    part[0].operation = TRI_REDUCE;
    part[1].operation = TRI_BCAST;
    return 2;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage stage[TRI_PARTS]) {
    (void)c;
    stage[0].call.root = stage[1].call.root = 0;
    stage[1].call.send = call->recv;
}

const tri_algorithm tri_allreduce_reduce_bcast = {
    .operation = TRI_ALLREDUCE,
    .name = "reduce_bcast",
    .text = "a reduction to rank 0, then a broadcast",
    .parts = parts,
    .plan = plan,
};
