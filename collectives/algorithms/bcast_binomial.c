/* Broadcast on a binomial tree (Johnsson, Ho 1989, "Optimum broadcasting and personalized communication in
 * hypercubes", section 3).
 *
 * In each round every rank that has the data sends it to one more rank. Counted from the root, for 8
 * ranks:
 *
 *     round 0   0>4
 *     round 1   0>2  4>6
 *     round 2   0>1  2>3  4>5  6>7
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes): the k-nomial tree with radix 2 (bcast_knomial.c).
 */
#include "collectives/algorithms/algorithm.h"

static const tri_parameters binomial = {.radix = 2};

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    return tri_bcast_knomial.cost(c, &binomial, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_call two = *call;
    two.parameters = binomial;
    return tri_bcast_knomial.run(c, &two);
}

const tri_algorithm tri_bcast_binomial = {
    .operation = TRI_BCAST,
    .name = "binomial",
    .text = "in each round every rank that has the data sends it to one more rank",
    .cost = cost,
    .run = run,
};
