/** @file
 * Threads that wait for each other: locks, semaphores, events, barriers, and the threads themselves.
 *
 * A function that may block takes a deadline: a moment of tri_deadline(), TRI_FOREVER, or TRI_AT_ONCE. After
 * it the function returns TRI_TIMED_OUT and has changed nothing:
 *
 *     double deadline = tri_deadline(0.5);
 *     if (tri_semaphore_wait(free_slots, deadline) == TRI_TIMED_OUT) ...
 *
 * A thread that blocks sleeps and uses no core. Locks, semaphores, conditions and readers-writer locks order
 * memory as their names suggest: who enters sees what the one before wrote until it left. All are for threads
 * of one process, and none is for signal handlers. Objects are freed when no thread uses or waits for them,
 * and destroying accepts NULL and a pointer to NULL. All functions are local. doc/threads.md has a table of
 * who may block, and of what is fair.
 */
#ifndef TRIREME_SYNC_H
#define TRIREME_SYNC_H

#include <math.h>
#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The deadline that never comes. */
#define TRI_FOREVER ((double)HUGE_VAL)
/** The deadline that has passed: the call does not block. */
#define TRI_AT_ONCE 0.0

/** The moment `seconds` from now, on a clock that nobody sets. */
TRI_API double tri_deadline(double seconds);

/** @name Lock
 * Mutual exclusion. Recursive: its holder may take it again and releases it as often. A thread that arrives
 * may overtake one that is being woken, so a lock is quick, and fair on average only.
 * @{ */

/** A lock. Opaque. */
typedef struct tri_lock tri_lock;

/** Makes a free lock. The caller frees *out with tri_lock_destroy(). TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_lock_create(tri_lock **out);

/** Frees a lock that no thread holds, and sets *lock to NULL. */
TRI_API void tri_lock_destroy(tri_lock **lock);

/** Takes the lock. May block. TRI_TIMED_OUT; with TRI_FOREVER always TRI_OK. */
TRI_API tri_status tri_lock_take(tri_lock *lock, double deadline);

/** Releases the lock once. TRI_ERR_ARGUMENT: the calling thread does not hold it. */
TRI_API tri_status tri_lock_release(tri_lock *lock);
/** @} */

/** @name Condition
 * Sleep under a lock until another thread says that something has changed. First come, first woken; no
 * wake-up without a signal.
 * @{ */

/** A condition. Opaque. */
typedef struct tri_condition tri_condition;

/** Makes a condition for `lock`, which must outlive it. The caller frees *out with tri_condition_destroy().
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_condition_create(tri_lock *lock, tri_condition **out);

/** Frees the condition and sets *condition to NULL. */
TRI_API void tri_condition_destroy(tri_condition **condition);

/** Releases the lock wholly, sleeps until a signal, and takes the lock again as often as it was held. Another
 * thread may have had the lock between signal and return, so what was waited for is looked at again. Blocks.
 * TRI_TIMED_OUT: the lock is held again, which may take longer than the deadline. TRI_ERR_ARGUMENT: the
 * calling thread does not hold the lock. */
TRI_API tri_status tri_condition_wait(tri_condition *condition, double deadline);

/** Wakes the thread that has waited longest, if any. TRI_ERR_ARGUMENT: the calling thread does not hold the
 * lock. */
TRI_API tri_status tri_condition_signal(tri_condition *condition);

/** Wakes all threads that wait. TRI_ERR_ARGUMENT: the calling thread does not hold the lock. */
TRI_API tri_status tri_condition_broadcast(tri_condition *condition);
/** @} */

/** @name Semaphore
 * A number of things that threads take and give. First come, first served: a waiting thread cannot be
 * overtaken.
 * @{ */

/** A counting semaphore. Opaque. */
typedef struct tri_semaphore tri_semaphore;

/** Makes a semaphore with `count` things. The caller frees *out with tri_semaphore_destroy().
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_semaphore_create(size_t count, tri_semaphore **out);

/** Frees the semaphore and sets *semaphore to NULL. */
TRI_API void tri_semaphore_destroy(tri_semaphore **semaphore);

/** Takes one. May block. TRI_TIMED_OUT; with TRI_FOREVER always TRI_OK. */
TRI_API tri_status tri_semaphore_wait(tri_semaphore *semaphore, double deadline);

/** Gives `count`; any thread may. What the caller wrote before, those who take them see. */
TRI_API void tri_semaphore_post(tri_semaphore *semaphore, size_t count);
/** @} */

/** @name Readers-writer lock
 * Any number of readers, or one writer. Nobody starves: a reader that arrives while a writer waits lets it
 * go first, and when a writer leaves, all readers that wait enter (phase-fair: Brandenburg, Anderson,
 * "Spin-based reader-writer synchronization for multiprocessor real-time systems", 2010). So a reader waits
 * for one writer at most, and a writer for the writers before it and one group of readers before each. Not
 * recursive: a reader that reads again waits for ever if a writer came between.
 * @{ */

/** A readers-writer lock. Opaque. */
typedef struct tri_rwlock tri_rwlock;

/** Makes a free lock. The caller frees *out with tri_rwlock_destroy(). TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_rwlock_create(tri_rwlock **out);

/** Frees a lock that no thread holds, and sets *lock to NULL. */
TRI_API void tri_rwlock_destroy(tri_rwlock **lock);

/** Enters as a reader. May block. TRI_TIMED_OUT; with TRI_FOREVER always TRI_OK. */
TRI_API tri_status tri_rwlock_read(tri_rwlock *lock, double deadline);

/** Enters as the writer. May block. TRI_TIMED_OUT; with TRI_FOREVER always TRI_OK. */
TRI_API tri_status tri_rwlock_write(tri_rwlock *lock, double deadline);

/** Leaves; by the thread that entered, or another. TRI_ERR_ARGUMENT: nobody is inside. */
TRI_API tri_status tri_rwlock_leave(tri_rwlock *lock);
/** @} */

/** @name Event
 * Something that has happened or not.
 * @{ */

/** An event. Opaque. */
typedef struct tri_event tri_event;

/** Makes an event that has not happened. The caller frees *out with tri_event_destroy(). TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_event_create(tri_event **out);

/** Frees the event and sets *event to NULL. */
TRI_API void tri_event_destroy(tri_event **event);

/** It has happened: all threads that wait return, even if tri_event_reset() follows at once. They see what
 * the caller wrote before. Does not block. */
TRI_API void tri_event_set(tri_event *event);

/** It has not happened. Does not block. */
TRI_API void tri_event_reset(tri_event *event);

/** Returns when it has happened. May block. TRI_TIMED_OUT; with TRI_FOREVER always TRI_OK. */
TRI_API tri_status tri_event_wait(tri_event *event, double deadline);
/** @} */

/** @name Barrier
 * A meeting of a fixed number of threads, again and again. tri_team_barrier() is one for the threads of a
 * team.
 * @{ */

/** A barrier of threads. Opaque. */
typedef struct tri_thread_barrier tri_thread_barrier;

/** Makes a barrier of `threads` threads. The caller frees *out with tri_thread_barrier_destroy().
 * TRI_ERR_ARGUMENT: threads < 1. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_thread_barrier_create(int threads, tri_thread_barrier **out);

/** Frees the barrier and sets *barrier to NULL. */
TRI_API void tri_thread_barrier_destroy(tri_thread_barrier **barrier);

/** Returns when `threads` threads have called it; each sees what the others wrote before. Returns 1 to the
 * thread that came last and 0 to the others. Blocks. */
TRI_API int tri_thread_barrier_wait(tri_thread_barrier *barrier);
/** @} */

/** @name Thread
 * @{ */

/** A thread. Opaque. */
typedef struct tri_thread tri_thread;

/** The room for the name of a thread. */
enum {
    TRI_THREAD_NAME = 16 /**< in bytes, the final 0 included: what Linux keeps */
};

/** Starts run(argument) on a new thread. Debuggers, `top -H` and /proc show the first 15 bytes of `name`,
 * which is copied. The thread takes no signals except faults and profiling, so handlers run on the program's
 * other threads; it inherits the caller's binding to cpus. The caller ends it with tri_thread_join().
 * TRI_ERR_MEMORY, TRI_ERR_SYSTEM: no memory, or no more threads allowed. */
TRI_API TRI_MUST_CHECK tri_status tri_thread_create(const char *name, void (*run)(void *argument),
                                                    void *argument, tri_thread **out);

/** Returns when the thread's function has returned, frees it and sets *thread to NULL. The caller sees what
 * the thread wrote. Blocks. */
TRI_API void tri_thread_join(tri_thread **thread);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
