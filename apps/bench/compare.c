/* `bench --compare OLD NEW`: lists what became slower between two result files of a subject. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"

typedef struct state {
    const char *old_file, *new_file;
    double tolerance;
    bool all;
    char *old_list, *new_list; /* the paths of the samples, one a line */
    int compared, slower, faster, missing;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, old_file, "OLD", NULL, "earlier result file of a benchmark", .argument = true,
               .required = true),
    TRI_OPTION(state, new_file, "NEW", NULL, "later result file of the same subject", .argument = true,
               .required = true),
    TRI_OPTION(state, tolerance, "tolerance", "0.1", "fraction by which a median may grow"),
    TRI_OPTION(state, all, "all", NULL, "also show unchanged medians"),
    {.name = NULL},
};

static tri_status text_of(const tri_dataset *dataset, const char *name, char **out) {
    tri_status status = tri_dataset_file_text(dataset, name, out);
    if (status != TRI_ERR_DATA) return status;
    return tri_fail(TRI_ERR_DATA, "'%s' has no attribute '%s': not a result file of bench",
                    tri_dataset_file(dataset), name);
}

/* Every result file has the dataset timing/run. */
static tri_status open_file(const char *file, char **program, char **list) {
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(NULL, file, "timing/run", &dataset));
    tri_status status = text_of(dataset, "program", program);
    if (status == TRI_OK) status = text_of(dataset, BENCH_SAMPLES, list);
    tri_dataset_destroy(&dataset);
    return status;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    char *old_program = NULL, *new_program = NULL;
    (void)run;
    if (s->tolerance < 0) return tri_fail(TRI_ERR_ARGUMENT, "--tolerance: 0 or more");
    tri_status status = open_file(s->old_file, &old_program, &s->old_list);
    if (status == TRI_OK) status = open_file(s->new_file, &new_program, &s->new_list);
    if (status == TRI_OK && strcmp(old_program, new_program))
        status = tri_fail(TRI_ERR_DATA, "'%s' is a result of %s, but '%s' of %s", s->old_file, old_program,
                          s->new_file, new_program);
    free(old_program);
    free(new_program);
    return status;
}

static tri_status samples_of(const char *file, const char *path, tri_summary *out) {
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(NULL, file, path, &dataset));
    size_t count = tri_dataset_count(dataset);
    double *seconds = malloc((count ? count : 1) * sizeof *seconds);
    tri_status status = TRI_OK;
    if (!seconds) status = tri_fail(TRI_ERR_MEMORY, "no memory for %zu samples", count);
    if (status == TRI_OK && tri_dataset_element(dataset) != TRI_ELEMENT_F64)
        status = tri_fail(TRI_ERR_DATA, "'%s' in '%s' does not contain times", path, file);
    if (status == TRI_OK) status = tri_dataset_read(dataset, 0, count, seconds);
    if (status == TRI_OK) *out = tri_summarise(seconds, count);
    tri_dataset_destroy(&dataset);
    free(seconds);
    return status;
}

/* A change counts if it exceeds the tolerance and the intervals of the two medians are disjoint. */
static tri_status compare(tri_run *run, state *s, const char *path) {
    tri_summary was, is;
    TRI_TRY(samples_of(s->old_file, path, &was));
    TRI_TRY(samples_of(s->new_file, path, &is));
    if (!(was.median > 0 && is.median > 0 && was.low > 0 && is.low > 0))
        return tri_fail(TRI_ERR_DATA, "'%s' contains a median of 0 s", path);
    int slower = is.median > (1 + s->tolerance) * was.median && is.low > was.high;
    int faster = was.median > (1 + s->tolerance) * is.median && was.low > is.high;
    s->compared++;
    s->slower += slower;
    s->faster += faster;
    if (slower || faster || s->all)
        tri_report_line(run, "%-48s %12.3f %12.3f us  %6.3f x time  [%.3f, %.3f]  %s", path, 1e6 * was.median,
                        1e6 * is.median, is.median / was.median, is.low / was.high, is.high / was.low,
                        slower   ? "slower"
                        : faster ? "faster"
                                 : "");
    return TRI_OK;
}

static bool has_line(const char *list, const char *line) {
    size_t length = strlen(line);
    for (const char *at = list; (at = strstr(at, line)); at += length)
        if ((at == list || at[-1] == '\n') && at[length] == '\n') return true;
    return false;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    s->compared = s->slower = s->faster = s->missing = 0;
    tri_status status = TRI_OK;
    for (const char *at = s->old_list; *at && status == TRI_OK; at += strcspn(at, "\n") + 1) {
        char path[256];
        snprintf(path, sizeof path, "%.*s", (int)strcspn(at, "\n"), at);
        if (has_line(s->new_list, path))
            status = compare(run, s, path);
        else
            s->missing++;
    }
    return tri_agree(run->comm, status);
}

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    tri_report_integer(run, "compared", s->compared, "1", "sets of samples that both files have");
    tri_report_integer(run, "slower", s->slower, "1",
                       "sets that are slower by more than tolerance and noise");
    tri_report_integer(run, "faster", s->faster, "1",
                       "sets that are faster by more than tolerance and noise");
    tri_report_integer(run, "missing", s->missing, "1", "sets that the new file lacks");
    if (!s->compared) return tri_fail(TRI_ERR_DATA, "the two files have no samples in common");
    if (!s->slower) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "%d of %d are slower by more than %g %%", s->slower, s->compared,
                    100 * s->tolerance);
}

static void teardown(void *argument) {
    state *s = argument;
    free(s->old_list);
    free(s->new_list);
}

const tri_app bench_compare = {
    .name = "bench-compare",
    .summary = "compares two result files of a benchmark and lists slower measurements; also bench --compare",
    .examples = "trireme bench compare OLD.h5 NEW.h5 --tolerance 0.05\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .no_result = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .teardown = teardown,
};
