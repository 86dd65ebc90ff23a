/* Alltoall inside nodes, then over lanes (Traff 2019, arXiv 1910.13373, section 4; node-aware alltoall).
 * Inside a node each rank receives all blocks destined for its lane; then it sends to each rank of its
 * lane the blocks of its whole node. For N nodes of m ranks: m - 1 + N - 1 messages per rank instead of m
 * N - 1.
 *
 * Cost: an alltoall inside a node of N blocks, one over lanes of m blocks, and three copies.
 */
#include "collectives/algorithms/algorithm.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = tri_case_of_node(c, TRI_ALLTOALL, c->bytes * (size_t)c->nodes);
    stage[1] = tri_case_of_lanes(c, TRI_ALLTOALL, c->bytes * (size_t)c->largest);
    return 2;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {.memory_bytes = 3 * (double)c->bytes * c->ranks};
    return cost;
}

/* All blocks, outgoing and incoming. */
static size_t own(const tri_context *c, const tri_call *call) {
    return 2 * (size_t)c->size * call->count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    size_t nodes = (size_t)c->shape->nodes, ranks = (size_t)c->shape->largest;
    stage[0].context = tri_context_node(c);
    stage[0].call.count = nodes * call->count;
    stage[1].context = tri_context_lane(c, c->shape->local_rank, -1);
    stage[1].call.count = ranks * call->count;
    for (int i = 0; i < 2; i++) {
        stage[i].call.send = call->scratch;
        stage[i].call.recv = tri_unit(c, call->scratch, (size_t)c->size * call->count);
    }
}

/* Block order is (local rank, node) before and after the first stage, (node, local rank) before and after
 * the second. */
static tri_status before(tri_context *c, const tri_call *call, int i) {
    const tri_shape *s = c->shape;
    size_t count = call->count;
    void *come = tri_unit(c, call->scratch, (size_t)c->size * count);
    for (int node = 0; node < s->nodes; node++)
        for (int local = 0; local < s->largest; local++) {
            int rank = s->members[s->node_start[node] + local];
            size_t by_local = (size_t)(local * s->nodes + node) * count;
            size_t by_node = (size_t)(node * s->largest + local) * count;
            void *to = tri_unit(c, call->scratch, i ? by_node : by_local);
            const void *from = tri_unit(c, come, i == 1 ? by_local : by_node);
            if (i == 0) from = tri_send_block(c, call, rank);
            if (i == 2) to = tri_recv_block(c, call, rank);
            TRI_TRY(tri_do_copy(c, to, from, count));
        }
    return TRI_OK;
}

const tri_algorithm tri_alltoall_multilane = {
    .operation = TRI_ALLTOALL,
    .name = "multilane",
    .text = "an alltoall inside each node, then one in each lane",
    .can = tri_case_even_blocks,
    .cost = cost,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
    .before_stage = before,
};
