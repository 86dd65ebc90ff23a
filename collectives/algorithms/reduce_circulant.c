/* Pipelined reduction on a circulant graph: the rounds of bcast_circulant.c in reverse. Each piece is
 * combined along its own tree. Rank order is not kept.
 *
 * Cost, s pieces: (s - 1 + log2(p)) x (latency + 2 overheads + bytes / s + combined bytes / s).
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/circulant.h"

static int can(const tri_subcase *c) {
    return c->ranks > 1 && c->commutes;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = tri_circulant_cost(c, p->pieces, net);
    cost.combined_bytes = (double)c->bytes / p->pieces * (p->pieces - 1 + tri_log2_up(c->ranks));
    cost.memory_bytes = (double)c->bytes;
    return cost;
}

/* The partial result, and an incoming piece. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return call->count + tri_piece(call, 0).count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->size < 2) return tri_do_copy(c, call->recv, call->send, call->count);
    tri_circulant plan;
    tri_circulant_plan(&plan, c->size, tri_to_virtual(c, c->rank, call->root), call->parameters.pieces);
    void *so_far = call->scratch, *comes = tri_unit(c, call->scratch, call->count);
    TRI_TRY(tri_do_copy(c, so_far, call->send, call->count));
    for (int round = tri_circulant_end(&plan) - 1, peer; round >= plan.idle; round--) {
        int piece = tri_circulant_recv(&plan, round, &peer);
        if (piece >= 0) {
            tri_range range = tri_piece(call, piece);
            TRI_TRY(tri_do_send(c, tri_unit(c, so_far, range.first), range.count,
                                tri_from_virtual(c, peer, call->root)));
        }
        piece = tri_circulant_send(&plan, round, &peer);
        tri_range range = {0};
        if (piece >= 0) {
            range = tri_piece(call, piece);
            TRI_TRY(tri_do_recv(c, comes, range.count, tri_from_virtual(c, peer, call->root)));
        }
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, comes, tri_unit(c, so_far, range.first), range.count));
    }
    return c->rank == call->root ? tri_do_copy(c, call->recv, so_far, call->count) : TRI_OK;
}

const tri_algorithm tri_reduce_circulant = {
    .operation = TRI_REDUCE,
    .name = "circulant",
    .text = "the broadcast on a circulant graph in reverse",
    .can = can,
    .tune = tri_circulant_tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
