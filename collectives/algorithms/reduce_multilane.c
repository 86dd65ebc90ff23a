/* Reduction over all lanes at once (Traff 2019, arXiv 1910.13373, section 4). The ranks of each node
 * combine one block each; each lane reduces its block to the root's node; the root collects the blocks.
 *
 * Cost: a reduce_scatter inside a node, a reduction of a block between nodes in all lanes at once, a
 * gather inside a node.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return tri_case_even_nodes(c) && (c->commutes || !c->irregular);
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    size_t bytes = tri_ceil_div(c->bytes, (size_t)c->largest);
    stage[0] = tri_case_of_node(c, TRI_REDUCE_SCATTER, bytes);
    stage[1] = tri_case_of_lanes(c, TRI_REDUCE, bytes);
    stage[2] = tri_case_of_node(c, TRI_GATHER, bytes);
    stage[0].split = stage[2].split = 1;
    return 3;
}

/* A block, of the node and of all nodes. */
static size_t own(const tri_context *c, const tri_call *call) {
    return 2 * tri_lane_block_of(c, call->scratch, call->count).count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    int root = tri_member(c, call->root), root_node = c->shape->node_of[root];
    tri_stage *combine = &stage[0], *pass = &stage[1], *collect = &stage[2];
    size_t count = tri_lane_block_of(c, call->send, call->count).count;
    void *of_node = call->scratch, *of_all = tri_unit(c, call->scratch, count);
    combine->context = collect->context = tri_context_node(c);
    combine->call.split = collect->call.split = 1;
    combine->call.recv = of_node;
    pass->context = tri_context_lane(c, c->shape->local_rank, -1);
    pass->call.root = root_node;
    pass->call.send = of_node;
    pass->call.recv = of_all;
    pass->call.count = count;
    collect->call.send = of_all;
    collect->call.root = tri_node_leader(c, root);
    if (c->shape->node != root_node) collect->context.rank = -1;
}

const tri_algorithm tri_reduce_multilane = {
    .operation = TRI_REDUCE,
    .name = "multilane",
    .text = "the ranks of each node combine one block each and reduce it in their lane; the root collects "
            "the blocks",
    .can = can,
    .stages = stages,
    .plan = plan,
    .in_pieces = 1,
    .own_scratch = own,
};
