/* Broadcast on a binomial tree (Johnsson, Ho 1989, "Optimum broadcasting and personalized communication in
 * hypercubes", section 3).
 *
 * Every rank that has the data passes it on; the holders double each round. Counted from the root, for 8
 * ranks:
 *
 *     round 0   0>4
 *     round 1   0>2  4>6
 *     round 2   0>1  2>3  4>5  6>7
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes). A sender's messages are one behind the other, but the
 * longest chain is the one that hands on at once in every round.
 */
#include "collectives/algorithm.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    int level = tri_case_level(c), rounds = tri_log2_up(c->ranks);
    price.level[level].latencies = rounds;
    price.level[level].overheads = 2 * rounds;
    price.level[level].bytes = (double)c->bytes * rounds;
    return price;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int me = tri_to_virtual(c, c->rank, call->root), distance = 1;
    for (; distance < c->size; distance *= 2) {
        if (!(me & distance)) continue;
        TRI_TRY(tri_do_recv(c, call->recv, call->count, tri_from_virtual(c, me - distance, call->root)));
        TRI_TRY(tri_do_wait(c));
        break;
    }
    /* The farthest first: its subtree is the largest. */
    for (distance /= 2; distance > 0; distance /= 2)
        if (me + distance < c->size)
            TRI_TRY(tri_do_send(c, call->recv, call->count, tri_from_virtual(c, me + distance, call->root)));
    return tri_do_wait(c);
}

const tri_algorithm tri_bcast_binomial = {
    .operation = TRI_BCAST,
    .name = "binomial",
    .text = "every rank that has the data passes it on; the holders double each round",
    .cost = cost,
    .run = run,
};
