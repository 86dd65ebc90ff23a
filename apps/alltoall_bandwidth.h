/* The exchange beside what the network between two halves of the ranks can do. */
#ifndef TRIREME_APPS_ALLTOALL_BANDWIDTH_H
#define TRIREME_APPS_ALLTOALL_BANDWIDTH_H

#include "apps/app.h"

/* 1 where the two ranks are in different halves of the ranks, which are numbered node by node: halves of the machine. */
int bandwidth_crosses(const tri_comm *comm, int a, int b);

/* Bytes per second between the two halves, both ways together: as apps/p2p measures it, each rank of the lower half with one
 * of the upper half, by messages of 4 MiB. On all ranks. Collective, two ranks or more. */
tri_status bandwidth_bisection(tri_run *run, double *out_per_s);

#endif
