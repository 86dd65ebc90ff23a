/* Exclusive scan along a chain of slots in shared memory: as scan_shared_chain.c, but a rank's result is
 * the content of its lower neighbour's slot, and the last rank combines nothing.
 *
 * Cost: as scan_shared_chain.c, with one combination fewer.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    return tri_cost_scan_chain(c, c->ranks - 1);
}

static tri_status run(tri_context *c, const tri_call *call) {
    return tri_scan_chain(c, call, 1);
}

const tri_algorithm tri_exscan_shared_chain = {
    .operation = TRI_EXSCAN,
    .name = "shared_chain",
    .text = "each rank combines its lower neighbour's slot in shared memory with its own data in its slot",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
