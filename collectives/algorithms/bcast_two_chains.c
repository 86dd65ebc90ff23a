/* Pipelined broadcast through a chain of nodes and a chain inside each node. The first rank of each node
 * (on its own node the root) forwards every piece to the next node and to the next rank of its node. For
 * nodes {0 1 2}, {3 4 5} and {6 7}:
 *
 *     0 > 3 > 6
 *     0 > 1 > 2,  3 > 4 > 5,  6 > 7
 *
 * This pipeline fills in fewer rounds than a chain of all ranks.
 *
 * Cost, s pieces, n nodes of m ranks: n - 1 + m - 1 messages of the first piece, (latency + 2 overheads +
 * bytes / s) each; and (s - 1) x (latency + 3 overheads + bytes / s) on the slower level, without the
 * latency if pieces are short.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/pipeline.h"

static int can(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1;
}

static tri_pipeline pipe_of(const tri_subcase *c) {
    tri_pipeline pipe = {.hops = {c->largest - 1, c->nodes - 1}, .overheads = 3};
    return pipe;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_pipeline pipe = pipe_of(c);
    return tri_pipeline_tune(c, &pipe, net);
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_pipeline pipe = pipe_of(c);
    return tri_pipeline_cost(c, &pipe, p->pieces, net);
}

static tri_status hand_on(tri_context *c, const tri_call *call, int piece, int next) {
    tri_range range = tri_piece(call, piece);
    return next < 0 ? TRI_OK : tri_do_send(c, tri_unit(c, call->recv, range.first), range.count, next);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_context nodes = tri_context_lane(c, 0, call->root), node = tri_context_node(c);
    int pieces = call->parameters.pieces, root_node = c->shape->node_of[call->root];
    int first = c->shape->node == root_node ? tri_local_rank(c, call->root) : 0;
    int along = tri_to_virtual(&nodes, c->shape->node, root_node);
    int down = tri_to_virtual(&node, node.rank, first), from = -1, next_node = -1, next_rank = -1;
    if (down)
        from = tri_member(&node, tri_from_virtual(&node, down - 1, first));
    else if (along)
        from = tri_member(&nodes, tri_from_virtual(&nodes, along - 1, root_node));
    if (!down && along + 1 < nodes.size)
        next_node = tri_member(&nodes, tri_from_virtual(&nodes, along + 1, root_node));
    if (down + 1 < node.size) next_rank = tri_member(&node, tri_from_virtual(&node, down + 1, first));
    for (int round = 0; round <= pieces; round++) {
        if (from >= 0 && round < pieces) {
            tri_range piece = tri_piece(call, round);
            TRI_TRY(tri_do_recv(c, tri_unit(c, call->recv, piece.first), piece.count, from));
        }
        if (round) {
            TRI_TRY(hand_on(c, call, round - 1, next_node));
            TRI_TRY(hand_on(c, call, round - 1, next_rank));
        }
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_two_chains = {
    .operation = TRI_BCAST,
    .name = "two_chains",
    .text = "pieces travel from node to node and, inside each node, from rank to rank",
    .can = can,
    .tune = tune,
    .cost = cost,
    .run = run,
};
