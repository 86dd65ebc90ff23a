/* Scatter among one rank of each node, which receives the blocks of its node, then inside each node. The
 * root is the leader of its own node.
 *
 * Cost: a scatter of a node's blocks among nodes, and one inside a node.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_nodes(c, TRI_SCATTER, c->bytes * (size_t)c->largest);
    stage[1] = tri_case_of_node(c, TRI_SCATTER, c->bytes);
    return 2;
}

/* The node's blocks; the root uses its send buffer. */
static size_t own(const tri_context *c, const tri_call *call) {
    int leader = c->shape->local_rank == tri_node_leader(c, tri_member(c, call->root));
    return leader && c->rank != call->root ? (size_t)c->shape->largest * call->count : 0;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    int root = tri_member(c, call->root);
    void *of_node = call->scratch;
    if (c->rank == call->root) of_node = (void *)tri_send_block(c, call, c->shape->node * c->shape->largest);
    stage[0].context = tri_context_lane(c, 0, root);
    stage[0].call.root = c->shape->node_of[root];
    stage[0].call.recv = of_node;
    stage[0].call.count = (size_t)c->shape->largest * call->count;
    stage[1].context = tri_context_node(c);
    stage[1].call.root = tri_node_leader(c, root);
    stage[1].call.send = of_node;
}

const tri_algorithm tri_scatter_hierarchical = {
    .operation = TRI_SCATTER,
    .name = "hierarchical",
    .text = "one rank of each node receives the blocks of its node and scatters them",
    .can = tri_case_even_runs,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
};
