/* Exclusive scan through slots in shared memory: as scan_shared.c, but a rank's result is the combination
 * of lower ranks, and the last rank publishes nothing.
 *
 * Cost: as scan_shared.c, for p - 1 ranks.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    return tri_cost_scan_back(c, c->ranks - 1);
}

static tri_status run(tri_context *c, const tri_call *call) {
    return tri_scan_back(c, call, 1);
}

const tri_algorithm tri_exscan_shared = {
    .operation = TRI_EXSCAN,
    .name = "shared",
    .text = "each rank continues from the nearest lower rank whose result is in its slot in shared memory",
    .can = tri_can_slots_twice,
    .cost = cost,
    .scratch = tri_scan_back_scratch,
    .run = run,
};
