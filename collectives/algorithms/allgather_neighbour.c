/* Neighbour exchange, for an even number of ranks (Chen, Zhang, Zhang, Zhang, Yuan 2005, "Performance
 * evaluation of allgather algorithms on terascale Linux cluster with fast Ethernet", section 3).
 *
 * After the first exchange each rank has a pair of blocks. It then sends the pair received last to its two
 * neighbours alternately. Even ranks begin with the neighbour above. For 6 ranks:
 *
 *     round 0   0-1  2-3  4-5          1 block
 *     round 1   5-0  1-2  3-4          2 blocks: the rank's own pair
 *     round 2   0-1  2-3  4-5          2 blocks: those received in round 1
 *
 * Cost: p / 2 x (latency + 2 overheads) + (p - 1) blocks: half of the ring's rounds, each on the slower
 * level.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return !c->uneven && !c->fewer && c->ranks % 2 == 0;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    /* Pairs of rounds with alternating neighbours. If nodes start with even ranks, the first and the last
     * rank of a node communicate with other nodes in the same round, otherwise in alternate rounds. */
    int even = c->largest % 2 == 0, rounds = c->ranks / 2;
    int even_rounds = rounds / 2, odd_rounds = (rounds - 1) / 2;
    tri_cost_steps(&cost, c, 1, (double)c->bytes, c->nodes > 1 && !even, net);
    tri_cost_steps(&cost, c, even_rounds, 2 * (double)c->bytes, c->nodes > 1 ? 1 + even : 0, net);
    tri_cost_steps(&cost, c, odd_rounds, 2 * (double)c->bytes, c->nodes > 1 && !even, net);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int even = c->rank % 2 == 0, up = (c->rank + 1) % c->size, down = (c->rank + c->size - 1) % c->size;
    int first = even ? up : down, pair = c->rank / 2 * 2;
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_block_units(c, call, c->rank)));
    TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, first), tri_block_units(c, call, first), first));
    TRI_TRY(tri_do_send(c, tri_recv_block(c, call, c->rank), tri_block_units(c, call, c->rank), first));
    TRI_TRY(tri_do_wait(c));
    int have = pair;
    for (int round = 1; round < c->size / 2; round++) {
        /* Even ranks use the neighbour below in odd rounds. Pairs arrive from increasing distances,
         * alternately from either side. */
        int to_below = even == (round % 2), peer = to_below ? down : up;
        int far = 2 * ((round + 1) / 2), side = (even ? 1 : -1) * (round % 2 ? -1 : 1);
        int comes = ((pair + side * far) % c->size + c->size) % c->size;
        TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, comes), tri_run_units(c, call, comes, 2), peer));
        TRI_TRY(tri_do_send(c, tri_recv_block(c, call, have), tri_run_units(c, call, have, 2), peer));
        TRI_TRY(tri_do_wait(c));
        have = comes;
    }
    return TRI_OK;
}

const tri_algorithm tri_allgather_neighbour = {
    .operation = TRI_ALLGATHER,
    .name = "neighbour",
    .text = "each rank sends pairs of blocks to its two neighbours alternately",
    .can = can,
    .cost = cost,
    .run = run,
};
