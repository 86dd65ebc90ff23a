/** @file
 * A pool of tasks: functions of a program that run on the threads of many processes and survive the loss of
 * any of them but one.
 *
 * One process is the **manager**: it has the tasks and gives them out. **Workers** are other processes, and
 * threads of the manager's own. They talk over sockets, not over MPI, so a worker may die, and others may
 * join while the pool works. A task of a lost worker is given out again. So a task runs at least once, its
 * result counts exactly once, and a task must not mind to be done twice.
 *
 * tri_pool_run() does the rest of a main():
 *
 *     static tri_status square(tri_pool_task *task, const void *in, size_t bytes) {
 *         double x;
 *         memcpy(&x, in, bytes);
 *         x *= x;
 *         return tri_pool_return(task, &x, sizeof x);
 *     }
 *     static tri_status manage(tri_pool *pool, void *argument) {
 *         return tri_pool_map(pool, "square", 1000, x, sizeof *x, y, sizeof *y, 0, NULL);
 *     }
 *     int main(int argc, char **argv) {
 *         static const tri_pool_function functions[] = {{"square", square}, {NULL, NULL}};
 *         tri_pool_options options = {.functions = functions};
 *         return tri_pool_run(&argc, &argv, &options, manage, NULL);
 *     }
 *
 * Any thread of the manager's process may submit, wait and cancel. A thread that waits sleeps. doc/pool.md
 * has the details. Without libevent in the build every function that can fail returns TRI_ERR_ABSENT.
 */
#ifndef TRIREME_POOL_H
#define TRIREME_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/future.h"
#include "trireme/queue.h"
#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The manager's side. Opaque. */
typedef struct tri_pool tri_pool;
/** A submitted task, at the manager's side. Opaque. */
typedef struct tri_job tri_job;
/** A task that runs, at the worker's side. Opaque. */
typedef struct tri_pool_task tri_pool_task;

/** @name Functions
 * What tasks do. They run on threads of a worker, several at a time, and do not call MPI.
 * @{ */

/** Does a task with the `bytes` bytes of `in`, which are not aligned. A failure has called tri_fail(). */
typedef tri_status (*tri_pool_call)(tri_pool_task *task, const void *in, size_t bytes);

/** A function. The table of them is the same, in the same order, in all processes of a pool. */
typedef struct tri_pool_function {
    const char *name;  /**< NULL ends the table */
    tri_pool_call run; /**< what it does */
} tri_pool_function;

/** Where a task runs. */
typedef struct tri_pool_place {
    uint64_t task;     /**< number of the task, from 1 on */
    int attempt;       /**< from 1 on */
    int worker;        /**< number of the worker, from 0 on: the manager's own */
    int slot;          /**< number of the thread in the worker */
    int cores;         /**< cores that the task has asked for, at least 1 */
    int devices;       /**< number of devices that it has */
    const int *device; /**< their numbers on this worker */
    double deadline;   /**< of tri_deadline(): the end of its time limit, or TRI_FOREVER */
    double limit_s;    /**< its time limit; 0: none */
    const char *host;  /**< name of the host */
} tri_pool_place;

/** Where this task runs. Belongs to the task. */
TRI_API const tri_pool_place *tri_pool_where(const tri_pool_task *task);

/** Sets the result, which is copied. A later call replaces it. TRI_ERR_MEMORY. */
TRI_API tri_status tri_pool_return(tri_pool_task *task, const void *out, size_t bytes);

/** Sends bytes to the manager while the task runs; `kind` is the program's. It gets them in order, with
 * TRI_POOL_BYTES, before the result. May block while the connection is full. TRI_CANCELLED: the manager is
 * lost. */
TRI_API tri_status tri_pool_send(tri_pool_task *task, uint32_t kind, const void *bytes, size_t count);

/** Whether the task is cancelled or beyond its time limit: a long function asks, and returns
 * TRI_CANCELLED. */
TRI_API int tri_pool_cancelled(const tri_pool_task *task);
/** @} */

/** @name Manager and workers
 * @{ */

/** What has happened in the manager. */
typedef enum tri_pool_what {
    TRI_POOL_GIVEN = 0,  /**< an attempt was given to a worker */
    TRI_POOL_BYTES = 1,  /**< bytes of tri_pool_send() */
    TRI_POOL_LOST = 2,   /**< the attempt was lost with its worker; the task is given out again */
    TRI_POOL_FAILED = 3, /**< the attempt has failed; the task is given out again */
    TRI_POOL_ENDED = 4,  /**< the task has ended, with `result` */
    TRI_POOL_JOINED = 5, /**< a worker has joined */
    TRI_POOL_LEFT = 6,   /**< a worker has left or is lost; `text` says how */
    TRI_POOL_SHUN = 7    /**< a host gets no more tasks: everything fails there and not elsewhere */
} tri_pool_what;

/** The result of a task, or of an attempt. */
typedef struct tri_pool_result {
    tri_status status; /**< what the function returned; TRI_CANCELLED, TRI_TIMED_OUT; TRI_ERR_SYSTEM: lost */
    const char *error; /**< text of a failure, "" if there is none */
    const void *bytes; /**< result of the function, not aligned */
    size_t count;      /**< its length */
    const char *host;  /**< where it ran; "" if it never did */
    int worker;        /**< number of that worker; -1 */
    int attempts;      /**< number of attempts */
    double start_s;    /**< when the last one began, in seconds since 1970 */
    double seconds;    /**< how long it took */
} tri_pool_result;

/** An event. Everything in it is valid during the call. */
typedef struct tri_pool_event {
    tri_pool_what what;            /**< the kind */
    void *tag;                     /**< that of the task; NULL for events of workers */
    int attempt;                   /**< number of the attempt */
    int worker;                    /**< number of the worker */
    int workers;                   /**< number of workers now */
    const char *host;              /**< of the worker */
    const char *text;              /**< of TRI_POOL_LEFT */
    uint32_t kind;                 /**< of TRI_POOL_BYTES */
    const void *bytes;             /**< of TRI_POOL_BYTES */
    size_t count;                  /**< of TRI_POOL_BYTES */
    const tri_pool_result *result; /**< of LOST, FAILED and ENDED */
} tri_pool_event;

/** Called in the manager's thread for each event. It may submit and cancel; it does not wait. */
typedef void (*tri_pool_watch)(void *argument, const tri_pool_event *event);

/** How a process takes part. Zero is the default of each member. */
typedef struct tri_pool_options {
    const tri_pool_function *functions; /**< the table, which outlives the pool */
    int slots;                          /**< threads of this worker; 0: one per available core; -1: none */
    int devices;                        /**< devices of this worker, for tasks that need one */
    size_t memory_bytes;  /**< memory of this worker for tasks that need some; 0: what is free */
    int crash_limit;      /**< losses after which a task has failed; 0: 3 */
    int listens;          /**< manager: 1: other processes may join */
    double patience_s;    /**< how long a worker looks for its manager, and a task waits for a
                                           worker that is large enough; 0: 60 */
    tri_pool_watch watch; /**< manager: called for each event; NULL: not at all */
    void *argument;       /**< of watch */
    int expects;          /**< manager: workers that will join; the end of the pool gives those that have not
                                           yet 10 s for it, so that they get its status; 0: none */
} tri_pool_options;

/** Starts a manager in this process, with its own threads as worker 0. The caller frees *out with
 * tri_pool_destroy(). TRI_ERR_ARGUMENT, TRI_ERR_MEMORY, TRI_ERR_SYSTEM. */
TRI_API TRI_MUST_CHECK tri_status tri_pool_create(const tri_pool_options *options, tri_pool **out);

/** Ends the pool and sets *pool to NULL: tasks that have not ended are cancelled, and tri_pool_work() returns
 * `status` in the workers. Blocks until the tasks of this process have returned. */
TRI_API void tri_pool_destroy(tri_pool **pool, tri_status status);

/** One line with the addresses of the manager and its key: any process that has it may join, so it is a
 * secret. "" if the pool does not listen. Belongs to the pool. */
TRI_API const char *tri_pool_address(const tri_pool *pool);

/** Works for the manager at `address` until it ends. Returns the status of tri_pool_destroy().
 * TRI_ERR_ENVIRONMENT: no manager was found. TRI_ERR_SYSTEM: the manager was lost. If a function ignores
 * tri_pool_cancelled() then, its thread is left behind after 10 s. */
TRI_API tri_status tri_pool_work(const char *address, const tri_pool_options *options);

/** Ends this worker after the tasks that it has: a signal handler may call it. tri_pool_work() returns
 * TRI_OK. */
TRI_API void tri_pool_leave(void);

/** Writes the address to a file that its owner alone can read, for tri_pool_find(). TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_pool_publish(const tri_pool *pool, const char *path);

/** Reads such a file; waits for it until the deadline. `address` has room for TRI_POOL_ADDRESS bytes.
 * TRI_ERR_FILE, TRI_ERR_DATA: not of a pool, or others can read it. TRI_TIMED_OUT. */
TRI_API TRI_MUST_CHECK tri_status tri_pool_find(const char *path, double deadline, char *address);

enum {
    TRI_POOL_ADDRESS = 2048 /**< room for an address */
};

/** Tells all ranks of a launcher the address of rank 0's pool. If MPI is not initialized, it is, and is
 * finalized again before the return, so that no rank's loss ends the others. Rank 0 passes `address`, the
 * others have room for TRI_POOL_ADDRESS bytes there. Collective over MPI_COMM_WORLD. TRI_ERR_MPI. */
TRI_API TRI_MUST_CHECK tri_status tri_pool_meet(int *argc, char ***argv, char *address);

/** The rank of this process and their number as the launcher's variables say, without MPI; 0 and 1 without a
 * launcher. Returns 1 if MPI_Init() would find the other ranks, else 0. */
TRI_API int tri_pool_launched(int *rank, int *ranks);

/** A main(): rank 0 of the launcher calls manage(pool, argument), the others work, np 1 does everything in
 * threads. Uses MPI for the address only. Prints the line of a failure. Returns the exit status, the same on
 * all ranks. */
TRI_API int tri_pool_run(int *argc, char ***argv, const tri_pool_options *options,
                         tri_status (*manage)(tri_pool *pool, void *argument), void *argument);
/** @} */

/** @name Tasks
 * @{ */

/** How a task is done. Zero is the default of each member; NULL in place of all. */
typedef struct tri_pool_how {
    int priority;          /**< a higher one is given out earlier */
    double estimate_s;     /**< of tasks of one priority the longest first */
    double limit_s;        /**< time limit of an attempt; 0: none */
    int retries;           /**< further attempts after a failure; losses do not count */
    int cores;             /**< slots of its worker; 0: one */
    int devices;           /**< devices of its worker */
    size_t memory_bytes;   /**< memory of its worker */
    tri_job *const *after; /**< tasks that end before it is given out; one fails: it is cancelled */
    size_t after_count;    /**< number of those */
    tri_queue *ended;      /**< unbounded; the job is put there when it has ended: as completed */
    void *tag;             /**< for the events */
} tri_pool_how;

/** Submits a task with a copy of `bytes` bytes of `in`. The caller frees *out with tri_job_destroy(); NULL:
 * nobody waits. Does not block. TRI_ERR_ARGUMENT: no such function. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_pool_submit(tri_pool *pool, const char *function, const void *in,
                                                  size_t bytes, const tri_pool_how *how, tri_job **out);

/** Applies the function to `count` items of `in_bytes` bytes; result i is written to place i of `out`, which
 * has out_bytes for each. `chunk` items go to a worker at a time; 0: as many as suit their number. Blocks
 * until all have ended. Returns the first failure; the result of another length is TRI_ERR_WRONG. */
TRI_API TRI_MUST_CHECK tri_status tri_pool_map(tri_pool *pool, const char *function, size_t count,
                                               const void *in, size_t in_bytes, void *out, size_t out_bytes,
                                               size_t chunk, const tri_pool_how *how);

/** Returns when the task has ended: its status, which tri_error_text() explains; *result, which may be NULL,
 * belongs to the job. TRI_TIMED_OUT: not by the deadline, or the task was beyond its limit. */
TRI_API tri_status tri_job_wait(tri_job *job, double deadline, const tri_pool_result **result);

/** The future of the task, for tri_future_all() and tri_future_any(). Belongs to the job; its value is the
 * job. */
TRI_API tri_future *tri_job_future(tri_job *job);

/** The tag of the task. */
TRI_API void *tri_job_tag(const tri_job *job);

/** Asks for no result: the task is not given out, or its function sees tri_pool_cancelled(). Does not block.
 */
TRI_API void tri_job_cancel(tri_job *job);

/** Frees the handle and sets *job to NULL. The task goes on. */
TRI_API void tri_job_destroy(tri_job **job);

/** Gives out nothing while `held` is 1; what runs goes on. */
TRI_API void tri_pool_hold(tri_pool *pool, int held);

/** Returns when all tasks that were submitted before have ended. TRI_TIMED_OUT. */
TRI_API tri_status tri_pool_wait(tri_pool *pool, double deadline);
/** @} */

#ifdef __cplusplus
}
#endif
#endif
