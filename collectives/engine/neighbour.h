/* Neighbourhoods. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_NEIGHBOUR_H
#define TRI_COLLECTIVES_ENGINE_NEIGHBOUR_H

#include "collectives/engine/verbs.h"
#include "mpi/comm.h"
#include "trireme/neighbour.h"

/* A grid of ranks with the same offsets on all of them. Offset i is offsets[i * dims] and the next ones. */
typedef struct tri_stencil {
    int dims, count;
    int *ranks, *periodic, *at; /* of each dimension; `at`: this rank's coordinates */
    int *offsets;
    /* first[k * count + i]: the first offset that equals offset i in dimensions 0 to k - 1; k = 0 to dims. */
    int *first;
} tri_stencil;

/* What the last calls with equal blocks found: combining takes a while to think about. */
typedef struct tri_neighbours_choice {
    tri_neighbours_way asked, way; /* way 0: nothing yet */
    size_t block, scratch;         /* scratch in units */
} tri_neighbours_choice;

struct tri_neighbours {
    tri_comm *comm;
    int sources, destinations;
    int *source, *destination; /* ranks of `comm`, or MPI_PROC_NULL */
    int *order;                /* of the sources: blocks of one rank as it sends them */
    int incomplete;            /* a source is MPI_PROC_NULL */
    tri_stencil *stencil;      /* NULL: none */
    tri_neighbours_way way, last;
    tri_neighbours_choice known[2]; /* of alltoall and allgather */
    void *scratch;                  /* of blocking calls */
    size_t scratch_bytes;
};

/* The rank at an offset from this one, in one or all dimensions, times `sign`; MPI_PROC_NULL: none. */
int tri_stencil_rank(const tri_stencil *s, int i, int sign);
int tri_stencil_shift(const tri_stencil *s, int dim, int by);

/* For calls whose blocks all have the same number of units. `same`: all destinations get the same block.
 * Chooses the way, the same on all ranks. */
const tri_neighbours_choice *tri_neighbours_choose(tri_neighbours *n, size_t block, int same);
/* Exchanges the blocks dimension by dimension. */
tri_status tri_neighbours_exchange_combined(tri_context *c, const tri_neighbours *n, const tri_call *call,
                                            int same);

#endif
