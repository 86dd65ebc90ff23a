/* Nonblocking reductions that MPI does itself. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_DELEGATE_H
#define TRI_COLLECTIVES_ENGINE_DELEGATE_H

#include "collectives/engine/arguments.h"

/* The communicator on which MPI does the call, a reduction by an operation of the program; MPI_COMM_NULL:
 * MPI does not do it. MPI allows the program to free the operation while the call is pending, and only MPI's
 * own calls can keep it: an operation cannot be duplicated, and its function cannot be asked for. Not
 * delegated are calls on a communicator that would have to make one of MPI's first, which waits for other
 * ranks; counts that exceed MPI's int; and packed units, because MPICH writes into the gaps of types, and
 * beyond them. */
MPI_Comm tri_delegate_of(const tri_comm *comm, const tri_arguments *a);

/* Starts it. `counts`: room for the counts of reduce_scatter, used until the request is complete. */
tri_status tri_delegate(const tri_arguments *a, int ranks, MPI_Comm mpi, int *counts, MPI_Request *out);

#endif
