/* Reduce_scatter inside nodes, then over lanes (Traff 2019, arXiv 1910.13373, section 4). Local rank l
 * combines, for its node, the blocks of all ranks with local rank l; then each lane reduce_scatters these
 * blocks.
 *
 * Cost: a reduce_scatter inside a node of as many blocks as there are nodes, one over lanes, and a copy.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return tri_case_even_blocks(c) && (c->commutes || !c->irregular);
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_REDUCE_SCATTER, c->bytes * (size_t)c->nodes);
    stage[1] = tri_case_of_lanes(c, TRI_REDUCE_SCATTER, c->bytes);
    return 2;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {.memory_bytes = (double)c->bytes * c->ranks};
    return cost;
}

/* All blocks ordered by local rank, and those of this rank's lane. */
static size_t own(const tri_context *c, const tri_call *call) {
    return (size_t)(c->size + c->shape->nodes) * call->count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    void *of_node = tri_unit(c, call->scratch, (size_t)c->size * call->count);
    stage[0].context = tri_context_node(c);
    stage[0].call.send = call->scratch;
    stage[0].call.recv = of_node;
    stage[0].call.count = (size_t)c->shape->nodes * call->count;
    stage[1].context = tri_context_lane(c, c->shape->local_rank, -1);
    stage[1].call.send = of_node;
}

static tri_status before(tri_context *c, const tri_call *call, int i) {
    const tri_shape *s = c->shape;
    if (i) return TRI_OK;
    for (int node = 0; node < s->nodes; node++)
        for (int local = 0; local < s->largest; local++)
            TRI_TRY(
                tri_do_copy(c, tri_unit(c, call->scratch, (size_t)(local * s->nodes + node) * call->count),
                            tri_send_block(c, call, s->members[s->node_start[node] + local]), call->count));
    return TRI_OK;
}

const tri_algorithm tri_reduce_scatter_multilane = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "multilane",
    .text = "a reduce_scatter inside each node, then one in each lane",
    .can = can,
    .cost = cost,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
    .before_stage = before,
};
