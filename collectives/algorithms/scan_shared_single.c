/* Single-copy scan by shares. Every rank processes its share of all vectors in rank order, reading them
 * from its peers' memory, and writes each partial result into that rank's result.
 *
 *     vectors   x0 = a0 b0   x1 = a1 b1   x2 = a2 b2
 *     rank 0    a0 to 0, a0 a1 to 1, a0 a1 a2 to 2;   rank 1 the same with b
 *
 * The work is balanced, and no rank waits for a chain of others.
 *
 * Cost: address exchange and release; (p - 1) / p x bytes read, combined, and written.
 */
#include "collectives/algorithms/common/slots.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_allreduce_shared_single.cost(c, p, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_exchange_vectors(c, call->send, call->recv, -1);
    TRI_TRY(tri_scan_share(c, call, 0));
    tri_release_vectors(c, -1);
    return TRI_OK;
}

const tri_algorithm tri_scan_shared_single = {
    .operation = TRI_SCAN,
    .name = "shared_single",
    .text = "each rank scans its share of all vectors in its peers' memory and writes it into all results",
    .can = tri_can_single,
    .cost = cost,
    .scratch = tri_single_scratch,
    .run = run,
};
