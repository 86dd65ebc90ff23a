/* The parts of `bench collectives`: one call by us or by the MPI library, and the samples of one cell of the table. */
#ifndef TRIREME_APPS_BENCH_COLLECTIVES_H
#define TRIREME_APPS_BENCH_COLLECTIVES_H

#include "apps/driver/app.h"

/* One collective call on doubles; root 0, sums. */
typedef struct bench_call {
    tri_operation operation;
    size_t count;        /* doubles of the vector, or of one block */
    double *send, *recv; /* bcast works on recv alone */
    tri_comm *comm;
} bench_call;

/* By the MPI library itself (bench_mpi.c). The count must not be above INT_MAX. */
tri_status bench_call_mpi(const bench_call *call);
/* By this library. */
tri_status bench_call_ours(const bench_call *call);

/* Doubles that this rank puts in and gets out; what it puts in lies in recv for bcast, else in send. */
size_t bench_call_gives(const bench_call *call);
size_t bench_call_gets(const bench_call *call);

/* SINGLE: all ranks begin together, and the time is from the first rank's going in to the last one's coming out.
 * SERIES: one call follows the other; the time of the slowest rank, by the number of calls. */
typedef enum bench_mode { BENCH_SINGLE, BENCH_SERIES, BENCH_MODES } bench_mode;

/* One method to do the operation, and its samples. */
typedef struct bench_method {
    char name[40]; /* "mpi", "ours", or an algorithm's */
    tri_status (*call)(const bench_call *);
    bool selects; /* tri_comm_select(select) comes before it */
    char select[80];
    double *seconds[BENCH_MODES];
    size_t samples[BENCH_MODES];
    char algorithm[40]; /* that the library took */
} bench_method;

/* Where all ranks read the same clock, a single call begins at a moment that was set before, and its makespan is
 * measured; else behind a barrier, and the longest of the ranks' times is. More ranks on one node than cores (crowded)
 * begin behind a barrier, too: it costs them less than to wait for a moment in turns. bench_clock_of() is collective. */
typedef struct bench_clock {
    bool common, moment, crowded;
    long cores; /* of all nodes */
} bench_clock;
bench_clock bench_clock_of(tri_comm *comm);

/* Calls each method once and compares what comes out, bit by bit, with what the first method gives; then measures all of them
 * in turn for about `seconds` in each mode, no less than MIN_ROUNDS rounds. Collective. The send buffers are written
 * anew before each call. TRI_ERR_WRONG: results differ. */
tri_status bench_measure(const bench_call *call, bench_method *methods, int count, double seconds);
void bench_methods_destroy(bench_method *methods, int count);

#endif
