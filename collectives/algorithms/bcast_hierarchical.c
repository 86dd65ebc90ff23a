/* Broadcast among one rank of each node, then inside each node (Karonis et al. 2000, "Exploiting hierarchy
 * in parallel computer networks to optimize collective operation performance"). The root is the leader of
 * its own node.
 *
 * Cost: a broadcast among nodes and one inside the largest node.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1;
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_nodes(c, TRI_BCAST, c->bytes);
    stage[1] = tri_case_of_node(c, TRI_BCAST, c->bytes);
    return 2;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    int root = tri_member(c, call->root);
    stage[0].context = tri_context_lane(c, 0, root);
    stage[0].call.root = c->shape->node_of[root];
    stage[1].context = tri_context_node(c);
    stage[1].call.root = tri_node_leader(c, root);
}

const tri_algorithm tri_bcast_hierarchical = {
    .operation = TRI_BCAST,
    .name = "hierarchical",
    .text = "a broadcast to one rank of each node, then one inside each node",
    .can = can,
    .stages = stages,
    .plan = plan,
    .in_pieces = 1,
};
