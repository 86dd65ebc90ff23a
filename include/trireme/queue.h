/** @file
 * Queues between threads: of any order and bound, for one consumer, and for stealing.
 *
 * | | producers | consumers | blocks | order |
 * |---|---|---|---|---|
 * | tri_queue | any | any | where it is full or empty | first, last or most urgent first |
 * | tri_mailbox | any | one | its consumer, where it is empty | first come, first served |
 * | tri_deque | its owner | its owner and any | never | owner: last in, first out; thieves: the oldest |
 *
 * A queue passes pointers and owns nothing behind them. What a thread wrote before it put an item, the thread
 * that gets it sees. Deadlines are those of trireme/sync.h. Queues are destroyed when no thread uses them;
 * destroying accepts NULL and a pointer to NULL, and drops the items that are left. All functions are local.
 */
#ifndef TRIREME_QUEUE_H
#define TRIREME_QUEUE_H

#include <stddef.h>

#include "trireme/status.h"
#include "trireme/sync.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @name Queue
 * One lock. First come, first served on both sides: a thread that waits cannot be overtaken.
 * @{ */

/** Which item is next. */
typedef enum tri_queue_order {
    TRI_QUEUE_FIFO = 0,    /**< the oldest */
    TRI_QUEUE_LIFO = 1,    /**< the newest */
    TRI_QUEUE_PRIORITY = 2 /**< that of the highest priority, the oldest of these */
} tri_queue_order;

/** A queue. Opaque. */
typedef struct tri_queue tri_queue;

/** Makes an empty queue of at most `bound` items; 0: unbounded. The caller frees *out with
 * tri_queue_destroy(). TRI_ERR_ARGUMENT: no such order. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_queue_create(tri_queue_order order, size_t bound, tri_queue **out);

/** Frees the queue and sets *queue to NULL. */
TRI_API void tri_queue_destroy(tri_queue **queue);

/** Puts an item, which may be NULL, into the queue, with priority 0. Blocks while the queue is full.
 * TRI_TIMED_OUT, TRI_CLOSED (it is closed, or was while the thread waited) and TRI_ERR_MEMORY: the item is
 * not in the queue. */
TRI_API TRI_MUST_CHECK tri_status tri_queue_put(tri_queue *queue, void *item, double deadline);

/** The same with a priority; a higher one is more urgent. Other orders than TRI_QUEUE_PRIORITY ignore it. */
TRI_API TRI_MUST_CHECK tri_status tri_queue_put_priority(tri_queue *queue, void *item, int priority,
                                                         double deadline);

/** Takes the next item. Blocks while the queue is empty and open. TRI_TIMED_OUT. TRI_CLOSED: the queue is
 * closed and all items have been taken. */
TRI_API TRI_MUST_CHECK tri_status tri_queue_get(tri_queue *queue, double deadline, void **item);

/** Closes the queue: nothing is put from now on, what is in it can be taken, and all threads that wait
 * return. */
TRI_API void tri_queue_close(tri_queue *queue);

/** Number of items at some moment during the call. */
TRI_API size_t tri_queue_length(tri_queue *queue);
/** @} */

/** @name Mailbox
 * Lock-free: a producer takes a fixed number of steps, whatever the other threads do, and makes a system
 * call only if the consumer sleeps (Vyukov, "Intrusive MPSC node-based queue", 2010).
 * @{ */

/** The head of a message, as a member of the program's struct. It belongs to the mailbox from
 * tri_mailbox_put() until tri_mailbox_get() returns it. */
typedef struct tri_mail {
    struct tri_mail *next; /**< the mailbox's */
} tri_mail;

/** A mailbox. Opaque. */
typedef struct tri_mailbox tri_mailbox;

/** Makes an empty mailbox. The caller frees *out with tri_mailbox_destroy(). TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_mailbox_create(tri_mailbox **out);

/** Frees the mailbox and sets *box to NULL; messages that are left are the program's. */
TRI_API void tri_mailbox_destroy(tri_mailbox **box);

/** Puts a message into the mailbox. Any thread; never blocks. */
TRI_API void tri_mailbox_put(tri_mailbox *box, tri_mail *mail);

/** Takes the oldest message. One thread at a time, the consumer; it sleeps while the mailbox is empty. A
 * producer that was interrupted within tri_mailbox_put() delays the messages that were put after its own.
 * TRI_TIMED_OUT. */
TRI_API TRI_MUST_CHECK tri_status tri_mailbox_get(tri_mailbox *box, double deadline, tri_mail **mail);
/** @} */

/** @name Deque
 * Work stealing, lock-free (Chase, Lev, "Dynamic Circular Work-Stealing Deque", 2005, in the memory orders of
 * Le, Pop, Cohen, Zappa Nardelli, "Correct and Efficient Work-Stealing for Weak Memory Models", 2013). Nobody
 * blocks; a thief that loses an item to another thread tries the next one.
 * @{ */

/** A work-stealing deque. Opaque. */
typedef struct tri_deque tri_deque;

/** Makes an empty deque, which grows as needed. The caller frees *out with tri_deque_destroy().
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_deque_create(tri_deque **out);

/** Frees the deque and sets *deque to NULL. */
TRI_API void tri_deque_destroy(tri_deque **deque);

/** Adds an item, not NULL, as the newest. The owner: one thread at a time. TRI_ERR_MEMORY, TRI_ERR_ARGUMENT:
 * NULL. */
TRI_API TRI_MUST_CHECK tri_status tri_deque_push(tri_deque *deque, void *item);

/** Takes the newest item. The owner. NULL: it is empty. */
TRI_API void *tri_deque_take(tri_deque *deque);

/** Takes the oldest item. Any thread. NULL: it was empty at some moment during the call. */
TRI_API void *tri_deque_steal(tri_deque *deque);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
