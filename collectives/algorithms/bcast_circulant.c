/* Round-optimal pipelined broadcast on a circulant graph (collectives/graphs/circulant.h).
 *
 * In each round every rank sends one piece and receives one; each piece travels along its own tree. For 4
 * ranks and the pieces a b c:
 *
 *     round 0   0 -a> 1
 *     round 1   0 -b> 2   1 -a> 3
 *     round 2   0 -c> 1   2 -b> 3   3 -a> 2 ...
 *
 * Cost, s pieces: (s - 1 + log2(p)) x (latency + 2 overheads + bytes / s), the minimum number of rounds.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/circulant.h"

static int can(const tri_subcase *c) {
    return c->ranks > 1;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_circulant_cost(c, p->pieces, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->size < 2) return TRI_OK; /* smaller node than the algorithm was chosen for */
    tri_circulant plan;
    tri_circulant_plan(&plan, c->size, tri_to_virtual(c, c->rank, call->root), call->parameters.pieces);
    for (int round = plan.idle, peer; round < tri_circulant_end(&plan); round++) {
        int piece = tri_circulant_recv(&plan, round, &peer);
        if (piece >= 0) {
            tri_range range = tri_piece(call, piece);
            TRI_TRY(tri_do_recv(c, tri_unit(c, call->recv, range.first), range.count,
                                tri_from_virtual(c, peer, call->root)));
        }
        piece = tri_circulant_send(&plan, round, &peer);
        if (piece >= 0) {
            tri_range range = tri_piece(call, piece);
            TRI_TRY(tri_do_send(c, tri_unit(c, call->recv, range.first), range.count,
                                tri_from_virtual(c, peer, call->root)));
        }
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_circulant = {
    .operation = TRI_BCAST,
    .name = "circulant",
    .text = "in each round every rank sends one piece and receives one, with the minimum number of rounds",
    .can = can,
    .tune = tri_circulant_tune,
    .cost = cost,
    .run = run,
};
