/* Allreduce by a reduction inside each node, an allreduce among the first ranks of the nodes, and a
 * broadcast inside each node. Keeps rank order if the ranks of a node are consecutive.
 *
 * Cost: the sum of the three.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1 && (c->commutes || !c->irregular);
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_REDUCE, c->bytes);
    stage[1] = tri_case_of_nodes(c, TRI_ALLREDUCE, c->bytes);
    stage[2] = tri_case_of_node(c, TRI_BCAST, c->bytes);
    return 3;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    stage[0].context = stage[2].context = tri_context_node(c);
    stage[0].call.root = stage[2].call.root = 0;
    stage[1].context = tri_context_lane(c, 0, -1);
    stage[1].call.send = stage[2].call.send = call->recv;
}

const tri_algorithm tri_allreduce_hierarchical = {
    .operation = TRI_ALLREDUCE,
    .name = "hierarchical",
    .text = "a reduction inside each node, an allreduce among nodes, a broadcast inside each node",
    .can = can,
    .stages = stages,
    .plan = plan,
    .in_pieces = 1,
};
