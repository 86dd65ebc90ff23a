/* boost: runs a program whose collective MPI calls are done by this library.
 *
 * It is started in each rank, sets what libtrireme-preload.so reads, and becomes the program (exec): the
 * launcher sees the program's own status and signals, and no process but the program has the library. It uses
 * neither MPI nor the library itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/preloaded.h"
#include "apps/common/tuning.h"
#include "apps/driver/machine.h"

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

static tri_status start(void *argument) {
    const boost *b = argument;
    TRI_TRY(tri_preloaded_add("boost"));
    TRI_TRY(tri_preloaded_set("TRIREME_PRELOAD_BITS", b->bits));
    TRI_TRY(tri_preloaded_set("TRIREME_PRELOAD_SERVE", b->serve));
    if (b->report) TRI_TRY(tri_preloaded_set("TRIREME_PRELOAD_REPORT", "1"));
    if (b->tuning) TRI_TRY(set_tuning(b->tuning));
    return tri_preloaded_become(&b->command);
}

int main(int argc, char **argv) {
    boost b = {0};
    return tri_preloaded_main(&app, &b, start, argc, argv);
}
