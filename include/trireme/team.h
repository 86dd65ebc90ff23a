/* A team of threads: the caller and threads - 1 others that wait for work.
 *
 * The caller is thread 0 of its own team. Work is handed out while the caller may do something else, which is
 * how a program reads ahead although HDF5 and MPI are called from one thread only:
 *
 *     tri_team_start(team, chunks, sum_chunk, &piece[k]);
 *     read(&piece[k + 1]);
 *     tri_team_wait(team);            the caller takes chunks too, until none is left
 *
 * Only the thread that created a team calls its functions, except tri_team_barrier. One piece of work is
 * under way at a time, and work does not start other work on the same team. The other threads take no
 * signals, so that handlers run on the caller's thread. A team of one makes no thread. */
#ifndef TRIREME_TEAM_H
#define TRIREME_TEAM_H

#include <stddef.h>

#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_team tri_team;

/* Called once by each thread of the team. */
typedef void (*tri_team_work)(void *argument, int thread);

/* Called once for each chunk, by the thread that took it. */
typedef void (*tri_team_chunk)(void *argument, int thread, size_t chunk);

/* Makes a team. `cpus`: the operating system's cpu index for each thread (tri_place_cpus), to which it is
 * bound, the caller included; NULL binds nobody. Any number of threads works on any number of cores. Where
 * every thread has a cpu of its own, waiting threads spin for some microseconds before they sleep; otherwise
 * they sleep at once. Threads that a library makes later from the caller (an OpenCL driver, for one) inherit
 * the caller's binding: open devices first. TRI_ERR_ARGUMENT: threads < 1. TRI_ERR_ENVIRONMENT: a cpu that
 * this process may not use. TRI_ERR_MEMORY, TRI_ERR_SYSTEM: no memory or no more threads allowed. After a
 * failure no thread is left and the caller's binding is as it was. */
TRI_API TRI_MUST_CHECK tri_status tri_team_create(int threads, const int *cpus, tri_team **out);

/* Ends the threads, gives the caller the binding it had, and sets *team to NULL. No work may be under way. */
TRI_API void tri_team_destroy(tri_team **team);

TRI_API int tri_team_threads(const tri_team *team);

/* Calls work(argument, thread) on every thread, the caller being thread 0; returns when all have returned. */
TRI_API void tri_team_run(tri_team *team, tri_team_work work, void *argument);

/* Calls work(argument, thread, chunk) for each chunk in [0, chunks), the next chunk going to the next thread
 * that is free: a thread whose core is slow or stolen takes fewer. Which thread takes a chunk is up to
 * chance, so results must not depend on it. */
TRI_API void tri_team_for(tri_team *team, size_t chunks, tri_team_chunk work, void *argument);

/* tri_team_for in two halves: after tri_team_start the other threads work and the caller is free; in
 * tri_team_wait it takes chunks too, and returns when all are done. A team of one does everything in
 * tri_team_wait. */
TRI_API void tri_team_start(tri_team *team, size_t chunks, tri_team_chunk work, void *argument);
TRI_API void tri_team_wait(tri_team *team);
/* Whether no work is under way, so that the thread that created the team may give it some. */
TRI_API int tri_team_idle(const tri_team *team);

/* Inside the work of tri_team_run: returns when every thread of the team has called it. What a thread wrote
 * before is seen by all after. */
TRI_API void tri_team_barrier(tri_team *team);

#ifdef __cplusplus
}
#endif
#endif
