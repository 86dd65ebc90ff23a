/* Allgather by doubling distances for any number of ranks (Bruck, Ho, Kipnis, Upfal, Weathersby 1997, "Efficient
 * algorithms for all-to-all communications in multiport message-passing systems", section 4).
 *
 * A rank keeps its blocks in the order that begins with its own. In round k it gets the first blocks of the rank
 * 2^k above and puts them behind its own; for 5 ranks:
 *
 *     round 0   1>0  2>1  3>2  4>3  0>4     1 block
 *     round 1   2>0  3>1  4>2  0>3  1>4     2 blocks
 *     round 2   4>0  0>1  1>2  2>3  3>4     1 block: all that is missing
 *
 * Cost: log2(p) x (latency + 2 overheads) + (p - 1) blocks, and a copy of all blocks.
 */
#include "collectives/turned.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    for (int have = 1; have < c->ranks; have *= 2) {
        int missing = c->ranks - have;
        tri_cost_shift(&price, c, have, (double)c->bytes * (have < missing ? have : missing));
    }
    price.memory_bytes = (double)c->bytes * c->ranks;
    return price;
}

static tri_turned turned_of(const tri_context *c, const tri_call *call) {
    tri_turned t = {.counts = call->recv_counts, .rank = c->rank};
    return t;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    tri_turned t = turned_of(c, call);
    return tri_turned_units(c, call, &t, c->size);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_turned t = turned_of(c, call);
    void *blocks = call->scratch;
    TRI_TRY(tri_do_copy(c, blocks, call->send, tri_turned_units(c, call, &t, 1)));
    for (int have = 1; have < c->size; have *= 2) {
        int missing = c->size - have, come = have < missing ? have : missing;
        size_t mine = tri_turned_units(c, call, &t, have), all = tri_turned_units(c, call, &t, have + come);
        TRI_TRY(tri_do_recv(c, tri_unit(c, blocks, mine), all - mine, (c->rank + have) % c->size));
        TRI_TRY(tri_do_send(c, blocks, tri_turned_units(c, call, &t, come),
                            (c->rank - have + c->size) % c->size));
        TRI_TRY(tri_do_wait(c));
    }
    return tri_turned_copy(c, call, &t, call->recv_places, call->recv, blocks, 1);
}

const tri_algorithm tri_allgather_bruck = {
    .operation = TRI_ALLGATHER,
    .name = "bruck",
    .text = "each rank gets all that the rank 1, 2, 4, ... above it has",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
