/* What futures.c and executor.c see of a future. */
#ifndef TRIREME_THREADS_FUTURE_H
#define TRIREME_THREADS_FUTURE_H

#include "trireme/future.h"

/* Called once when the result is there, by the thread that gave it. */
typedef struct tri_watch {
    struct tri_watch *next;
    void (*done)(struct tri_watch *self);
} tri_watch;

/* Calls watch->done() when the result is there, at once if it is. The watch may be freed in done(). */
void tri_future_watch(tri_future *future, tri_watch *watch);
/* Returns 0 if done() has been called or is about to be. */
int tri_future_unwatch(tri_future *future, tri_watch *watch);
/* Another handle of the same future. */
tri_future *tri_future_share(tri_future *future);

#endif
