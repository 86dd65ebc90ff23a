/* Allgather by recursive doubling, for powers of two (Thakur, Rabenseifner, Gropp 2005, section 4.1).
 *
 * In round k each rank exchanges all its blocks with the rank whose number differs in bit k:
 *
 *     round 0   0-1  2-3  4-5  6-7     1 block
 *     round 1   0-2  1-3  4-6  5-7     2 blocks
 *     round 2   0-4  1-5  2-6  3-7     4 blocks
 *
 * Cost: log2(p) x (latency + 2 overheads) + (p - 1) blocks.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return !c->uneven && !c->fewer && tri_power_of_two(c->ranks) == c->ranks;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    for (int bit = 1; bit < c->ranks; bit *= 2)
        tri_cost_swap(&cost, c, bit, (double)c->bytes * bit);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_block_units(c, call, c->rank)));
    for (int bit = 1; bit < c->size; bit *= 2) {
        int mine = c->rank / bit * bit, theirs = mine ^ bit, peer = c->rank ^ bit;
        TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, theirs), tri_run_units(c, call, theirs, bit), peer));
        TRI_TRY(tri_do_send(c, tri_recv_block(c, call, mine), tri_run_units(c, call, mine, bit), peer));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_allgather_recursive_doubling = {
    .operation = TRI_ALLGATHER,
    .name = "recursive_doubling",
    .text = "in round k each rank exchanges all its blocks with the rank whose number differs in bit k",
    .can = can,
    .cost = cost,
    .run = run,
};
