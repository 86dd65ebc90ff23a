/* Messages between two ranks, by us and by the MPI library. */
#ifndef TRIREME_APPS_BENCH_P2P_H
#define TRIREME_APPS_BENCH_P2P_H

#include "apps/driver/app.h"

/* Two ranks, as one of them sees it. The buffers hold `bytes`, at most INT_MAX. */
typedef struct bench_pair {
    tri_comm *comm;
    int peer;
    char *out, *in;
    size_t bytes;
} bench_pair;

/* By the MPI library (mpi.c). The lower rank sends `out`, the higher one sends it back; both receive into
 * `in`. */
tri_status bench_round_trip_mpi(const bench_pair *pair);
/* Both send at once. */
tri_status bench_exchange_mpi(const bench_pair *pair);

#endif
