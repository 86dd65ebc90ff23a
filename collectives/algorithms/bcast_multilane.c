/* Broadcast over all lanes at once (Traff 2019, "Decomposing collectives for exploiting multi-lane
 * communication", arXiv 1910.13373, section 4). The root's node scatters the vector among its ranks; each
 * of them broadcasts its block in its lane; each node collects the blocks.
 *
 * Cost: a scatter inside a node, a broadcast of a block between nodes in all lanes at once, an allgather
 * inside a node.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    size_t bytes = tri_ceil_div(c->bytes, (size_t)c->largest);
    stage[0] = tri_case_of_node(c, TRI_SCATTER, bytes);
    stage[1] = tri_case_of_lanes(c, TRI_BCAST, bytes);
    stage[2] = tri_case_of_node(c, TRI_ALLGATHER, bytes);
    stage[0].split = stage[2].split = 1;
    return 3;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    int root = tri_member(c, call->root), root_node = c->shape->node_of[root];
    tri_stage *divide = &stage[0], *pass = &stage[1], *collect = &stage[2];
    divide->context = collect->context = tri_context_node(c);
    divide->call.split = collect->call.split = 1;
    tri_lane_block mine = tri_lane_block_of(c, call->recv, call->count);
    divide->call.root = tri_node_leader(c, root);
    divide->call.recv = mine.start;
    if (c->shape->node != root_node) divide->context.rank = -1;
    pass->context = tri_context_lane(c, c->shape->local_rank, -1);
    pass->call.root = root_node;
    pass->call.send = pass->call.recv = mine.start;
    pass->call.count = mine.count;
    collect->call.send = mine.start;
}

const tri_algorithm tri_bcast_multilane = {
    .operation = TRI_BCAST,
    .name = "multilane",
    .text =
        "each rank of the root's node broadcasts one block in its lane, then each node collects the blocks",
    .can = tri_case_even_nodes,
    .stages = stages,
    .plan = plan,
    .in_pieces = 1,
};
