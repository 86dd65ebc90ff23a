/* Dissemination barrier (Hensgen, Finkel, Manber 1988, "Two algorithms for barrier synchronization",
 * section 3).
 *
 * In round k every rank signals the rank 2^k above it and waits for the rank 2^k below. For 5 ranks:
 *
 *     round 0   0>1  1>2  2>3  3>4  4>0
 *     round 1   0>2  1>3  2>4  3>0  4>1
 *     round 2   0>4  1>0  2>1  3>2  4>3
 *
 * After ceil(log2 p) rounds every rank has heard from all ranks, directly or indirectly.
 *
 * Cost: log2(p) x (latency + 2 overheads).
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    int level = tri_case_level(c), rounds = tri_log2_up(c->ranks);
    cost.level[level].latencies = rounds;
    cost.level[level].overheads = 2 * rounds;
    cost.level[level].bytes = rounds;
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    for (int distance = 1; distance < c->size; distance *= 2) {
        TRI_TRY(tri_do_recv(c, call->recv, 1, (c->rank - distance + c->size) % c->size));
        TRI_TRY(tri_do_send(c, call->send, 1, (c->rank + distance) % c->size));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_barrier_dissemination = {
    .operation = TRI_BARRIER,
    .name = "dissemination",
    .text = "in round k each rank signals the rank 2^k above it",
    .cost = cost,
    .run = run,
};
