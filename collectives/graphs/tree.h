/* k-nomial trees (a binomial tree is the one of radix 2), on ranks counted from the root.
 *
 * A rank's number is read in base `radix`. Its parent has 0 in place of its lowest digit that is not 0; its
 * children differ in one digit below that. So the subtree of a rank is a run of consecutive ranks, which begins
 * with it. For radix 3 and 9 ranks: 0 > 3, 6, 1, 2;  3 > 4, 5;  6 > 7, 8.
 */
#ifndef TRI_COLLECTIVES_TREE_H
#define TRI_COLLECTIVES_TREE_H

#include "collectives/cost/descriptor.h"

/* The place value of rank v's lowest digit that is not 0; for the root the first that is not below `size`. */
static inline int tri_tree_distance(int v, int size, int radix) {
    int distance = 1;
    while (distance < size && v / distance % radix == 0)
        distance *= radix;
    return distance;
}

static inline int tri_tree_parent(int v, int distance, int radix) {
    return v - v / distance % radix * distance;
}

/* Ranks of the subtree of a rank whose distance from its parent is a multiple of `distance`. */
static inline int tri_tree_ranks(int v, int distance, int size) {
    return v + distance < size ? distance : size - v;
}

/* The cost of a tree through which each rank gets a message of its parent, or gives it one, before or after
 * its children. A message for the subtree of n ranks has n_bytes * n + bytes. `combined`: each message is
 * combined with what is there. */
typedef struct tri_tree_load {
    double bytes, n_bytes, combined;
} tri_tree_load;
tri_cost tri_tree_cost(const tri_subcase *c, int radix, const tri_tree_load *load, const tri_network *net);

/* The radix with the least cost. */
int tri_tree_tune(const tri_subcase *c, const tri_tree_load *load, const tri_network *net);

#endif
