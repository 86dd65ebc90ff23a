/* Reduction to rank 0 (reduce_binomial.c), then broadcast from it (bcast_binomial.c).
 *
 * Cost: the sum of both: 2 log2(p) x (latency + 2 overheads + bytes) + log2(p) x combined bytes.
 */
#include "collectives/algorithm.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    /* A reduction to rank 0 keeps the order of the ranks without a further message. */
    tri_case to_zero = *c;
    to_zero.commutes = 1;
    tri_cost price = tri_reduce_binomial.cost(&to_zero, p, net), down = tri_bcast_binomial.cost(c, p, net);
    tri_cost_add(&price, &down);
    return price;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    return tri_reduce_binomial.scratch(c, call);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_call part = *call;
    part.root = 0;
    TRI_TRY(tri_reduce_binomial.run(c, &part));
    part.send = part.recv;
    return tri_bcast_binomial.run(c, &part);
}

const tri_algorithm tri_allreduce_reduce_bcast = {
    .operation = TRI_ALLREDUCE,
    .name = "reduce_bcast",
    .text = "a binomial reduction to rank 0, then a binomial broadcast",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
