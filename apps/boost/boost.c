/* boost: runs a program whose collective MPI calls are done by this library.
 *
 * It is started in each rank, sets what libtrireme-preload.so reads, and becomes the program (exec): the
 * launcher sees the program's own status and signals, and no process but the program has the library. It uses
 * neither MPI nor the library itself. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/common/tuning.h"
#include "apps/driver/machine.h"
#include "apps/driver/options.h"

typedef struct boost {
    const char *bits, *serve, *tuning;
    bool report;
    tri_texts command;
} boost;

static const tri_option rows[] = {
    TRI_OPTION(
        boost, bits, "bits", "same",
        "bits of reductions: those of the MPI library, those of the quickest algorithm, or those of one "
        "order on any placement",
        .choices = "same|any|fixed"),
    TRI_OPTION(boost, serve, "serve", "safe",
               "safe: calls in which this library was faster on all machines measured; all: every call",
               .choices = "safe|all"),
    TRI_OPTION(boost, tuning, "tuning", NULL,
               "file that trireme tune has written: serve the calls that were faster there"),
    TRI_OPTION(boost, report, "report", NULL, "print a table of the calls at MPI_Finalize"),
    TRI_OPTION(boost, command, "PROGRAM", NULL, "the program and its arguments", .argument = true,
               .required = true),
    {.name = NULL},
};
static const tri_option no_rows[] = {{.name = NULL}};

static const tri_app app = {
    .name = "boost",
    .summary = "runs an MPI program with this library's collectives, without recompiling it",
    .examples = "mpirun -np 8 trireme boost ./solver input.txt        # C, C++, Fortran\n"
                "mpirun -np 8 trireme boost python3 script.py         # mpi4py\n"
                "mpirun -np 8 trireme boost --report ./solver         # a table of the calls at the end\n"
                "mpirun -np 8 trireme boost --bits fixed ./solver     # the same bits on any placement\n",
    .options = rows,
    .runs = true,
};

/* The preload: installed, or of this build. */
static tri_status find_preload(char path[PATH_MAX]) {
    static const char *const below[] = {TRIREME_TO_LIBRARY, "../preload"};
    char self[PATH_MAX], candidate[2 * PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0) return tri_fail(TRI_ERR_FILE, "/proc/self/exe: %s", strerror(errno));
    self[length] = 0;
    *strrchr(self, '/') = 0;
    for (size_t i = 0; i < sizeof below / sizeof *below; i++) {
        snprintf(candidate, sizeof candidate, "%s/%s/libtrireme-preload.so", self, below[i]);
        if (access(candidate, R_OK) || !realpath(candidate, path)) continue;
        if (!strpbrk(path, " :")) return TRI_OK;
        return tri_fail(TRI_ERR_ABSENT,
                        "LD_PRELOAD cannot name '%s': install Trireme in a folder without spaces and colons",
                        path);
    }
    return tri_fail(TRI_ERR_ABSENT,
                    "there is no libtrireme-preload.so in %s/%s: install Trireme on every node", self,
                    *below);
}

/* Whether `list` has the word. */
static bool has_word(const char *list, const char *word, char separator) {
    size_t length = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += length)
        if ((at == list || at[-1] == separator) && (!at[length] || at[length] == separator)) return true;
    return false;
}

/* Adds a word to a list in the environment, in front. Launchers of several modes may follow each other. */
static tri_status add(const char *name, const char *word, char separator) {
    const char *old = getenv(name);
    if (!old || !*old) {
        if (!setenv(name, word, 1)) return TRI_OK;
    } else if (has_word(old, word, separator)) {
        return TRI_OK;
    } else {
        size_t room = strlen(word) + strlen(old) + 2;
        char *both = malloc(room);
        if (both) snprintf(both, room, "%s%c%s", word, separator, old);
        int failed = !both || setenv(name, both, 1);
        free(both);
        if (!failed) return TRI_OK;
    }
    return tri_fail(TRI_ERR_MEMORY, "out of memory for the variable %s", name);
}

/* TRIREME_PRELOAD_SERVE from a tuning file. Rank 0's counts; all ranks read it, to fail alike. */
static tri_status set_tuning(const char *path) {
    static tri_tuning file, here;
    static char shapes[TRI_TUNING_SHAPES * TRI_TUNING_LINE];
    TRI_TRY(tri_tuning_read(path, &file));
    tri_tuning_here(&here);
    int foreign = strcmp(file.machine, here.machine) || strcmp(file.mpi, here.mpi);
    if (foreign && tri_launcher_rank() == 0)
        fprintf(stderr, "boost: '%s' was measured with %s on %s; measure here with trireme tune\n", path,
                file.mpi, file.machine);
    for (int i = 0, at = 0; i < file.shapes; i++)
        at += snprintf(shapes + at, sizeof shapes - (size_t)at, "%s%s", i ? ";" : "", file.shape[i]);
    if (setenv("TRIREME_PRELOAD_SERVE", shapes, 1)) return tri_fail(TRI_ERR_MEMORY, "out of memory");
    return TRI_OK;
}

static tri_status become(const boost *b) {
    char path[PATH_MAX];
    TRI_TRY(find_preload(path));
    TRI_TRY(add("LD_PRELOAD", path, ':'));
    TRI_TRY(add("TRIREME_PRELOAD", "boost", ','));
    if (setenv("TRIREME_PRELOAD_BITS", b->bits, 1) || setenv("TRIREME_PRELOAD_SERVE", b->serve, 1) ||
        (b->report && setenv("TRIREME_PRELOAD_REPORT", "1", 1)))
        return tri_fail(TRI_ERR_MEMORY, "out of memory for the environment");
    if (b->tuning) TRI_TRY(set_tuning(b->tuning));
    /* The array of main() ends with NULL. */
    execvp(b->command.text[0], b->command.text);
    return tri_fail(TRI_ERR_ABSENT, "cannot start '%s': %s", b->command.text[0], strerror(errno));
}

int main(int argc, char **argv) {
    boost b = {0};
    const tri_option_set sets[2] = {{rows, &b}, {no_rows, &b}};
    tri_action action;
    tri_status status = tri_options_parse(&app, sets, argc, argv, &action);
    if (status == TRI_OK && action == TRI_ACTION_RUN) status = become(&b);
    /* One rank answers. */
    if (tri_launcher_rank() != 0) return status == TRI_OK ? 0 : tri_status_exit(status);
    if (status != TRI_OK) {
        fprintf(stderr, "boost: %s\n", tri_error_text());
        return tri_status_exit(status);
    }
    if (action == TRI_ACTION_HELP)
        tri_options_help(&app, sets, stdout);
    else if (action == TRI_ACTION_MAN)
        tri_options_man(&app, sets, stdout);
    else if (action == TRI_ACTION_COMPLETION)
        tri_options_completion(&app, sets, stdout);
    else
        printf("boost (trireme %s)\n", TRIREME_VERSION_TEXT);
    return fflush(stdout) ? 4 : 0;
}
