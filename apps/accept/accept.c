/* Judges the runs of jobs/accept.sh: which steps failed, which numbers are beyond the limits of the site, and
 * what became slower since an earlier acceptance. */
#include "apps/accept/accept.h"

#include <stdlib.h>

static const tri_option options[] = {
    TRI_OPTION(accept_state, folders, "FOLDER", NULL, "folders with the result files of the runs",
               .argument = true, .required = true),
    TRI_OPTION(accept_state, steps_file, "steps", NULL,
               "file with a line for each run: step, status, error line"),
    TRI_OPTION(accept_state, limits_file, "limits", NULL,
               "file with lines PROGRAM RESULT <=|>= VALUE; a limit is exceeded if all sweeps exceed it"),
    TRI_OPTION(accept_state, compare_file, "compare", NULL,
               "result file of an earlier acceptance: what is slower beyond the noise of both fails"),
    TRI_OPTION(accept_state, tolerance, "tolerance", "0.1",
               "smallest change of a median that counts for --compare"),
    {.name = NULL},
};

static tri_status setup(tri_run *run, void *argument) {
    accept_state *s = argument;
    if (s->tolerance < 0) return tri_fail(TRI_ERR_ARGUMENT, "--tolerance: at least 0");
    if (tri_comm_size(run->comm) > 1)
        return tri_fail(TRI_ERR_ARGUMENT, "start it without mpirun: one process judges all runs");
    TRI_TRY(records_read(&s->folders, NULL, &s->all));
    if (s->steps_file) TRI_TRY(accept_read_steps(s));
    TRI_TRY(accept_find_measures(s));
    accept_judge_steps(run, s);
    if (s->limits_file) TRI_TRY(accept_judge_limits(run, s));
    return s->compare_file ? accept_compare(run, s) : TRI_OK;
}

static tri_status verify(tri_run *run, void *argument) {
    const accept_state *s = argument;
    (void)run;
    return *s->failures ? tri_fail(TRI_ERR_WRONG, "%s", s->failures) : TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    const accept_state *s = argument;
    tri_report_text(run, "failures", *s->failures ? s->failures : "none");
    accept_record_measures(run, s);
    return TRI_OK;
}

static void teardown(void *argument) {
    accept_state *s = argument;
    records_free(&s->all);
    for (size_t i = 0; i < s->measures; i++)
        free(s->measure[i].value);
    free(s->measure);
    free(s->step);
}

static const tri_app app = {
    .name = "accept",
    .summary = "judges the runs of jobs/accept.sh, the acceptance of a machine",
    .examples = "trireme accept accept/results --steps accept/steps --limits accept.limits\n",
    .options = options,
    .state_bytes = sizeof(accept_state),
    .no_device = true,
    .setup = setup,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
