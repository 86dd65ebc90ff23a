/* What `bench threads` measures: two threads and one kind of lock or queue. */
#ifndef TRIREME_APPS_BENCH_THREADS_H
#define TRIREME_APPS_BENCH_THREADS_H

#include <stdatomic.h>
#include <stddef.h>

#include "trireme/trireme.h"

/* The objects that the two threads share, those of each thread first. */
typedef struct bench_pass {
    tri_lock *lock;
    tri_condition *condition;
    tri_semaphore *semaphore[2];
    tri_rwlock *rwlock;
    tri_event *event[2];
    tri_thread_barrier *barrier;
    tri_queue *queue[3][2]; /* by order */
    tri_mailbox *box[2];
    tri_deque *deque[2];
    tri_mail *mails; /* `count` */
    size_t count;    /* operations of this trial */
    _Alignas(64) atomic_int turn;
    _Alignas(64) size_t counter;   /* under a lock */
    _Alignas(64) atomic_int wrong; /* an item was lost, or two threads were inside */
} bench_pass;

/* Both threads call it. */
typedef void (*bench_passing)(bench_pass *pass, int thread);

/* `hand_over`: `count` times the turn goes to the other thread and back. `stream`: as fast as it goes:
 * `count` times a lock is taken by either thread, or an item goes from thread 0 to thread 1; NULL: it would
 * measure the same. */
typedef struct bench_kind {
    const char *name;
    bench_passing hand_over, stream;
} bench_kind;

enum { BENCH_KINDS = 12 };
extern const bench_kind bench_kinds[BENCH_KINDS];

#endif
