/* Prefix combination along a chain of slots in shared memory: each rank lays its piece into its slot, combines what its
 * neighbour below has with it, there, and copies the result to its place.
 *
 *     rank 0   in 0 | in 1 | in 2
 *     rank 1   in 0 | combine 0 with 0's | in 1 | combine 1 with 0's | ...
 *     rank 2   in 0 |                      combine 0 with 1's | ...
 *
 * One combination each, where looking back takes up to p - 1. A rank runs ahead of those above it until its slots are
 * full.
 *
 * Cost: p - 1 hand-offs; a piece into a slot and through the operation of all ranks; the bytes into the slots, through
 * the operation and to their place.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    return tri_cost_scan_chain(c, c->ranks);
}

static tri_status run(tri_context *c, const tri_call *call) {
    return tri_scan_chain(c, call, 0);
}

const tri_algorithm tri_scan_shared_chain = {
    .operation = TRI_SCAN,
    .name = "shared_chain",
    .text = "each rank combines what its neighbour's slot in shared memory holds with its own, in its slot",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
