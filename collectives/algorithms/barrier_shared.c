/* Barrier by flags in shared memory.
 *
 * Each rank raises its flag and waits for the flags of all others:
 *
 *     0: raise, see 1 2 3    1: raise, see 0 2 3    2: raise, see 0 1 3    3: raise, see 0 1 2
 *
 * There is no chain of dependent hand-offs, which matters most if cores are oversubscribed.
 *
 * Cost: a hand-off of a cache line, and p - 2 more that overlap.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    tri_cost_hand_offs(&cost, c, 1);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    (void)call;
    tri_ring_barrier(&c->shared->small);
    return TRI_OK;
}

const tri_algorithm tri_barrier_shared = {
    .operation = TRI_BARRIER,
    .name = "shared",
    .text = "each rank raises a flag in shared memory and waits for all others",
    .can = tri_can_share,
    .cost = cost,
    .run = run,
};
