/* Scan along a chain of slots in shared memory. Each rank copies its piece into its slot, combines its
 * lower neighbour's slot into it, and copies the result out.
 *
 *     rank 0   in 0 | in 1 | in 2
 *     rank 1   in 0 | combine 0 with 0's | in 1 | combine 1 with 0's | ...
 *     rank 2   in 0 |                      combine 0 with 1's | ...
 *
 * One combination per rank, where look-back needs up to p - 1. A rank runs ahead of higher ranks until its
 * slots are full.
 *
 * Cost: p - 1 hand-offs; a piece into a slot and combined by all ranks; the bytes into the slots,
 * combined, and to their place.
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
    .text = "each rank combines its lower neighbour's slot in shared memory with its own data in its slot",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
