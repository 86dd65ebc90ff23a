/* Prefix combination of the ranks below through slots in shared memory: as scan_shared.c without the rank's own vector.
 *
 * Cost: a hand-off; a piece into the slots, the bytes to their place, (p - 2) x the bytes through the operation at
 * the last rank.
 */
#include "collectives/shared.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    double bytes = (double)c->bytes, combined = tri_combining(bytes) * (c->ranks - 2);
    tri_price_hand_offs(&price, c, tri_ring_turns(bytes));
    price.slot_bytes =
        tri_first_piece(bytes) + tri_work(c, bytes + combined, (2 * bytes + combined / 2) * (c->ranks - 1));
    return price;
}

static tri_status run(tri_context *c, const tri_call *call) {
    return tri_scan_slots(c, call, 1);
}

const tri_algorithm tri_exscan_shared = {
    .operation = TRI_EXSCAN,
    .name = "shared",
    .text =
        "each rank copies pieces into its slots in shared memory and combines those of the ranks below it",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
