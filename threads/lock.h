/* A recursive lock, for the condition that gives it up. */
#ifndef TRIREME_THREADS_LOCK_H
#define TRIREME_THREADS_LOCK_H

#include "threads/mutex.h"
#include "trireme/sync.h"

struct tri_lock {
    tri_mutex mutex;
    uintptr_t holder; /* tri_self(), or 0; a thread finds itself here only if it has written it */
    unsigned depth;   /* the holder's */
};

static inline int tri_lock_is_mine(tri_lock *lock) {
    return tri_load(&lock->holder, TRI_RELAXED) == tri_self();
}

#endif
