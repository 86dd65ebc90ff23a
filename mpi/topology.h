/* The neighbours that a topology of MPI's gives to this rank. Only for mpi/ and collectives/. */
#ifndef TRI_MPI_TOPOLOGY_H
#define TRI_MPI_TOPOLOGY_H

#include "trireme/comm.h"

/* How many there are. *directed: in a Cartesian grid, where neighbours 2 d and 2 d + 1 are below and above in
 * dimension d. TRI_ERR_ARGUMENT: no topology, or not the ranks of `comm` in their order. Local. */
tri_status tri_topology_count(MPI_Comm topology, const tri_comm *comm, int *sources, int *destinations,
                              int *directed);
/* Which they are. Local. */
tri_status tri_topology_read(MPI_Comm topology, int sources, int *source, int destinations, int *destination);

#endif
