/* Scan through slots in shared memory with decoupled look-back (Merrill, Garland 2016, "Single-pass
 * parallel prefix scan with decoupled look-back").
 *
 * Each rank publishes its own piece at once and, as soon as it is known, the combination of all pieces up
 * to its own. It looks back for the nearest lower rank that has published its combination and combines
 * from there:
 *
 *     slot of rank 0 | x0      |              rank 3 finds x0 x1 at rank 1, takes x2 from rank 2,
 *     slot of rank 1 | x1      | x0 x1 |      and publishes x0 x1 x2 x3
 *     slot of rank 2 | x2      |       |
 *     slot of rank 3 | x3      |       |
 *
 * A single call takes one hand-off, since a rank waits only for the other ranks' own pieces. In a series
 * of calls the lower neighbour has usually finished, and each rank combines once. All ranks combine from
 * rank 0 up, so the bits do not depend on the distance of the look-back.
 *
 * Cost: a hand-off; the bytes into the slots twice and to their place; p - 1 times copied and combined at
 * the last rank, and a quarter of that on average, since most ranks have fewer ranks below them and find
 * some of the work done.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    return tri_cost_scan_back(c, c->ranks);
}

static tri_status run(tri_context *c, const tri_call *call) {
    return tri_scan_back(c, call, 0);
}

const tri_algorithm tri_scan_shared = {
    .operation = TRI_SCAN,
    .name = "shared",
    .text = "each rank continues from the nearest lower rank whose result is in its slot in shared memory",
    .can = tri_can_slots_twice,
    .cost = cost,
    .scratch = tri_scan_back_scratch,
    .run = run,
};
