/* Single-copy exclusive scan: as scan_shared_single.c, but rank r gets the combination of the ranks below
 * it.
 *
 * Cost: as scan_shared_single.c, for p - 1 ranks.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    double some = (double)c->bytes * (c->ranks - 1) / c->ranks;
    tri_cost_single_copy(&cost, c, tri_equal_work(c, some + some * (c->ranks - 2) / (c->ranks - 1)),
                         c->ranks);
    cost.slot_bytes += tri_equal_work(c, tri_combining(some));
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_exchange_vectors(c, call->send, c->rank ? call->recv : NULL, -1);
    TRI_TRY(tri_scan_share(c, call, 1));
    tri_release_vectors(c, -1);
    return TRI_OK;
}

const tri_algorithm tri_exscan_shared_single = {
    .operation = TRI_EXSCAN,
    .name = "shared_single",
    .text = "each rank scans its share of all vectors in its peers' memory and writes it into all results",
    .can = tri_can_single,
    .cost = cost,
    .scratch = tri_single_scratch,
    .run = run,
};
