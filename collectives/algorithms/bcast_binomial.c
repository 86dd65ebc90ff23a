/* Broadcast on a binomial tree (Johnsson, Ho 1989, "Optimum broadcasting and personalized communication in
 * hypercubes", section 3).
 *
 * Every rank that has the data passes it on; the holders double each round. Counted from the root, for 8
 * ranks:
 *
 *     round 0   0>4
 *     round 1   0>2  4>6
 *     round 2   0>1  2>3  4>5  6>7
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes): the k-nomial tree's of radix 2 (bcast_knomial.c).
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
    .text = "every rank that has the data passes it on; the holders double each round",
    .cost = cost,
    .run = run,
};
