/* Round-optimal schedule to broadcast a vector in pieces (Traff 2022, "(Poly)logarithmic time construction
 * of round-optimal n-block broadcast schedules for broadcast and irregular allgather in MPI", arXiv
 * 2205.10072).
 *
 * Let q = ceil(log2 p), skip[q] = p and skip[k] = ceil(skip[k + 1] / 2). In round i every rank sends one
 * piece to the rank skip[i mod q] above it and receives one from the rank skip[i mod q] below. All ranks
 * have all n pieces after n - 1 + q rounds. No schedule in which a rank sends and receives one piece per
 * round is faster. Each rank computes the pieces it receives on its own, in about q^2 steps. Ranks count
 * from the root.
 */
#ifndef TRI_COLLECTIVES_CIRCULANT_H
#define TRI_COLLECTIVES_CIRCULANT_H

#include "collectives/cost/descriptor.h"

enum { TRI_CIRCULANT_ROUNDS = 32 }; /* maximum of q */

typedef struct tri_circulant {
    int size, pieces;
    int q, skip[TRI_CIRCULANT_ROUNDS + 2];
    int idle; /* virtual initial rounds, so that the last round ends a phase of q rounds */
    /* The piece that this rank receives in round k of a phase, and the schedule of the rank skip[k] above
     * it, without the offset of the phase. */
    int mine[TRI_CIRCULANT_ROUNDS], theirs[TRI_CIRCULANT_ROUNDS][TRI_CIRCULANT_ROUNDS];
    int rank;
} tri_circulant;

/* `rank` counts from the root; size >= 2, pieces >= 1. */
void tri_circulant_plan(tri_circulant *plan, int size, int rank, int pieces);
/* The rounds to run are plan->idle to tri_circulant_end() - 1. */
int tri_circulant_end(const tri_circulant *plan);
/* The piece received or sent in a round, and the peer; -1: none. */
int tri_circulant_recv(const tri_circulant *plan, int round, int *from);
int tri_circulant_send(const tri_circulant *plan, int round, int *to);

/* Cost with a given number of pieces, and the best number of pieces. */
tri_cost tri_circulant_cost(const tri_subcase *c, int pieces, const tri_network *net);
tri_parameters tri_circulant_tune(const tri_subcase *c, const tri_network *net);

#endif
