/** @file
 * A team of threads: the caller and threads - 1 others that wait for work.
 *
 * The caller is thread 0 of its team. It may do something else while the others work; so a program reads
 * ahead although HDF5 and MPI are called from one thread only:
 *
 *     tri_team_start(team, chunks, sum_chunk, &piece[k]);
 *     read(&piece[k + 1]);
 *     tri_team_wait(team);            the caller takes chunks, too, until none is left
 *
 * Only the thread that created a team calls its functions, except tri_team_barrier(). A team does one piece
 * of work at a time, and work does not start other work on the same team. The other threads are those of
 * tri_thread_create() with names such as "team 1/4"; they take no signals, so handlers run on the caller's
 * thread. A team of one makes no thread. All functions are local.
 */
#ifndef TRIREME_TEAM_H
#define TRIREME_TEAM_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A team. Opaque. */
typedef struct tri_team tri_team;

/** Work that each thread of the team calls once. */
typedef void (*tri_team_work)(void *argument, int thread);

/** Work that is called once for each chunk, by the thread that took the chunk. */
typedef void (*tri_team_chunk)(void *argument, int thread, size_t chunk);

/** Makes a team of `threads` threads. cpus[thread] is the operating system's index of the cpu to which a
 * thread is bound, the caller included (tri_place_cpus()); NULL binds no thread. Any number of threads works
 * on any number of cores. Where every thread has a cpu of its own, waiting threads spin for some microseconds
 * before they sleep; otherwise they sleep at once. Threads that a library later creates from the caller, such
 * as an OpenCL driver's, inherit the caller's binding: open devices first. The caller frees *out with
 * tri_team_destroy(). TRI_ERR_ARGUMENT: threads < 1. TRI_ERR_ENVIRONMENT: a cpu that this process may not
 * use. TRI_ERR_MEMORY, TRI_ERR_SYSTEM: no memory, or no more threads allowed. After a failure no thread is
 * left and the caller's binding is unchanged. */
TRI_API TRI_MUST_CHECK tri_status tri_team_create(int threads, const int *cpus, tri_team **out);

/** Ends the threads, restores the caller's binding and sets *team to NULL. The team must be idle. */
TRI_API void tri_team_destroy(tri_team **team);

/** Number of threads, the caller included. */
TRI_API int tri_team_threads(const tri_team *team);

/** Calls work(argument, thread) on every thread; returns when all have returned. */
TRI_API void tri_team_run(tri_team *team, tri_team_work work, void *argument);

/** Calls work(argument, thread, chunk) for each chunk in [0, chunks); returns when all are done. The next
 * free thread takes the next chunk, so slower threads take fewer. Results must not depend on which thread
 * takes a chunk. */
TRI_API void tri_team_for(tri_team *team, size_t chunks, tri_team_chunk work, void *argument);

/** Starts tri_team_for() on the other threads and returns. Must be followed by tri_team_wait(). */
TRI_API void tri_team_start(tri_team *team, size_t chunks, tri_team_chunk work, void *argument);

/** Takes chunks of tri_team_start(), too; returns when all are done. A team of one does all of them here. */
TRI_API void tri_team_wait(tri_team *team);

/** Whether no work is under way, so that the thread that created the team may start some. */
TRI_API int tri_team_idle(const tri_team *team);

/** Inside the work of tri_team_run(): returns when every thread of the team has called it. Each thread then
 * sees what the others wrote before. */
TRI_API void tri_team_barrier(tri_team *team);

#ifdef __cplusplus
}
#endif
#endif
