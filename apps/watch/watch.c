/* watch: runs a program whose ranks are watched: where they wait for what cannot come, it says why, and ends
 * the job. It sets what libtrireme-preload.so reads, and becomes the program. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/preloaded.h"
#include "apps/common/seconds.h"

typedef struct watch {
    const char *hang, *json, *after, *quiet;
    size_t look;
    tri_texts command;
} watch;

static const tri_option rows[] = {
    TRI_OPTION(
        watch, hang, "on-hang", "end",
        "a proven hang: report it; end: report it, and end the job with status 86; stop: report it, and "
        "stop the ranks for a debugger",
        .choices = "report|end|stop"),
    TRI_OPTION(watch, after, "after", "3s", "a rank that has been in a call for so long is looked at"),
    TRI_OPTION(watch, quiet, "quiet-for", "60s",
               "a rank that has waited for so long is reported, though nothing is proven"),
    TRI_OPTION(watch, json, "json", NULL, "file for the report"),
    TRI_OPTION(watch, look, "look", NULL,
               "ask the job of this process (mpirun, or a rank) for a report; the job goes on"),
    TRI_OPTION(watch, command, "PROGRAM", NULL, "the program and its arguments", .argument = true),
    {.name = NULL},
};

static const tri_app app = {
    .name = "watch",
    .summary = "runs an MPI program, and says why its ranks wait for ever",
    .examples = "mpirun -np 64 trireme watch ./solver input.txt\n"
                "mpirun -np 64 trireme watch --on-hang report python3 script.py\n"
                "trireme watch --look $(pgrep -n mpirun)                # where is it?\n",
    .options = rows,
    .runs = true,
};

static tri_status set_seconds(const char *variable, const char *option, const char *value) {
    char text[32];
    double seconds;
    TRI_TRY(tri_seconds_read(option, value, &seconds));
    if (seconds <= 0) return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is not above 0", option, value);
    snprintf(text, sizeof text, "%.3f", seconds);
    return tri_preloaded_set(variable, text);
}

static tri_status start(void *argument) {
    const watch *w = argument;
    if (w->look) {
        if (!kill((pid_t)w->look, SIGUSR2)) return TRI_OK;
        return tri_fail(TRI_ERR_ABSENT, "process %zu: %s; give the number of mpirun or of a rank", w->look,
                        strerror(errno));
    }
    if (!w->command.count) return tri_fail(TRI_ERR_ARGUMENT, "PROGRAM is missing; try watch --help");
    TRI_TRY(tri_preloaded_add("watch"));
    TRI_TRY(tri_preloaded_set("TRIREME_WATCH_HANG", w->hang));
    TRI_TRY(set_seconds("TRIREME_WATCH_AFTER", "--after", w->after));
    TRI_TRY(set_seconds("TRIREME_WATCH_QUIET", "--quiet-for", w->quiet));
    if (w->json) TRI_TRY(tri_preloaded_set("TRIREME_WATCH_JSON", w->json));
    return tri_preloaded_become(&w->command);
}

int main(int argc, char **argv) {
    watch w = {0};
    return tri_preloaded_main(&app, &w, start, argc, argv);
}
