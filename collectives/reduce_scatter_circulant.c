/* Reduce_scatter on a circulant graph, in as few rounds and bytes as there can be for any number of ranks (Traff
 * 2024, "Optimal, non-pipelined reduce-scatter and allreduce algorithms", arXiv 2410.14234, algorithm 1).
 *
 * A rank keeps its blocks in the order that begins with its own. In each round the upper half of them, beginning
 * with block `half`, goes to the rank `half` above, where it meets the lower ones. For 5 ranks:
 *
 *     round 0   blocks 3 4 go to the rank 3 above, and blocks 3 4 of the rank 3 below join blocks 0 1
 *     round 1   block 2    goes to the rank 2 above ...
 *     round 2   block 1    goes to the rank 1 above ...
 *
 * Cost: log2(p) x (latency + 2 overheads) + (p - 1) blocks, sent and combined, and a copy of the vector.
 */
#include "collectives/turned.h"

static int can(const tri_case *c) {
    return c->commutes && c->ranks > 1;
}

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    for (int have = c->ranks, half; have > 1; have = half) {
        half = have - have / 2;
        tri_cost_shift(&price, c, half, (double)c->bytes * (have - half));
        price.combined_bytes += (double)c->bytes * (have - half);
    }
    price.memory_bytes = (double)c->bytes * c->ranks;
    return price;
}

static tri_turned turned_of(const tri_context *c, const tri_call *call) {
    tri_turned t = {.counts = call->send_counts, .rank = c->rank};
    return t;
}

/* All blocks, and the most that come at once: those of one round of any rank. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    tri_turned t = turned_of(c, call);
    return 2 * tri_turned_units(c, call, &t, c->size);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_turned t = turned_of(c, call);
    void *blocks = call->scratch, *come = tri_unit(c, blocks, tri_turned_units(c, call, &t, c->size));
    TRI_TRY(tri_turned_copy(c, call, &t, call->send_places, call->send, blocks, 0));
    for (int have = c->size, half; have > 1; have = half) {
        half = have - have / 2;
        size_t first = tri_turned_units(c, call, &t, half), end = tri_turned_units(c, call, &t, have);
        size_t joins = tri_turned_units(c, call, &t, have - half);
        TRI_TRY(tri_do_recv(c, come, joins, (c->rank - half + c->size) % c->size));
        TRI_TRY(tri_do_send(c, tri_unit(c, blocks, first), end - first, (c->rank + half) % c->size));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, come, blocks, joins));
    }
    return tri_do_copy(c, call->recv, blocks, tri_turned_units(c, call, &t, 1));
}

const tri_algorithm tri_reduce_scatter_circulant = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "circulant",
    .text = "in each round half of the blocks go to a rank above and join those there",
    .can = can,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
