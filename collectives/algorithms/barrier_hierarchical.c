/* Barrier inside nodes, then among nodes. The first rank of each node waits for all ranks of its node,
 * takes part in a barrier of all first ranks, and releases its node.
 *
 * Cost: a gather of a byte inside a node, a barrier among nodes, a broadcast of a byte inside a node.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1;
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_GATHER, c->bytes);
    stage[1] = tri_case_of_nodes(c, TRI_BARRIER, c->bytes);
    stage[2] = tri_case_of_node(c, TRI_BCAST, c->bytes);
    return 3;
}

static size_t own(const tri_context *c, const tri_call *call) {
    return (size_t)c->shape->local_size * call->count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    stage[0].context = stage[2].context = tri_context_node(c);
    stage[0].call.recv = call->scratch;
    stage[0].call.root = stage[2].call.root = 0;
    stage[1].context = tri_context_lane(c, 0, -1);
    stage[2].call.send = call->recv;
}

const tri_algorithm tri_barrier_hierarchical = {
    .operation = TRI_BARRIER,
    .name = "hierarchical",
    .text = "the ranks of a node report to its first rank; a barrier of the first ranks follows, then a "
            "broadcast inside each node",
    .can = can,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
};
