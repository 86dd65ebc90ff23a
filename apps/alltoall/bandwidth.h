/* Compares the exchange with the bandwidth between two halves of the ranks. */
#ifndef TRIREME_APPS_ALLTOALL_BANDWIDTH_H
#define TRIREME_APPS_ALLTOALL_BANDWIDTH_H

#include "apps/driver/app.h"

/* 1: the two ranks are in different halves, in the order of nodes. */
int bandwidth_crosses(const tri_comm *comm, int a, int b);

/* Reports the rate of an exchange that took `seconds` on this rank and sent `crossed` of its bytes to the
 * other half, and the bandwidth of 4 MiB messages between the halves, as in apps/p2p. Collective; at least
 * two ranks. */
tri_status bandwidth_report(tri_run *run, double crossed, double seconds);

#endif
