/* Reduction on a binomial tree: the tree of bcast_binomial.c with the messages reversed.
 *
 *     round 0   1>0  3>2  5>4  7>6
 *     round 1   2>0  6>4
 *     round 2   4>0
 *
 * A rank always holds the combination of a run of consecutive ranks and receives that of the next run, so
 * rank order is kept. For operations that do not commute, the tree is always rooted at rank 0, and the
 * result takes one more message to the root.
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes + combined bytes): the k-nomial tree with radix 2
 * (reduce_knomial.c).
 */
#include "collectives/algorithms/algorithm.h"

static const tri_parameters binomial = {.radix = 2};

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    return tri_reduce_knomial.cost(c, &binomial, net);
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_call two = *call;
    two.parameters = binomial;
    return tri_reduce_knomial.run(c, &two);
}

const tri_algorithm tri_reduce_binomial = {
    .operation = TRI_REDUCE,
    .name = "binomial",
    .text = "pairs combine, then pairs of pairs; half of the remaining ranks finish in each round",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
