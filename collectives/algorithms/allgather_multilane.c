/* Allgather over lanes, then inside nodes (Traff 2019, arXiv 1910.13373, section 4): each rank collects
 * the blocks of its lane (the ranks with its local rank on all nodes), then the ranks of a node exchange
 * what they have. Every block enters every node once.
 *
 * Cost: an allgather over lanes, one inside a node of as many blocks as there are nodes, and a copy.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_lanes(c, TRI_ALLGATHER, c->bytes);
    stage[1] = tri_case_of_node(c, TRI_ALLGATHER, c->bytes * (size_t)c->nodes);
    return 2;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {.memory_bytes = (double)c->bytes * c->ranks};
    return cost;
}

static size_t own(const tri_context *c, const tri_call *call) {
    return (size_t)c->size * call->count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    size_t nodes = (size_t)c->shape->nodes, mine = (size_t)c->shape->local_rank * nodes * call->count;
    stage[0].context = tri_context_lane(c, c->shape->local_rank, -1);
    stage[0].call.recv = tri_unit(c, call->scratch, mine);
    stage[1].context = tri_context_node(c);
    stage[1].call.count = nodes * call->count;
    stage[1].call.send = stage[0].call.recv;
    stage[1].call.recv = call->scratch;
}

static tri_status before(tri_context *c, const tri_call *call, int i) {
    const tri_shape *s = c->shape;
    if (i < 2) return TRI_OK;
    for (int node = 0; node < s->nodes; node++)
        for (int local = 0; local < s->largest; local++)
            TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, s->members[s->node_start[node] + local]),
                                tri_unit(c, call->scratch, (size_t)(local * s->nodes + node) * call->count),
                                call->count));
    return TRI_OK;
}

const tri_algorithm tri_allgather_multilane = {
    .operation = TRI_ALLGATHER,
    .name = "multilane",
    .text = "an allgather in each lane, then one inside each node",
    .can = tri_case_even_blocks,
    .cost = cost,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
    .before_stage = before,
};
