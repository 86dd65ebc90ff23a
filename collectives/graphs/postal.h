/* The postal tree (Bar-Noy, Kipnis 1992, "Designing broadcasting algorithms in the postal model for
 * message-passing systems"; Karp, Sahay, Santos, Schauser 1993, "Optimal broadcast and summation in the LogP
 * model").
 *
 * A rank may send its next message one step after the last, but a message is only there `lambda` steps after
 * its sending began; so whoever has the data sends on and on, and the ranks that are reached early are given
 * more ranks to serve. In t steps reached(t) = reached(t - 1) + reached(t - lambda) ranks are reached. lambda = 1 is
 * the binomial tree, and a lambda as long as the number of ranks a star. For lambda = 3 and 9 ranks:
 *
 *     0 -> 6, 4, 3, 2, 1    at steps 0, 1, 2, 3, 4
 *     6 -> 8, 7             at steps 3, 4
 *     4 -> 5                at step 4
 *
 * Each rank serves a run of consecutive ranks of which it is the first, and the last of the run go to its
 * first child; so data of a subtree are contiguous and the order of ranks is kept. Ranks count from the root.
 */
#ifndef TRI_COLLECTIVES_POSTAL_H
#define TRI_COLLECTIVES_POSTAL_H

#include <math.h>

#include "collectives/cost/descriptor.h"

/* A lambda of at most TRI_POSTAL_LAMBDA_MAX doubles what is reached at least every TRI_POSTAL_LAMBDA_MAX steps, so that in so many
 * steps all ranks that an int can count are reached. */
enum { TRI_POSTAL_LAMBDA_MAX = 32, TRI_POSTAL_STEPS = TRI_POSTAL_LAMBDA_MAX * 32 };

typedef struct tri_postal {
    int lambda, size;
    int steps;            /* in which `size` ranks are reached */
    int reached[TRI_POSTAL_STEPS]; /* ranks reached in as many steps */
} tri_postal;

/* Where a rank stands: it serves ranks [first, first + count), itself included, in `steps` steps. */
typedef struct tri_position {
    int parent; /* -1: none */
    int first, count, steps;
} tri_position;

/* lambda is taken as 1 where it is below. */
void tri_postal_build(tri_postal *tree, int size, int lambda);
tri_position tri_postal_position(const tri_postal *tree, int rank);
/* The next child of a rank, in the order of sending; `position` goes on to what is left. Returns 0 where there is
 * no other. */
int tri_postal_child(const tri_postal *tree, tri_position *position, tri_position *child);

/* The cost of sending down the tree (and, with time turned round, of collecting up it): `each` bytes for each
 * rank of the child's subtree, and `all` bytes in each message besides. A rank sends its messages one behind the
 * other. */
tri_cost tri_postal_cost(const tri_subcase *c, int lambda, double each, double all, const tri_network *net);
/* The lambda with the least cost. */
int tri_postal_lambda(const tri_subcase *c, double each, double all, const tri_network *net);

/* Who collects has asked for all messages before they come, so that long ones need not wait: the network for that. */
static inline tri_network tri_postal_up(const tri_network *net) {
    tri_network up = *net;
    up.eager_bytes = INFINITY;
    return up;
}

#endif
