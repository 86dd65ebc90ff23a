/* Prefix combination through slots in shared memory by looking back (Merrill, Garland 2016, "Single-pass parallel prefix
 * scan with decoupled look-back").
 *
 * Each rank lays down its own piece at once, and behind it, as soon as it has that, the combination of the pieces up
 * to it. From its neighbour down it looks for the nearest rank that has done so, and adds from there what is between:
 *
 *     slot of rank 0 | x0      |              rank 3 finds rank 1's x0 x1, takes x2 from rank 2's slot,
 *     slot of rank 1 | x1      | x0 x1 |      and lays down x0 x1 x2 x3
 *     slot of rank 2 | x2      |       |
 *     slot of rank 3 | x3      |       |
 *
 * A single call takes one hand-off, since nobody waits for more than the others' own pieces; in a series of calls the
 * neighbour has most often been there before, and each rank combines once. However far a rank looks back, it combines from
 * rank 0 up, so that the bits do not depend on it.
 *
 * Cost: a hand-off; the bytes into the slots twice and to their place; p - 1 times copied and combined at the last rank, and
 * a quarter of that on the average, since most ranks have less below them and find more of it done.
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
    .text = "each rank goes on from the nearest rank below whose result is in its slot in shared memory",
    .can = tri_can_slots_twice,
    .cost = cost,
    .scratch = tri_scan_back_scratch,
    .run = run,
};
