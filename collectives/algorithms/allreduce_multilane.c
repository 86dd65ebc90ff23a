/* Allreduce over all lanes at once (Traff 2019, arXiv 1910.13373, section 4). The ranks of a node combine
 * one block each, allreduce it in their lane, and collect the blocks of all lanes.
 *
 * Cost: a reduce_scatter inside a node, an allreduce of a block between nodes in all lanes at once, an
 * allgather inside a node.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return tri_case_even_nodes(c) && (c->commutes || !c->irregular);
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    size_t bytes = tri_ceil_div(c->bytes, (size_t)c->largest);
    stage[0] = tri_case_of_node(c, TRI_REDUCE_SCATTER, bytes);
    stage[1] = tri_case_of_lanes(c, TRI_ALLREDUCE, bytes);
    stage[2] = tri_case_of_node(c, TRI_ALLGATHER, bytes);
    stage[0].split = stage[2].split = 1;
    return 3;
}

/* A block, of the node and of all nodes. */
static size_t own(const tri_context *c, const tri_call *call) {
    return 2 * tri_lane_block_of(c, call->scratch, call->count).count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    size_t count = tri_lane_block_of(c, call->recv, call->count).count;
    void *of_node = call->scratch, *of_all = tri_unit(c, call->scratch, count);
    stage[0].context = stage[2].context = tri_context_node(c);
    stage[0].call.split = stage[2].call.split = 1;
    stage[0].call.recv = of_node;
    stage[1].context = tri_context_lane(c, c->shape->local_rank, -1);
    stage[1].call.send = of_node;
    stage[1].call.recv = of_all;
    stage[1].call.count = count;
    stage[2].call.send = of_all;
}

const tri_algorithm tri_allreduce_multilane = {
    .operation = TRI_ALLREDUCE,
    .name = "multilane",
    .text =
        "the ranks of each node combine one block each, allreduce it in their lane, and collect all blocks",
    .can = can,
    .stages = stages,
    .plan = plan,
    .in_pieces = 1,
    .own_scratch = own,
};
