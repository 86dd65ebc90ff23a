/* Node-aware allreduce (Bienz, Olson, Gropp 2019, "Node-aware improvements to allreduce"). After an
 * allreduce inside the node, each local rank exchanges the node's result with a share of the other nodes;
 * a second allreduce inside the node combines what was received. Local rank l handles its share of the
 * distances 0 to N - 1; distance 0 is the own node. For 4 nodes of 2 ranks, seen from node 0:
 *
 *     local rank 0   distances 0 1    sends to node 1, receives from node 3
 *     local rank 1   distances 2 3    sends to nodes 2 and 3, receives from nodes 2 and 1
 *
 * Cost, N nodes of m ranks: two allreduces inside a node, and N / m concurrent messages.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return tri_case_even_nodes(c) && c->commutes && c->nodes >= c->largest;
}

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    stage[0] = stage[1] = tri_case_of_node(c, TRI_ALLREDUCE, c->bytes);
    return 2;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    int messages = (c->nodes + c->largest - 1) / c->largest;
    /* Distance 0 stays inside the node. */
    double senders = (double)(c->nodes - 1) / messages;
    tri_cost_burst(&cost, c, net, TRI_BETWEEN, messages, (double)c->bytes, senders);
    cost.combined_bytes = (double)c->bytes * (messages - 1);
    return cost;
}

static tri_range distances(const tri_context *c) {
    return tri_range_block((size_t)c->shape->nodes, (size_t)c->shape->largest, (size_t)c->shape->local_rank);
}

/* The node's result, and a vector per distance; the last one holds the combination. */
static size_t own(const tri_context *c, const tri_call *call) {
    return (distances(c).count + 1) * call->count;
}

static void plan(const tri_context *c, const tri_call *call, tri_stage *stage) {
    stage[0].context = stage[1].context = tri_context_node(c);
    stage[0].call.recv = call->scratch;
    stage[1].call.send = tri_unit(c, call->scratch, distances(c).count * call->count);
}

static tri_status before(tri_context *c, const tri_call *call, int i) {
    if (i != 1) return TRI_OK;
    tri_context lane = tri_context_lane(c, c->shape->local_rank, -1);
    tri_range share = distances(c);
    for (size_t k = 0; k < share.count; k++) {
        int distance = (int)(share.first + k);
        void *to = tri_unit(c, call->scratch, (k + 1) * call->count);
        if (!distance) {
            TRI_TRY(tri_do_copy(&lane, to, call->scratch, call->count));
            continue;
        }
        TRI_TRY(tri_do_recv(&lane, to, call->count, (lane.rank - distance + lane.size) % lane.size));
        TRI_TRY(tri_do_send(&lane, call->scratch, call->count, (lane.rank + distance) % lane.size));
    }
    TRI_TRY(tri_do_wait(&lane));
    for (size_t k = 1; k < share.count; k++)
        TRI_TRY(tri_do_combine(c, tri_unit(c, call->scratch, k * call->count),
                               tri_unit(c, call->scratch, (k + 1) * call->count), call->count));
    return TRI_OK;
}

const tri_algorithm tri_allreduce_node_aware = {
    .operation = TRI_ALLREDUCE,
    .name = "node_aware",
    .text = "each rank exchanges its node's result with a share of the other nodes",
    .can = can,
    .cost = cost,
    .stages = stages,
    .plan = plan,
    .own_scratch = own,
    .before_stage = before,
};
