/* Nonblocking reductions that MPI does itself. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_DELEGATE_H
#define TRI_COLLECTIVES_ENGINE_DELEGATE_H

#include "collectives/engine/arguments.h"

/* Whether the call is a reduction by an operation of the program. MPI allows the program to free the
 * operation while the call is pending, and only MPI's own calls can keep it: an operation cannot be
 * duplicated, and its function cannot be asked for. Not delegated are counts that exceed MPI's int, and
 * packed units, because MPICH writes into the gaps of types, and beyond them. */
int tri_is_delegated(const tri_arguments *a);

/* Starts it. `counts`: room for the counts of reduce_scatter, used until the request is complete. */
tri_status tri_delegate(const tri_arguments *a, int ranks, MPI_Comm mpi, int *counts, MPI_Request *out);

#endif
