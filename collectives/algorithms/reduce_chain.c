/* Pipelined reduction through a chain of all ranks (Pjesivac-Grbovic et al. 2007, section 3): the chain of
 * bcast_chain.c with the messages reversed.
 *
 *     round 0   3 -a> 2
 *     round 1   3 -b> 2 -a> 1
 *     round 2   3 -c> 2 -b> 1 -a> 0 ...
 *
 * Cost, s pieces: (p - 2 + s) x (latency + 2 overheads + (bytes + combined bytes) / s), as in the
 * broadcast.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/pipeline.h"

static int can(const tri_subcase *c) {
    return c->commutes;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_pipeline pipe = tri_pipeline_chain(c, 2);
    return tri_pipeline_tune(c, &pipe, net);
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_pipeline pipe = tri_pipeline_chain(c, 2);
    tri_cost cost = tri_pipeline_cost(c, &pipe, p->pieces, net);
    cost.combined_bytes = (double)c->bytes / p->pieces * (c->ranks - 2 + p->pieces);
    return cost;
}

/* Two pieces, an incoming and an outgoing one. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * tri_piece(call, 0).count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int me = tri_to_virtual(c, c->rank, call->root), pieces = call->parameters.pieces,
        last = me + 1 == c->size;
    if (c->size == 1) return tri_do_copy(c, call->recv, call->send, call->count);
    for (int round = 0; round <= pieces; round++) {
        tri_range comes = tri_piece(call, round < pieces ? round : 0),
                  goes = tri_piece(call, round ? round - 1 : 0);
        void *slot = tri_unit(c, call->scratch, (size_t)(round % 2) * tri_piece(call, 0).count);
        void *other = tri_unit(c, call->scratch, (size_t)((round + 1) % 2) * tri_piece(call, 0).count);
        const void *mine = tri_unit(c, call->send, comes.first);
        if (!last && round < pieces)
            TRI_TRY(tri_do_recv(c, slot, comes.count, tri_from_virtual(c, me + 1, call->root)));
        if (me && round)
            TRI_TRY(tri_do_send(c, last ? tri_unit(c, call->send, goes.first) : other, goes.count,
                                tri_from_virtual(c, me - 1, call->root)));
        TRI_TRY(tri_do_wait(c));
        if (last || round == pieces) continue;
        TRI_TRY(tri_do_combine(c, mine, slot, comes.count));
        if (!me) TRI_TRY(tri_do_copy(c, tri_unit(c, call->recv, comes.first), slot, comes.count));
    }
    return TRI_OK;
}

const tri_algorithm tri_reduce_chain = {
    .operation = TRI_REDUCE,
    .name = "chain",
    .text = "each rank combines every piece with its own and sends it to the next rank",
    .can = can,
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
