/* Parts of accept. */
#ifndef TRIREME_APPS_ACCEPT_H
#define TRIREME_APPS_ACCEPT_H

#include "apps/common/records.h"

enum { ACCEPT_TEXT = 512 };

/* A step of jobs/accept.sh: its runs in all sweeps. */
typedef struct accept_step {
    char name[48];
    int runs, failed, skipped;
    char text[ACCEPT_TEXT]; /* of the last failure */
} accept_step;

/* A number of a program in all sweeps: PROGRAM/RESULT. */
typedef struct accept_measure {
    char name[128], units[16];
    size_t count, room;
    double *value;
} accept_measure;

typedef struct accept_state {
    tri_texts folders;
    const char *steps_file, *limits_file, *compare_file;
    double tolerance;
    records all;
    accept_step *step;
    size_t steps;
    accept_measure *measure;
    size_t measures;
    char failures[2048]; /* the names of what failed, for one line; "": none */
} accept_state;

/* fail.c: a failure, whose text joins the line. */
void accept_fail(tri_run *run, accept_state *s, const char *name, const char *text);

/* steps.c: reads the lines "STEP<tab>STATUS<tab>TEXT". */
TRI_MUST_CHECK tri_status accept_read_steps(accept_state *s);
void accept_judge_steps(tri_run *run, accept_state *s);

/* measures.c */
TRI_MUST_CHECK tri_status accept_find_measures(accept_state *s);
TRI_MUST_CHECK tri_status accept_judge_limits(tri_run *run, accept_state *s);
TRI_MUST_CHECK tri_status accept_compare(tri_run *run, accept_state *s);
void accept_record_measures(tri_run *run, const accept_state *s);

#endif
