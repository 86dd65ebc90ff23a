/* Prefix combination through slots in shared memory: each rank copies pieces into its slots and combines those of the
 * ranks below it with its own, from its neighbour down.
 *
 *     rank 0   in 0 | in 1 | in 2
 *     rank 1   in 0 | combine 0 from 0 | in 1 | combine 1 from 0 | ...
 *     rank 2          combine 0 from 1, 0 | combine 1 from 1, 0 | ...
 *
 * A rank runs ahead of those above it until its slots are full.
 *
 * Cost: a hand-off; a piece into the slots, the bytes to their place, (p - 1) x the bytes through the operation at
 * the last rank.
 */
#include "collectives/shared.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    double bytes = (double)c->bytes, combined = tri_combining(bytes) * (c->ranks - 1);
    tri_price_hand_offs(&price, c, tri_ring_turns(bytes));
    price.slot_bytes =
        tri_first_piece(bytes) + tri_work(c, bytes + combined, (2 * bytes + combined / 2) * c->ranks);
    return price;
}

static tri_status run(tri_context *c, const tri_call *call) {
    return tri_scan_slots(c, call, 0);
}

const tri_algorithm tri_scan_shared = {
    .operation = TRI_SCAN,
    .name = "shared",
    .text =
        "each rank copies pieces into its slots in shared memory and combines those of the ranks below it",
    .can = tri_can_slots,
    .cost = cost,
    .run = run,
};
