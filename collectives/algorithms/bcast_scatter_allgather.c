/* Broadcast by a scatter of equal blocks and an allgather (Barnett, Gupta, Payne, Shuler, van de Geijn,
 * Watts 1994, "Interprocessor collective communication library", section 4).
 *
 *     abcd  .  .  .        a  b  c  d        abcd  abcd  abcd  abcd
 *
 * Blocks count from the root, so that a block's index is its owner's rank.
 *
 * Cost: the sum of both, on blocks of 1 / p of the vector.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = stage[1] = *c;
    stage[0].split = stage[1].split = 1;
    stage[0].operation = TRI_SCATTER;
    stage[1].operation = TRI_ALLGATHER;
    for (int i = 0; i < 2; i++) {
        stage[i].bytes = tri_ceil_div(c->bytes, (size_t)c->ranks);
        stage[i].irregular =
            c->nodes > 1; /* counted from the root, the ranks of a node may not be consecutive */
    }
    return 2;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    for (int i = 0; i < 2; i++) {
        stage[i].context = tri_context_rotated(c, call->root);
        stage[i].call.root = 0;
        stage[i].call.split = 1;
    }
    void *mine = tri_recv_block(&stage[0].context, &stage[0].call, stage[0].context.rank);
    stage[0].call.recv = mine;
    stage[1].call.send = mine;
}

static int can(const tri_subcase *c) {
    return c->ranks > 1;
}

const tri_algorithm tri_bcast_scatter_allgather = {
    .operation = TRI_BCAST,
    .name = "scatter_allgather",
    .text = "each rank receives one block of the vector, then all ranks collect the blocks",
    .can = can,
    .stages = stages,
    .plan = plan,
};
