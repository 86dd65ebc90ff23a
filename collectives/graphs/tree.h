/* k-nomial trees (the binomial tree is k-nomial with radix 2), on ranks counted from the root.
 *
 * Write a rank in base `radix`. Its parent is obtained by setting its lowest nonzero digit to 0; its
 * children differ in one digit below that. So the subtree of a rank is a run of consecutive ranks that
 * starts with it. For radix 3 and 9 ranks: 0 > 3, 6, 1, 2;  3 > 4, 5;  6 > 7, 8.
 */
#ifndef TRI_COLLECTIVES_TREE_H
#define TRI_COLLECTIVES_TREE_H

#include "collectives/cost/descriptor.h"

/* The place value of the lowest nonzero digit of rank v; for the root, the first place value >= `size`. */
static inline int tri_tree_distance(int v, int size, int radix) {
    int distance = 1;
    while (distance < size && v / distance % radix == 0)
        distance *= radix;
    return distance;
}

static inline int tri_tree_parent(int v, int distance, int radix) {
    return v - v / distance % radix * distance;
}

/* Ranks in the subtree of a rank whose distance from its parent is a multiple of `distance`. */
static inline int tri_tree_ranks(int v, int distance, int size) {
    return v + distance < size ? distance : size - v;
}

/* Cost of a tree in which each rank receives a message from its parent (or sends one to it) before (or
 * after) serving its children. A message for a subtree of n ranks has n_bytes * n + bytes. `combined`:
 * bytes combined per message. */
typedef struct tri_tree_load {
    double bytes, n_bytes, combined;
} tri_tree_load;
tri_cost tri_tree_cost(const tri_subcase *c, int radix, const tri_tree_load *load, const tri_network *net);

/* The radix with the least cost. */
int tri_tree_tune(const tri_subcase *c, const tri_tree_load *load, const tri_network *net);

#endif
