/* What `bench neighbours` needs of the MPI library (mpi.c). */
#ifndef TRIREME_APPS_BENCH_NEIGHBOURS_H
#define TRIREME_APPS_BENCH_NEIGHBOURS_H

#include "trireme/neighbour.h"

enum { BENCH_NEIGHBOURS = 26 }; /* at most */

/* The ranks of a grid in each dimension. */
tri_status bench_graph_dims(tri_comm *comm, int dims, int *ranks);
/* A distributed graph with the same neighbours. */
tri_status bench_graph_make(tri_comm *comm, const tri_neighbours *neighbours, MPI_Comm *out);
tri_status bench_graph_alltoall(const double *send, double *recv, int count, MPI_Comm graph);
void bench_graph_free(MPI_Comm *graph);

#endif
