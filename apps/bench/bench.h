/* Measures variants of the same work in turn, many times, so that a disturbance affects all of them alike. */
#ifndef TRIREME_APPS_BENCH_H
#define TRIREME_APPS_BENCH_H

#include <stdio.h>

#include "apps/driver/app.h"

typedef struct bench_variant {
    const char *name;
    double bytes;    /* processed in one trial; 0: no rate */
    double *seconds; /* of each trial; allocated by bench_create(), filled by bench_alternate() */
} bench_variant;

/* Measures one trial of a variant: writes this rank's seconds. It may fail on some ranks, unless other ranks
 * then wait for a message. */
typedef tri_status (*bench_trial)(void *argument, int variant, double *seconds);

/* One trial: the seconds of the slowest rank. `name` is for the error text. Collective; the same status on
 * all ranks. */
tri_status bench_once(tri_run *run, const char *name, bench_trial trial, void *argument, int variant,
                      double *seconds);

/* Runs A B C, C B A, ...: `trials` rounds after an untimed one, every other round in reverse, so that no
 * variant always follows the same one. */
tri_status bench_alternate(tri_run *run, bench_variant *variants, int count, int trials, bench_trial trial,
                           void *argument);

/* Allocate and free the samples of the variants. */
tri_status bench_create(bench_variant *variants, int count, int trials);
void bench_destroy(bench_variant *variants, int count);

/* Reports a table: median, 95 % confidence interval, GB/s, and speed relative to variant `against`. Writes
 * the raw samples to the result file under `group`. */
void bench_report(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                  const char *group);

/* bench_keep() writes the raw samples of one variant to the result file, if any, as dataset `path`, and
 * appends the path to `list`, which is zeroed initially. bench_note() writes the list as an attribute of
 * the file, for compare.c, and frees it. */
#define BENCH_SAMPLES "sample_datasets"
typedef struct bench_list {
    char *text;
    size_t length, room;
} bench_list;
void bench_keep(tri_run *run, bench_list *list, const char *path, const double *seconds, size_t count);
void bench_note(tri_run *run, bench_list *list);
/* bench_report() for one of several groups; call bench_note() after the last one. */
void bench_rows(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                const char *group, bench_list *list);

/* Draws the rates of the variants as bars. */
tri_status bench_plot(const tri_run *run, const bench_variant *variants, int count, int trials,
                      const char *title, const char *path);

/* Reads --sizes: at most `room` sizes, multiples of `unit` from there to `most`. */
tri_status bench_sizes(const char *text, size_t unit, size_t most, size_t *out, int room, int *count);

/* The subjects; each is a program. X(name) is `const tri_app bench_<name>` in <name>.c. */
/* clang-format off */
#define BENCH_LIST(X)                                                                                        \
    X(sum) X(heat) X(collectives) X(combine) X(cores) X(gpu) X(compare) X(choice) X(neighbours) X(network)   \
    X(overlap) X(p2p) X(pool) X(store) X(threads)
/* clang-format on */
#define BENCH_DECLARE(name) extern const tri_app bench_##name;
BENCH_LIST(BENCH_DECLARE)
#undef BENCH_DECLARE

#endif
