/* Reduce_scatter on a ring (Thakur, Rabenseifner, Gropp 2005, section 4.5). Block b starts at rank b + 1
 * and travels around the ring to rank b; every rank on the way combines it with its own data. For 4 ranks:
 *
 *     round 0   0 -d> 1 -a> 2 -b> 3 -c> 0
 *     round 1   0 -c> 1 -d> 2 -a> 3 -b> 0
 *     round 2   0 -b> 1 -c> 2 -d> 3 -a> 0
 *
 * Cost: (p - 1) x (latency + 2 overheads + block + combined block), on the levels of allgather_ring.c.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return c->commutes;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    tri_cost_ring(&cost, c, c->ranks - 1, (double)c->bytes, net);
    cost.combined_bytes = (double)c->bytes * (c->ranks - 1);
    return cost;
}

static size_t largest_block(const tri_context *c, const tri_call *call) {
    size_t most = 0;
    for (int b = 0; b < c->size; b++)
        if (tri_send_count(c, call, b) > most) most = tri_send_count(c, call, b);
    return most;
}

/* An incoming and an outgoing block. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    return 2 * largest_block(c, call);
}

static tri_status run(tri_context *c, const tri_call *call) {
    int next = (c->rank + 1) % c->size, before = (c->rank + c->size - 1) % c->size;
    void *comes = call->scratch, *goes = tri_unit(c, call->scratch, largest_block(c, call));
    const void *have = tri_send_block(c, call, before);
    for (int round = 1; round < c->size; round++) {
        int block = (before - round + c->size) % c->size, sent = (block + 1) % c->size;
        TRI_TRY(tri_do_recv(c, comes, tri_send_count(c, call, block), before));
        TRI_TRY(tri_do_send(c, have, tri_send_count(c, call, sent), next));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, tri_send_block(c, call, block), comes, tri_send_count(c, call, block)));
        have = comes;
        comes = goes;
        goes = (void *)have;
    }
    if (c->size == 1) have = tri_send_block(c, call, 0);
    return tri_do_copy(c, call->recv, have, tri_send_count(c, call, c->rank));
}

const tri_algorithm tri_reduce_scatter_ring = {
    .operation = TRI_REDUCE_SCATTER,
    .name = "ring",
    .text = "each block travels around the ring and is combined with every rank's data",
    .can = can,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
