#ifndef TRIREME_MPI_GRID_H
#define TRIREME_MPI_GRID_H

#include "trireme/grid.h"

struct tri_grid {
    tri_comm *comm;
    tri_comm *faces; /* the same ranks, only for faces, so that their tags are separate */
    tri_grid_info info;
    int *rank_at; /* rank at each grid position, in row-major order */
};

/* Cost of a layout, most important field first. */
typedef struct tri_grid_cost {
    int idle; /* whether a rank has no points */
    size_t between_nodes, between_ranks, largest;
} tri_grid_cost;

/* The best number of ranks per dimension, and the shape of the block of `together` ranks of one node, by
 * the rule in trireme/grid.h. fixed[d]: the required number of ranks; 0: free. Returns 0 if no grid fits. */
int tri_grid_choose(const size_t points[], const int fixed[], int ranks, int together, int out_ranks[],
                    int out_block[]);

#endif
