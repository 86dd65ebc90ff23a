/** @file
 * Results that are not there yet, and an executor: tasks on the threads of a team.
 *
 * A promise is the side that produces a result, a future the side that waits for it. An executor makes both
 * for a task:
 *
 *     TRI_TRY(tri_executor_create(team, &executor));
 *     TRI_TRY(tri_executor_submit(executor, solve, &piece[0], &future));
 *     ...
 *     TRI_TRY(tri_executor_wait(executor, future, TRI_FOREVER, &value));
 *     tri_future_destroy(&future);
 *     tri_executor_destroy(&executor);
 *
 * A result is a status, with its text, and a pointer; who owns what the pointer names is between the
 * program's two sides. A result never changes once it is there, and who learns of it sees what its producer
 * wrote before. Any thread may call any of these functions, except where it says otherwise. Deadlines are
 * those of trireme/sync.h. Destroying accepts NULL and a pointer to NULL. All functions are local.
 */
#ifndef TRIREME_FUTURE_H
#define TRIREME_FUTURE_H

#include <stddef.h>

#include "trireme/status.h"
#include "trireme/sync.h"
#include "trireme/team.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The side that waits. Opaque. */
typedef struct tri_future tri_future;
/** The side that produces. Opaque. */
typedef struct tri_promise tri_promise;
/** Tasks on the threads of a team. Opaque. */
typedef struct tri_executor tri_executor;

/** @name Promise
 * @{ */

/** Makes a promise and its future. The caller ends *promise with tri_promise_fulfil(), tri_promise_fail() or
 * tri_promise_destroy(), and frees *future with tri_future_destroy(). TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_promise_create(tri_promise **promise, tri_future **future);

/** Says that the work begins: from now on tri_future_cancel() is a wish, and the promise decides. Returns 0
 * if the future has been cancelled before. */
TRI_API int tri_promise_begin(tri_promise *promise);

/** Whether somebody wants no result any more: work that takes long asks and returns TRI_CANCELLED. */
TRI_API int tri_promise_cancelled(const tri_promise *promise);

/** Gives the result TRI_OK and `value`, frees the promise and sets *promise to NULL. TRI_CANCELLED: the
 * future had been cancelled before the work began, and `value` is not delivered. */
TRI_API tri_status tri_promise_fulfil(tri_promise **promise, void *value);

/** Gives the result `status`, not TRI_OK, with the text `text`, which is copied; frees the promise and sets
 * *promise to NULL. */
TRI_API void tri_promise_fail(tri_promise **promise, tri_status status, const char *text);

/** Gives the promise up: the result is TRI_CANCELLED. Sets *promise to NULL. */
TRI_API void tri_promise_destroy(tri_promise **promise);
/** @} */

/** @name Future
 * @{ */

/** Frees this handle and sets *future to NULL. The work goes on. */
TRI_API void tri_future_destroy(tri_future **future);

/** Whether the result is there. */
TRI_API int tri_future_done(tri_future *future);

/** Returns the result when it is there: its status, which tri_error_text() explains, and with TRI_OK its
 * value; `value` may be NULL. Any number of threads may wait. Blocks; a task of an executor calls
 * tri_executor_wait() instead. TRI_TIMED_OUT: it is not there by the deadline, or is itself TRI_TIMED_OUT
 * (tri_future_done() tells). */
TRI_API tri_status tri_future_wait(tri_future *future, double deadline, void **value);

/** Asks for no result. If the work has not begun, it never does, and the result is TRI_CANCELLED at once;
 * otherwise tri_promise_cancelled() tells the work. */
TRI_API void tri_future_cancel(tri_future *future);

/** Makes a future of `count` (>= 0) others that is done when all are; its value is NULL. If some failed, its
 * status and text are those of the first of them in the array. The caller frees *out. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_future_all(tri_future *const *futures, size_t count, tri_future **out);

/** Makes a future of `count` (>= 1) others that is done when one is, failed or not; its value is that handle
 * among `futures`, which the caller keeps. The caller frees *out. TRI_ERR_ARGUMENT: count is 0.
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_future_any(tri_future *const *futures, size_t count, tri_future **out);
/** @} */

/** @name Executor
 * Tasks start in the order of their submission; they run on the other threads of the team, and on every
 * thread inside tri_executor_wait(). With a team of one they run there only.
 * @{ */

/** A task. Returns its status, sets *value on success, and has called tri_fail() otherwise. `self` is for
 * tri_promise_cancelled(). A task may submit others. */
typedef tri_status (*tri_task)(void *argument, const tri_promise *self, void **value);

/** A task that follows `before`, whose result is there: tri_future_wait() returns it at once. */
typedef tri_status (*tri_next_task)(void *argument, tri_future *before, const tri_promise *self,
                                    void **value);

/** Makes an executor. The thread that created the team calls it; the team must be idle, outlive the executor,
 * and does nothing else meanwhile. The caller frees *out with tri_executor_destroy(). TRI_ERR_MEMORY,
 * TRI_ERR_ARGUMENT: the team is not idle. */
TRI_API TRI_MUST_CHECK tri_status tri_executor_create(tri_team *team, tri_executor **out);

/** Runs all tasks that are left, the caller too, and sets *executor to NULL. The thread that created the
 * team; no other may use the executor any more, except tasks. Blocks until all tasks have ended. */
TRI_API void tri_executor_destroy(tri_executor **executor);

/** Submits task(argument). The caller frees *out with tri_future_destroy(). `out` may be NULL.
 * Does not block. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_executor_submit(tri_executor *executor, tri_task task, void *argument,
                                                      tri_future **out);

/** Submits next(argument, before), to run when the result of `before` is there, whatever it is. The executor
 * must not be destroyed before that. The caller frees *out with tri_future_destroy(); `out` may be NULL.
 * Does not block. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_executor_then(tri_executor *executor, tri_future *before,
                                                    tri_next_task next, void *argument, tri_future **out);

/** tri_future_wait() that runs tasks of the executor meanwhile, so that tasks may wait for tasks. A task that
 * has begun is finished even if the deadline passes. */
TRI_API tri_status tri_executor_wait(tri_executor *executor, tri_future *future, double deadline,
                                     void **value);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
