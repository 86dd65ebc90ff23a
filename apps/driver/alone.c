/* The main() of programs that use no MPI: they start where it does not. */
#include <stdlib.h>
#include <string.h>

#include "apps/driver/machine.h"
#include "apps/driver/options.h"

static const tri_option no_rows[] = {{.name = NULL}};

static tri_status answer(const tri_app *app, const tri_option_set sets[2], tri_action action) {
    if (action == TRI_ACTION_HELP) tri_options_help(app, sets, stdout);
    if (action == TRI_ACTION_MAN) tri_options_man(app, sets, stdout);
    if (action == TRI_ACTION_COMPLETION) tri_options_completion(app, sets, stdout);
    if (action == TRI_ACTION_VERSION) tri_version_write(app->name, stdout);
    return TRI_OK;
}

int tri_main_alone(const tri_app *app, int argc, char **argv) {
    tri_store_look_first(argc, argv);
    void *state = calloc(1, app->state_bytes ? app->state_bytes : 1);
    if (!state) return 3;
    /* Behind a launcher one rank works. The others exit with 0: at another status it might kill that one. */
    if (tri_launcher_rank() != 0) {
        free(state);
        return 0;
    }
    const tri_option_set sets[2] = {{app->options, state}, {no_rows, state}};
    tri_action action;
    tri_outputs_guard();
    tri_status status = tri_options_parse(app, sets, argc, argv, &action);
    if (status == TRI_OK) status = action == TRI_ACTION_RUN ? app->alone(state) : answer(app, sets, action);
    if (fflush(stdout) && status == TRI_OK)
        status = tri_fail(TRI_ERR_FILE, "cannot write to standard output");
    if (app->teardown) app->teardown(state);
    free(state);
    if (status != TRI_OK) fprintf(stderr, "%s: %s\n", app->name, tri_error_text());
    return tri_status_exit(status);
}
