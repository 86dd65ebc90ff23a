/* Threads that sleep in a line, first come, first served, under a mutex. Whoever wakes a thread has done for
 * it what it waits for: it need not look again, and nobody overtakes it. */
#ifndef TRIREME_THREADS_LINE_H
#define TRIREME_THREADS_LINE_H

#include "threads/mutex.h"

/* How a sleeper ends. Others than TRI_LATE are the waker's word. */
enum { TRI_LATE, TRI_SERVED, TRI_SENT_AWAY };

/* On the stack of the thread that sleeps. */
typedef struct tri_sleeper {
    struct tri_sleeper *next;
    tri_word how;
    void *item;   /* what the waker gives or takes */
    int priority; /* of an item to take */
} tri_sleeper;

/* Zero is an empty one. */
typedef struct tri_line {
    tri_sleeper *first, *last;
} tri_line;

/* The caller holds the mutex; after the return it does not. The caller has set item and priority. */
int tri_line_sleep(tri_line *line, tri_sleeper *self, tri_mutex *mutex, double deadline);

/* The caller holds the mutex. Returns 0 if nobody sleeps. */
int tri_line_wake(tri_line *line, tri_word how);
void tri_line_wake_all(tri_line *line, tri_word how);
/* Wakes this one. Returns 0 if it is not in the line. */
int tri_line_wake_this(tri_line *line, tri_sleeper *sleeper, tri_word how);

#endif
