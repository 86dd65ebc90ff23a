/* Gather inside each node, then among one rank of each node: the reverse of scatter_hierarchical.c.
 *
 * Cost: a gather inside a node, and one of a node's blocks among nodes.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_GATHER, c->bytes);
    stage[1] = tri_case_of_nodes(c, TRI_GATHER, c->bytes * (size_t)c->largest);
    return 2;
}

/* The node's blocks; the root uses its receive buffer. */
static size_t own(const tri_context *c, const tri_call *call) {
    return tri_scatter_hierarchical.own_scratch(c, call);
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    int root = tri_member(c, call->root);
    void *of_node = call->scratch;
    if (c->rank == call->root) of_node = tri_recv_block(c, call, c->shape->node * c->shape->largest);
    stage[0].context = tri_context_node(c);
    stage[0].call.root = tri_node_leader(c, root);
    stage[0].call.recv = of_node;
    stage[1].context = tri_context_lane(c, 0, root);
    stage[1].call.root = c->shape->node_of[root];
    stage[1].call.send = of_node;
    stage[1].call.count = (size_t)c->shape->largest * call->count;
}

const tri_algorithm tri_gather_hierarchical = {
    .operation = TRI_GATHER,
    .name = "hierarchical",
    .text = "one rank of each node collects the blocks of its node and sends them to the root",
    .can = tri_case_even_runs,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
};
