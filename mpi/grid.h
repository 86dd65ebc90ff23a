#ifndef TRIREME_MPI_GRID_H
#define TRIREME_MPI_GRID_H

#include "trireme/grid.h"

struct tri_grid {
    tri_comm *comm;
    MPI_Comm mpi; /* for faces alone: their tags meet no others */
    tri_grid_info info;
    int *rank_at; /* the rank at each place, places in row-major order */
};

/* What a way to lay out the ranks costs, the more important first. */
typedef struct tri_grid_cost {
    int idle; /* whether some rank has no points */
    size_t between_nodes, between_ranks, largest;
} tri_grid_cost;

/* The best ranks in each dimension, and the shape of the block of `together` ranks that belong to a node, by the rule of
 * trireme/grid.h. fixed: 0 where it may choose. Returns 0 where there is no such grid. */
int tri_grid_choose(const size_t points[], const int fixed[], int ranks, int together, int out_ranks[],
                    int out_block[]);

#endif
