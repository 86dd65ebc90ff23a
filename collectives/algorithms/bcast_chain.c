/* Pipelined broadcast through a chain of all ranks (Pjesivac-Grbovic et al. 2007, "Performance analysis of
 * MPI collective operations", section 3).
 *
 *     round 0   0 -a> 1
 *     round 1   0 -b> 1 -a> 2
 *     round 2   0 -c> 1 -b> 2 -a> 3 ...
 *
 * Cost, s pieces: (p - 2 + s) x (latency + 2 overheads + bytes / s); with short pieces, only the latencies
 * of the first piece count. If the ranks of a node are consecutive, one message of each round leaves a
 * node, and the slower level sets the pace.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/pipeline.h"

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_pipeline pipe = tri_pipeline_chain(c, 2);
    return tri_pipeline_tune(c, &pipe, net);
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_pipeline pipe = tri_pipeline_chain(c, 2);
    return tri_pipeline_cost(c, &pipe, p->pieces, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    int me = tri_to_virtual(c, c->rank, call->root), pieces = call->parameters.pieces;
    for (int round = 0; round <= pieces; round++) {
        if (me && round < pieces) {
            tri_range piece = tri_piece(call, round);
            TRI_TRY(tri_do_recv(c, tri_unit(c, call->recv, piece.first), piece.count,
                                tri_from_virtual(c, me - 1, call->root)));
        }
        if (round && me + 1 < c->size) {
            tri_range piece = tri_piece(call, round - 1);
            TRI_TRY(tri_do_send(c, tri_unit(c, call->recv, piece.first), piece.count,
                                tri_from_virtual(c, me + 1, call->root)));
        }
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_chain = {
    .operation = TRI_BCAST,
    .name = "chain",
    .text = "each rank forwards every piece to the next rank as soon as it has it",
    .tune = tune,
    .cost = cost,
    .run = run,
};
