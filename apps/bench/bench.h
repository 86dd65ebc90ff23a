/* Measuring: variants of the same work, one after the other, again and again, so that what disturbs the machine
 * disturbs all of them alike. */
#ifndef TRIREME_APPS_BENCH_H
#define TRIREME_APPS_BENCH_H

#include <stdio.h>

#include "apps/driver/app.h"

typedef struct bench_variant {
    const char *name;
    double bytes;    /* that one run works on; 0: no rate is shown */
    double *seconds; /* one for each trial; bench_create() makes it, bench_alternate() fills it */
} bench_variant;

/* Measures one trial of variant number `variant`: returns its seconds, the same on all ranks, or below 0 after a
 * failure, which bench_alternate() passes on as tri_fail() left it with status TRI_ERR_WRONG. */
typedef double (*bench_trial)(void *argument, int variant);

/* Runs A B C A B C ..., `trials` times each after one round that does not count. Every other round goes backwards, so
 * that no variant always follows the same one. */
tri_status bench_alternate(bench_variant *variants, int count, int trials, bench_trial trial, void *argument);

/* Makes and frees the variants' samples. */
tri_status bench_create(bench_variant *variants, int count, int trials);
void bench_destroy(bench_variant *variants, int count);

/* A table on rank 0: median, its 95 % confidence interval, GB/s, and how many times the speed of variant `against`;
 * and the raw samples in the result file under `group`. */
void bench_report(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                  const char *group);

/* bench_keep() puts the raw samples of one variant into the result file, where there is one, as dataset `path`, and adds
 * the path to `list`, which begins as zeros. bench_note() writes the list as an attribute of the file, so that
 * bench_compare.c knows what is to be compared, and frees it. */
#define BENCH_SAMPLES "sample_datasets"
typedef struct bench_list {
    char *text;
    size_t length, room;
} bench_list;
void bench_keep(tri_run *run, bench_list *list, const char *path, const double *seconds, size_t count);
void bench_note(tri_run *run, bench_list *list);
/* bench_report() of one of several groups; bench_note() follows the last. */
void bench_rows(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                const char *group, bench_list *list);

/* Of the pictures, as tri_plot() takes it. */
extern const char bench_terminal[];
/* The variants' rates as bars. */
tri_status bench_plot(const bench_variant *variants, int count, int trials, const char *title,
                      const char *path);

/* The subjects: bench <subject> is a program of its own. X(name) is `const tri_app bench_<name>` in bench_<name>.c. */
#define BENCH_LIST(X)                                                                                        \
    X(sum) X(heat) X(collectives) X(combine) X(gpu) X(compare) X(choice) X(network) X(p2p) X(store)
#define BENCH_DECLARE(name) extern const tri_app bench_##name;
BENCH_LIST(BENCH_DECLARE)
#undef BENCH_DECLARE

#endif
