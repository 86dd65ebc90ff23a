/* One collective call by this library or the MPI library, and the samples of one cell: an operation and a
 * size. */
#ifndef TRIREME_APPS_COLLECTIVE_CALLS_H
#define TRIREME_APPS_COLLECTIVE_CALLS_H

#include "apps/driver/app.h"

/* One collective call on doubles; root 0, sums. */
typedef struct bench_call {
    tri_operation operation;
    size_t count;        /* doubles of the vector, or of one block */
    double *send, *recv; /* bcast works on recv alone */
    tri_comm *comm;
} bench_call;

/* --operations: "all", or names separated by commas. */
tri_status bench_check_operations(const char *list);
bool bench_has_operation(const char *list, tri_operation operation);

/* By the MPI library (collective_mpi.c). The count is at most INT_MAX. */
tri_status bench_call_mpi(const bench_call *call);
/* By this library; reductions also by TRI_EXACT_SUM. */
tri_status bench_call_ours(const bench_call *call);
tri_status bench_call_exact(const bench_call *call);

/* The same calls, nonblocking: they start here and are complete after a test or wait. */
tri_status bench_start_mpi(const bench_call *call, MPI_Request *out);
tri_status bench_test_mpi(MPI_Request *request, int *done);
tri_status bench_wait_mpi(MPI_Request *request);

/* Number of doubles that this rank contributes and receives. bcast uses recv for both. */
size_t bench_call_gives(const bench_call *call);
size_t bench_call_gets(const bench_call *call);

/* SINGLE: all ranks start together; time from the first entry to the last exit. SERIES: back-to-back
 * calls; time of the slowest rank by the number of calls. */
typedef enum bench_mode { BENCH_SINGLE, BENCH_SERIES, BENCH_MODES } bench_mode;

/* One implementation of the operation, and its samples. */
typedef struct bench_method {
    char name[40]; /* "mpi", "ours", "exact", or an algorithm's */
    tri_status (*call)(const bench_call *);
    bool selects; /* call tri_comm_select(select) first */
    char select[80];
    double *seconds[BENCH_MODES];
    size_t samples[BENCH_MODES];
    char algorithm[40]; /* chosen by the library */
} bench_method;

/* If all ranks read the same clock, a single call starts at a common time and its makespan is measured;
 * otherwise it starts after a barrier and the longest time of a rank counts. Oversubscribed ranks
 * (crowded) on one node also start after a barrier, which costs them less than waiting for a common time.
 * bench_clock_of() is collective. */
typedef struct bench_clock {
    bool common, moment, crowded;
    long cores; /* of all nodes */
} bench_clock;
bench_clock bench_clock_of(tri_comm *comm);

/* Calls each method once and compares the bits of the results with the first method; then measures all
 * methods in turn for about `seconds` in each mode, at least MIN_ROUNDS rounds. Send buffers are rewritten
 * before each call. Collective. TRI_ERR_WRONG: results differ. */
tri_status bench_measure(const bench_call *call, bench_method *methods, int count, double seconds);
void bench_methods_destroy(bench_method *methods, int count);

#endif
