/* Two threads pass a turn, or items, by each kind of lock and queue. */
#include <sched.h>

#include "apps/bench/threads.h"

static void check(bench_pass *p, int right) {
    if (!right) atomic_store(&p->wrong, 1);
}

static void check_status(bench_pass *p, tri_status status) {
    check(p, status == TRI_OK);
}

/* Threads that share a cpu would else wait for the end of a time slice. */
static void wait_a_little(int *polls) {
    if (++*polls % 100 == 0) sched_yield();
}

/* ---- locks: a thread enters when it is its turn, or again and again ---- */

#define LOCK_KIND(name, take, leave)                                                                         \
    static void name##_hand_over(bench_pass *p, int thread) {                                                \
        for (size_t i = 0; i < p->count; i++) {                                                              \
            int polls = 0;                                                                                   \
            while (atomic_load_explicit(&p->turn, memory_order_relaxed) != thread)                           \
                wait_a_little(&polls);                                                                       \
            take;                                                                                            \
            atomic_store_explicit(&p->turn, !thread, memory_order_relaxed);                                  \
            leave;                                                                                           \
        }                                                                                                    \
    }                                                                                                        \
    static void name##_stream(bench_pass *p, int thread) {                                                   \
        for (size_t i = (size_t)thread; i < p->count; i += 2) {                                              \
            take;                                                                                            \
            COUNT;                                                                                           \
            leave;                                                                                           \
        }                                                                                                    \
    }
#define COUNT p->counter++
LOCK_KIND(lock, tri_lock_take(p->lock, TRI_FOREVER), tri_lock_release(p->lock))
LOCK_KIND(write, tri_rwlock_write(p->rwlock, TRI_FOREVER), tri_rwlock_leave(p->rwlock))
LOCK_KIND(mutual, tri_semaphore_wait(p->semaphore[0], TRI_FOREVER), tri_semaphore_post(p->semaphore[0], 1))
#undef COUNT
#define COUNT check(p, 1) /* readers are inside together */
LOCK_KIND(read, tri_rwlock_read(p->rwlock, TRI_FOREVER), tri_rwlock_leave(p->rwlock))
#undef COUNT

/* ---- what one thread waits for and the other one says ---- */

static void condition_hand_over(bench_pass *p, int thread) {
    for (size_t i = 0; i < p->count; i++) {
        tri_lock_take(p->lock, TRI_FOREVER);
        while (atomic_load_explicit(&p->turn, memory_order_relaxed) != thread)
            tri_condition_wait(p->condition, TRI_FOREVER);
        atomic_store_explicit(&p->turn, !thread, memory_order_relaxed);
        tri_condition_signal(p->condition);
        tri_lock_release(p->lock);
    }
}

static void event_hand_over(bench_pass *p, int thread) {
    for (size_t i = 0; i < p->count; i++) {
        if (thread == 0) tri_event_set(p->event[1]);
        tri_event_wait(p->event[thread], TRI_FOREVER);
        tri_event_reset(p->event[thread]);
        if (thread == 1) tri_event_set(p->event[0]);
    }
}

static void barrier_hand_over(bench_pass *p, int thread) {
    (void)thread;
    for (size_t i = 0; i < 2 * p->count; i++)
        (void)tri_thread_barrier_wait(p->barrier);
}

/* ---- queues: an item to the other thread and back, or a stream from thread 0 ---- */

static void queue_put(bench_pass *p, tri_queue_order order, int to, size_t i) {
    check_status(p, tri_queue_put(p->queue[order][to], &p->mails[i], TRI_FOREVER));
}

static void *queue_get(bench_pass *p, tri_queue_order order, int me) {
    void *item = NULL;
    check_status(p, tri_queue_get(p->queue[order][me], TRI_FOREVER, &item));
    return item;
}

static void box_put(bench_pass *p, int to, size_t i) {
    tri_mailbox_put(p->box[to], &p->mails[i]);
}

static void *box_get(bench_pass *p, int me) {
    tri_mail *mail = NULL;
    check_status(p, tri_mailbox_get(p->box[me], TRI_FOREVER, &mail));
    return mail;
}

/* The other thread steals from the deque of this one. */
static void deque_put(bench_pass *p, int to, size_t i) {
    check_status(p, tri_deque_push(p->deque[!to], &p->mails[i]));
}

static void *deque_get(bench_pass *p, int me) {
    void *item;
    int polls = 0;
    while (!(item = tri_deque_steal(p->deque[!me])))
        wait_a_little(&polls);
    return item;
}

/* `in_order`: the items of a stream come as they were put. */
#define QUEUE_KIND(name, put, get, in_order)                                                                 \
    static void name##_hand_over(bench_pass *p, int thread) {                                                \
        int other = !thread;                                                                                 \
        for (size_t i = 0; i < p->count; i++) {                                                              \
            if (thread == 0) put;                                                                            \
            check(p, get == &p->mails[i]);                                                                   \
            if (thread == 1) put;                                                                            \
        }                                                                                                    \
    }                                                                                                        \
    static void name##_stream(bench_pass *p, int thread) {                                                   \
        int other = 1;                                                                                       \
        for (size_t i = 0; i < p->count; i++)                                                                \
            if (thread == 0)                                                                                 \
                put;                                                                                         \
            else                                                                                             \
                check(p, (get == &p->mails[i]) || !(in_order));                                              \
    }
QUEUE_KIND(fifo, queue_put(p, TRI_QUEUE_FIFO, other, i), queue_get(p, TRI_QUEUE_FIFO, thread), 1)
QUEUE_KIND(lifo, queue_put(p, TRI_QUEUE_LIFO, other, i), queue_get(p, TRI_QUEUE_LIFO, thread), 0)
QUEUE_KIND(priority, queue_put(p, TRI_QUEUE_PRIORITY, other, i), queue_get(p, TRI_QUEUE_PRIORITY, thread), 1)
QUEUE_KIND(box, box_put(p, other, i), box_get(p, thread), 1)
QUEUE_KIND(deque, deque_put(p, other, i), deque_get(p, thread), 1)

const bench_kind bench_kinds[BENCH_KINDS] = {
    {"lock", lock_hand_over, lock_stream},
    {"rwlock_read", read_hand_over, read_stream},
    {"rwlock_write", write_hand_over, write_stream},
    {"semaphore", mutual_hand_over, mutual_stream},
    {"condition", condition_hand_over, NULL},
    {"event", event_hand_over, NULL},
    {"barrier", barrier_hand_over, NULL},
    {"queue_fifo", fifo_hand_over, fifo_stream},
    {"queue_lifo", lifo_hand_over, lifo_stream},
    {"queue_priority", priority_hand_over, priority_stream},
    {"mailbox", box_hand_over, box_stream},
    {"deque", deque_hand_over, deque_stream},
};
