/** @file
 * A grid of points in one to three dimensions, distributed over a grid of ranks: the block that each rank
 * owns, its neighbours, and the exchange of faces with them.
 *
 * The ranks of a node own a compact block of blocks, so that few points lie on faces between nodes. (The
 * `reorder` of MPI_Cart_create leaves the ranks unchanged: open-mpi/ompi issue 7531.) Ranks are not
 * renumbered: the communicator is unchanged, and the grid states the coordinates of each rank.
 *
 * Threads: as for the communicator (trireme/comm.h).
 */
#ifndef TRIREME_GRID_H
#define TRIREME_GRID_H

#include <stddef.h>

#include "trireme/comm.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The size of arrays in tri_grid_info. */
enum {
    TRI_GRID_DIMS = 3 /**< largest number of dimensions */
};

/** A grid. Opaque. */
typedef struct tri_grid tri_grid;

/** A grid as one rank sees it. Missing dimensions have one point and one rank. */
typedef struct tri_grid_info {
    int dims;                     /**< number of dimensions */
    size_t points[TRI_GRID_DIMS]; /**< points of the whole grid */
    int ranks[TRI_GRID_DIMS];     /**< ranks in each dimension; their product is the number of ranks */
    int at[TRI_GRID_DIMS];        /**< coordinates of this rank */
    size_t start[TRI_GRID_DIMS];  /**< first point of this rank */
    size_t count[TRI_GRID_DIMS];  /**< points of this rank; all 0 where it has none */
    int peer[TRI_GRID_DIMS][2];   /**< neighbours below (0) and above (1); MPI_PROC_NULL: none */
    size_t between_nodes;         /**< points that one exchange of all faces sends between nodes */
    size_t between_ranks;         /**< points that it sends between ranks */
    /** between_nodes for ranks in the order of their numbers, in the grid of MPI_Dims_create (or the one
     * asked for) */
    size_t between_nodes_unplaced;
} tri_grid_info;

/** Distributes points[0] x ... x points[dims - 1]. ranks: the number of ranks in each dimension, 0 where the
 * grid chooses; NULL: it chooses everywhere. Among the grids that leave no rank without points, if there is
 * one, it takes the one with the fewest points on faces between nodes, then with the fewest between ranks,
 * then with the smallest largest block, then with the most ranks in the first dimension. The grid borrows the
 * communicator; the caller frees *out with tri_grid_destroy(). Collective, with the same arguments on all
 * ranks. TRI_ERR_ARGUMENT: `ranks` does not fit the number of ranks; dims or points are 0. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_grid_create(tri_comm *comm, int dims, const size_t points[],
                                                  const int ranks[], tri_grid **out);

/** Frees the grid and sets *grid to NULL. Collective. NULL and a pointer to NULL are allowed. */
TRI_API void tri_grid_destroy(tri_grid **grid);

/** The grid as this rank sees it. Belongs to the grid. Local. */
TRI_API const tri_grid_info *tri_grid_describe(const tri_grid *grid);

/** The exchange of faces. Opaque. A field is an array of this rank's points with one more layer on every
 * side, count + 2 in each dimension of the grid, in row-major order; a rank without points has none. The
 * outermost points of a rank are sent to its neighbours, and theirs are received into the layer: its faces,
 * not its edges and corners. The layer at the border of the whole grid is unchanged. */
typedef struct tri_halo tri_halo;

/** Makes an exchange for fields with elements of `type`. The type, the grid and its communicator are
 * borrowed; the caller frees *out with tri_halo_destroy(). Local. TRI_ERR_MPI, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_halo_create(const tri_grid *grid, MPI_Datatype type, tri_halo **out);

/** Frees the exchange and sets *halo to NULL. Local. NULL and a pointer to NULL are allowed. */
TRI_API void tri_halo_destroy(tri_halo **halo);

/** Starts an exchange with the neighbours. Until tri_halo_finish() this rank's points may be read but not
 * written, and the layer not accessed. Every rank with points calls it. TRI_ERR_MPI: messages may be in
 * flight. */
TRI_API TRI_MUST_CHECK tri_status tri_halo_start(tri_halo *halo, void *field);

/** Returns when the layer is complete and this rank's points may be written. TRI_ERR_MPI: messages may be in
 * flight. */
TRI_API TRI_MUST_CHECK tri_status tri_halo_finish(tri_halo *halo);

#ifdef __cplusplus
}
#endif
#endif
