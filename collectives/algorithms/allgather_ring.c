/* Allgather on a ring (Thakur, Rabenseifner, Gropp 2005, section 4.1).
 *
 * In each round every rank sends the block it received last to the next rank, starting with its own. For 4
 * ranks:
 *
 *     round 0   0 -a> 1 -b> 2 -c> 3 -d> 0
 *     round 1   0 -d> 1 -a> 2 -b> 3 -c> 0
 *     round 2   0 -c> 1 -d> 2 -a> 3 -b> 0
 *
 * Cost: (p - 1) x (latency + 2 overheads + block) on the slower level; for short blocks, on the levels of
 * a block's path.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    tri_cost_ring(&cost, c, c->ranks - 1, (double)c->bytes, net);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int next = (c->rank + 1) % c->size, before = (c->rank + c->size - 1) % c->size;
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_recv_count(c, call, c->rank)));
    for (int round = 0; round < c->size - 1; round++) {
        int have = (c->rank - round + c->size) % c->size, comes = (have + c->size - 1) % c->size;
        TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, comes), tri_recv_count(c, call, comes), before));
        TRI_TRY(tri_do_send(c, tri_recv_block(c, call, have), tri_recv_count(c, call, have), next));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_allgather_ring = {
    .operation = TRI_ALLGATHER,
    .name = "ring",
    .text = "every rank sends the block it received last to the next rank",
    .cost = cost,
    .run = run,
};
