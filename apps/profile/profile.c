/* profile: runs an MPI program and tells where its time in MPI goes.
 *
 * As the launcher it starts in each rank, sets what libtrireme-preload.so reads, and becomes the program. The
 * ranks write into mapped files, one each. In MPI_Finalize rank 0 starts this program again, with --collect:
 * it reads those files and writes one result file. After a job that was killed a user does that. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/common/preloaded.h"
#include "apps/common/profile_view.h"
#include "apps/driver/machine.h"
#include "apps/profile/collect.h"
#include "apps/profile/files.h"

typedef struct state {
    const char *results, *plot, *collect;
    bool replace, remove;
    tri_texts command;
} state;

enum { WORST = 10 };

static const tri_option rows[] = {
    TRI_OPTION(
        state, results, "results", "results",
        "folder of the result file and, until MPI_Finalize, of the ranks' files; all nodes should see it"),
    TRI_OPTION(state, plot, "plot", NULL, "also draw time line, imbalance and matrix in this SVG file"),
    TRI_OPTION(state, replace, "replace", NULL, "replace an existing SVG file"),
    TRI_OPTION(state, collect, "collect", NULL,
               "run no program: read the files that a job has left in this folder, or a running job writes"),
    TRI_OPTION(state, remove, "remove", NULL, "with --collect: remove that folder afterwards"),
    TRI_OPTION(state, command, "PROGRAM", NULL, "the program and its arguments", .argument = true),
    {.name = NULL},
};

static const tri_app app = {
    .name = "profile",
    .summary = "runs an MPI program and tells where its time in MPI goes, without recompiling it",
    .examples =
        "mpirun -np 8 trireme profile ./solver input.txt               # a table at the end, and a result "
        "file\n"
        "mpirun -np 8 trireme profile --plot solver.svg ./solver       # and plots\n"
        "mpirun -np 8 trireme profile trireme boost ./solver           # with the collectives of boost\n"
        "trireme profile --collect results/profile-....ranks           # of a job that was killed, or runs\n",
    .options = rows,
    .runs = true,
};

/* ---- the files become a result ---- */

static tri_status draw(const state *s, const tri_record *record) {
    profile_view_plots plots;
    if (!s->plot) return TRI_OK;
    if (!profile_view_draw(record, &plots)) return tri_fail(TRI_ERR_MEMORY, "no memory for the plots");
    tri_status status = tri_plot_file(s->plot, s->replace, plots.plot, plots.count, plots.count);
    profile_view_free(&plots);
    return status;
}

static tri_status show(const state *s, const char *path) {
    tri_record *record = NULL;
    TRI_TRY(tri_record_read(path, &record));
    profile_view_print(record, WORST, stdout);
    printf("profile: %s\n", path);
    tri_status status = draw(s, record);
    tri_record_destroy(&record);
    return status;
}

/* Where the result file goes: without --results beside the folder of the ranks. */
static tri_status collect(const state *s) {
    profile_job job;
    char *path = NULL, beside[PATH_MAX], *slash;
    const char *results = s->results;
    TRI_TRY(s->plot ? tri_output_check(s->plot, s->replace) : TRI_OK);
    if (!strcmp(results, "results") && realpath(s->collect, beside) &&
        (slash = strrchr(beside, '/')) != beside) {
        *slash = 0;
        results = beside;
    }
    tri_outputs_guard();
    tri_status status = profile_read(s->collect, &job);
    if (status == TRI_OK) status = profile_write(&job, results, &path);
    profile_free(&job);
    if (status == TRI_OK) status = show(s, path);
    if (status == TRI_OK && s->remove) profile_files_remove(s->collect);
    free(path);
    return status;
}

/* ---- the launcher ---- */

static tri_status check_plot(const state *s) {
    size_t length = s->plot ? strlen(s->plot) : 0;
    if (!s->plot) return TRI_OK;
    if (length < 4 || strcmp(s->plot + length - 4, ".svg") != 0)
        return tri_fail(TRI_ERR_ARGUMENT, "--plot: the picture is SVG; '%s' does not end in .svg", s->plot);
    return tri_launcher_rank() ? TRI_OK : tri_output_check(s->plot, s->replace);
}

/* An absolute name: the program may go elsewhere. */
static tri_status set_path(const char *variable, const char *path) {
    char full[PATH_MAX], here[PATH_MAX];
    if (*path == '/') return tri_preloaded_set(variable, path);
    if (!getcwd(here, sizeof here))
        return tri_fail(TRI_ERR_FILE, "cannot name this folder: %s", strerror(errno));
    if (snprintf(full, sizeof full, "%s/%s", here, path) >= (int)sizeof full)
        return tri_fail(TRI_ERR_FILE, "the name '%s' is too long", path);
    return tri_preloaded_set(variable, full);
}

static tri_status start(void *argument) {
    const state *s = argument;
    char self[PATH_MAX];
    TRI_TRY(check_plot(s));
    if (s->collect && s->command.count)
        return tri_fail(TRI_ERR_ARGUMENT, "--collect runs no program: leave '%s' out", s->command.text[0]);
    if (s->remove && !s->collect) return tri_fail(TRI_ERR_ARGUMENT, "--remove needs --collect");
    if (s->collect) return tri_launcher_rank() ? TRI_OK : collect(s);
    if (!s->command.count)
        return tri_fail(TRI_ERR_ARGUMENT, "PROGRAM is missing: mpirun -np 8 trireme profile ./solver");
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return tri_fail(TRI_ERR_FILE, "/proc/self/exe: %s", strerror(errno));
    self[length] = 0;
    TRI_TRY(tri_preloaded_add("profile"));
    TRI_TRY(set_path("TRIREME_PROFILE_RESULTS", s->results));
    TRI_TRY(tri_preloaded_set("TRIREME_PROFILE_READER", self));
    if (s->plot) TRI_TRY(set_path("TRIREME_PROFILE_PLOT", s->plot));
    if (s->replace) TRI_TRY(tri_preloaded_set("TRIREME_PROFILE_REPLACE", "1"));
    return tri_preloaded_become(&s->command);
}

int main(int argc, char **argv) {
    state s = {0};
    tri_store_look_first(argc, argv);
    return tri_preloaded_main(&app, &s, start, argc, argv);
}
