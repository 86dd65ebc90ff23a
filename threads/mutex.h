/* A lock of one word (Drepper, "Futexes are tricky", 2011, mutex 3). Not recursive. A thread that arrives may
 * overtake one that is being woken. */
#ifndef TRIREME_THREADS_MUTEX_H
#define TRIREME_THREADS_MUTEX_H

#include "threads/word.h"

enum { TRI_MUTEX_FREE, TRI_MUTEX_HELD, TRI_MUTEX_AWAITED /* held, and a thread may sleep */ };

/* Zero is a free one. */
typedef struct tri_mutex {
    tri_word state;
} tri_mutex;

/* Returns 0 if the deadline passes. */
static inline int tri_mutex_lock_until(tri_mutex *mutex, double deadline) {
    tri_word seen = TRI_MUTEX_FREE;
    if (tri_replace(&mutex->state, &seen, TRI_MUTEX_HELD, TRI_ACQUIRE)) return 1;
    while (tri_exchange(&mutex->state, TRI_MUTEX_AWAITED, TRI_ACQUIRE) != TRI_MUTEX_FREE)
        if (!tri_word_sleep(&mutex->state, TRI_MUTEX_AWAITED, deadline)) return 0;
    return 1;
}

static inline void tri_mutex_unlock(tri_mutex *mutex) {
    if (tri_exchange(&mutex->state, TRI_MUTEX_FREE, TRI_RELEASE) == TRI_MUTEX_AWAITED)
        tri_word_wake_one(&mutex->state);
}

static inline void tri_mutex_lock(tri_mutex *mutex) {
    (void)tri_mutex_lock_until(mutex, __builtin_inf());
}

#endif
