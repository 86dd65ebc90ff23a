/* The barrier of teams and of other threads. */
#ifndef TRIREME_THREADS_BARRIER_H
#define TRIREME_THREADS_BARRIER_H

#include "threads/phase.h"
#include "trireme/sync.h"

struct tri_thread_barrier {
    tri_phase met;
    _Alignas(TRI_CACHE_LINE) tri_word arrived;
    int threads, spins;
};

#endif
