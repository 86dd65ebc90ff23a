/* The postal tree (Bar-Noy, Kipnis 1992, "Designing broadcasting algorithms in the postal model for
 * message-passing systems"; Karp, Sahay, Santos, Schauser 1993, "Optimal broadcast and summation in the
 * LogP model").
 *
 * A rank can send one message per step; a message arrives `lambda` steps after its send began. Every rank
 * that has the data keeps sending, and ranks reached early serve larger subtrees. After t steps,
 * reached(t) = reached(t - 1) + reached(t - lambda) ranks have the data. lambda = 1 gives the binomial
 * tree; lambda >= p gives a star. For lambda = 3 and 9 ranks:
 *
 *     0 -> 6, 4, 3, 2, 1    at steps 0, 1, 2, 3, 4
 *     6 -> 8, 7             at steps 3, 4
 *     4 -> 5                at step 4
 *
 * Each rank serves a run of consecutive ranks that starts with itself; the end of the run goes to its
 * first child. So the data of a subtree are contiguous and rank order is kept. Ranks count from the root.
 */
#ifndef TRI_COLLECTIVES_POSTAL_H
#define TRI_COLLECTIVES_POSTAL_H

#include <math.h>

#include "collectives/cost/descriptor.h"

/* With lambda <= TRI_POSTAL_LAMBDA_MAX, the number of ranks reached at least doubles every
 * TRI_POSTAL_LAMBDA_MAX steps, so TRI_POSTAL_STEPS steps are enough for INT_MAX ranks. */
enum { TRI_POSTAL_LAMBDA_MAX = 32, TRI_POSTAL_STEPS = TRI_POSTAL_LAMBDA_MAX * 32 };

typedef struct tri_postal {
    int lambda, size;
    int steps;                     /* until `size` ranks are reached */
    int reached[TRI_POSTAL_STEPS]; /* ranks reached after t steps */
} tri_postal;

/* A rank's position: it serves ranks [first, first + count), itself included, in `steps` steps. */
typedef struct tri_position {
    int parent; /* -1: none */
    int first, count, steps;
} tri_position;

/* lambda < 1 is treated as 1. */
void tri_postal_build(tri_postal *tree, int size, int lambda);
tri_position tri_postal_position(const tri_postal *tree, int rank);
/* The next child of a rank, in sending order. Advances `position` to what remains. Returns 0 if there is
 * no further child. */
int tri_postal_child(const tri_postal *tree, tri_position *position, tri_position *child);

/* Cost of sending down the tree or, in reverse, of collecting up it. A message has `each` bytes per rank
 * of the child's subtree plus `all` bytes. A rank sends its messages one after another. */
tri_cost tri_postal_cost(const tri_subcase *c, int lambda, double each, double all, const tri_network *net);
/* The lambda with the least cost. */
int tri_postal_lambda(const tri_subcase *c, double each, double all, const tri_network *net);

/* The network as seen by a collecting rank: it has posted all receives before the messages arrive, so long
 * messages need not wait. */
static inline tri_network tri_postal_up(const tri_network *net) {
    tri_network up = *net;
    up.eager_bytes = INFINITY;
    return up;
}

#endif
