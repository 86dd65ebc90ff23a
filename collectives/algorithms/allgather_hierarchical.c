/* Allgather by a gather inside each node, an allgather among the first ranks of the nodes, and a broadcast
 * inside each node. All stages work directly in the receive buffer.
 *
 * Cost: the sum of the three.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_GATHER, c->bytes);
    stage[1] = tri_case_of_nodes(c, TRI_ALLGATHER, c->bytes * (size_t)c->largest);
    stage[2] = tri_case_of_node(c, TRI_BCAST, c->bytes * (size_t)c->ranks);
    return 3;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    void *of_node = tri_recv_block(c, call, c->shape->node * c->shape->largest);
    stage[0].context = stage[2].context = tri_context_node(c);
    stage[0].call.root = stage[2].call.root = 0;
    stage[0].call.recv = of_node;
    stage[1].context = tri_context_lane(c, 0, -1);
    stage[1].call.send = of_node;
    stage[1].call.count = (size_t)c->shape->largest * call->count;
    stage[2].call.send = call->recv;
    stage[2].call.count = (size_t)c->size * call->count;
}

const tri_algorithm tri_allgather_hierarchical = {
    .operation = TRI_ALLGATHER,
    .name = "hierarchical",
    .text = "a gather inside each node, an allgather among nodes, a broadcast inside each node",
    .can = tri_case_even_runs,
    .stages = stages,
    .plan = plan,
};
