/* The exchange beside what the network between two halves of the ranks can do. */
#ifndef TRIREME_APPS_ALLTOALL_BANDWIDTH_H
#define TRIREME_APPS_ALLTOALL_BANDWIDTH_H

#include "apps/driver/app.h"

/* 1 where the two ranks are in different halves of the ranks, which are numbered node by node: halves of the machine. */
int bandwidth_crosses(const tri_comm *comm, int a, int b);

/* Reports the rate of an exchange that took this rank `seconds` and brought `crossed` of its bytes to the other half, beside what
 * messages of 4 MiB between the halves reach, as apps/p2p measures it. Collective, two ranks or more. */
tri_status bandwidth_report(tri_run *run, double crossed, double seconds);

#endif
