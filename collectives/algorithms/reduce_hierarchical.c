/* Reduction inside each node, then among one rank of each node. The root is the leader of its own node.
 * Keeps rank order if the ranks of a node are consecutive.
 *
 * Cost: a reduction inside the largest node and one among nodes.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1 && (c->commutes || !c->irregular);
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_REDUCE, c->bytes);
    stage[1] = tri_case_of_nodes(c, TRI_REDUCE, c->bytes);
    return 2;
}

/* The node's result, on the node's leader. */
static size_t own(const tri_context *c, const tri_call *call) {
    return c->shape->local_rank == tri_node_leader(c, tri_member(c, call->root)) ? call->count : 0;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    int root = tri_member(c, call->root);
    stage[0].context = tri_context_node(c);
    stage[0].call.root = tri_node_leader(c, root);
    stage[0].call.recv = call->scratch;
    stage[1].context = tri_context_lane(c, 0, root);
    stage[1].call.root = c->shape->node_of[root];
    stage[1].call.send = call->scratch;
}

const tri_algorithm tri_reduce_hierarchical = {
    .operation = TRI_REDUCE,
    .name = "hierarchical",
    .text = "a reduction inside each node, then one among one rank of each node",
    .can = can,
    .stages = stages,
    .plan = plan,
    .in_pieces = 1,
    .own_scratch = own,
};
