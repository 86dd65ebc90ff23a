/* A profile in a result file (doc/profile.md), as a table and as plots. */
#ifndef TRIREME_APPS_PROFILE_VIEW_H
#define TRIREME_APPS_PROFILE_VIEW_H

#include "apps/common/plot.h"

/* One call site x function x communicators. Texts belong to the record. */
typedef struct profile_view_call {
    const char *site, *within, *function, *communicator;
    double calls, bytes, seconds, waiting, transferring, longest, late_seconds;
    int late_rank; /* -1: none */
} profile_view_call;

/* Number of calls; 0: the file is no profile. They are ordered by seconds, the longest first. */
size_t profile_view_calls(const tri_record *record);
profile_view_call profile_view_call_of(const tri_record *record, size_t index);

/* "12 %, waiting 9 %": parts of a call's time in all time in MPI. */
double profile_view_mpi(const tri_record *record);

/* Prints verdict, sentences and the `most` longest calls. */
void profile_view_print(const tri_record *record, size_t most, FILE *to);

/* Matrix, imbalance and time line. */
enum { PROFILE_VIEW_PLOTS = 3 };
typedef struct profile_view_plots {
    tri_plot plot[PROFILE_VIEW_PLOTS];
    size_t count;
    tri_plot_map map[2];
    tri_plot_series series[4];
    double *memory;
} profile_view_plots;

/* The caller frees them with profile_view_free(). False: no memory. */
bool profile_view_draw(const tri_record *record, profile_view_plots *out);
void profile_view_free(profile_view_plots *plots);

#endif
