/* A grid of points in one to three dimensions, shared out among a grid of ranks: which block each rank owns, which ranks
 * are its neighbours, and the exchange of the faces between them.
 *
 * The ranks of a node own a compact block of blocks, so that as few points as can be lie on faces between nodes. (The
 * `reorder` of MPI_Cart_create leaves the ranks as they are: open-mpi/ompi issue 7531.) Ranks are not renumbered: the
 * communicator stays what it is, and the grid says where in it a rank sits. */
#ifndef TRIREME_GRID_H
#define TRIREME_GRID_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { TRI_GRID_DIMS = 3 };

typedef struct tri_grid tri_grid;

/* Entries of dimensions that the grid does not have are as if it had one point and one rank there. */
typedef struct tri_grid_info {
    int dims;
    size_t points[TRI_GRID_DIMS]; /* of the whole grid */
    int ranks[TRI_GRID_DIMS];     /* in each dimension; their product is the size of the communicator */
    int at[TRI_GRID_DIMS];        /* where this rank sits among them */
    /* The points of this rank, [start, start + count) in each dimension. More ranks than points leave some ranks without:
     * then all counts are 0. */
    size_t start[TRI_GRID_DIMS], count[TRI_GRID_DIMS];
    /* The ranks that own the points before (0) and behind (1) in each dimension; MPI_PROC_NULL where there are none, or
     * this rank has no points. */
    int peer[TRI_GRID_DIMS][2];
    /* Points that one exchange of all faces sends from node to node and from rank to rank; and the former if the ranks sat
     * in the order of their numbers, in the grid that MPI_Dims_create proposes (or the one that was asked for). */
    size_t between_nodes, between_ranks, between_nodes_unplaced;
} tri_grid_info;

/* Shares out points[0] x ... x points[dims - 1]. ranks: how many ranks in each dimension, 0 where the grid may choose;
 * NULL: it may choose everywhere. Of the grids that leave no rank without points, where there is one, that with the
 * fewest points on faces between nodes is taken, then that with the fewest between ranks, then that with the smallest
 * largest block, then that which cuts the first dimension most. Collective, with the same arguments on all ranks.
 * TRI_ERR_ARGUMENT: the ranks asked for cannot be the ranks there are; dims or points are 0. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_grid_create(tri_comm *comm, int dims, const size_t points[],
                                                  const int ranks[], tri_grid **out);
/* Collective. NULL and a pointer to NULL do nothing. */
TRI_API void tri_grid_destroy(tri_grid **grid);

/* Belongs to the grid. */
TRI_API const tri_grid_info *tri_grid_describe(const tri_grid *grid);

/* The exchange of faces. A field is an array of this rank's points with one layer more on every side, count + 2 in each
 * dimension that the grid has, in row-major order; a rank without points has none. The own outermost points go to the
 * neighbours, and theirs into the layer around: its faces, not its edges and corners. The layer at the border of the
 * whole grid is left as it is. */
typedef struct tri_halo tri_halo;

/* For fields of elements of `type`, which is borrowed until the halo is destroyed. Both of them borrow the grid and its
 * communicator. Not collective. TRI_ERR_MPI, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_halo_create(const tri_grid *grid, MPI_Datatype type, tri_halo **out);
TRI_API void tri_halo_destroy(tri_halo **halo);

/* Begins the exchange; the field's own points may be read meanwhile, but neither they nor the layer around may be
 * written. TRI_ERR_MPI: messages may be in flight. */
TRI_API TRI_MUST_CHECK tri_status tri_halo_start(tri_halo *halo, void *field);
/* Returns when the layer is there and the own points may be written. */
TRI_API TRI_MUST_CHECK tri_status tri_halo_finish(tri_halo *halo);

#ifdef __cplusplus
}
#endif
#endif
