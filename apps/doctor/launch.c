/* The launcher of this process, and mpirun on this machine. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"

static const char OPEN_MPI[] = "mpirun of Open MPI", HYDRA[] = "mpirun of Hydra (MPICH, Intel MPI)";

/* The first number of an environment variable; 0: not set, or not a number. */
static int environment_number(const char *name) {
    const char *text = getenv(name);
    if (!text || !*text) return 0;
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    /* SLURM writes lists such as "4(x2),3": the first number stands for this node's. */
    return errno || !strchr("(,", *end) || value < 0 || value > 1 << 30 ? 0 : (int)value;
}

doctor_launch doctor_find_launch(void) {
    /* In this order: mpirun inside a SLURM job starts its daemons with srun, so ranks also have srun's
     * variables. */
    static const struct {
        const char *launcher, *size, *rank, *local;
    } known[] = {
        {OPEN_MPI, "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
        {HYDRA, "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"},
        {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        doctor_launch launch = {.launcher = known[i].launcher,
                                .variable = known[i].size,
                                .size = environment_number(known[i].size),
                                .rank = environment_number(known[i].rank),
                                .local_size = environment_number(known[i].local)};
        if (launch.size < 1) continue;
        if (!strcmp(launch.variable, "PMI_SIZE") && getenv("SLURM_STEP_ID"))
            launch.launcher = "srun --mpi=pmi2";
        return launch;
    }
    return (doctor_launch){.size = 1};
}

bool doctor_launch_is_foreign(const doctor *d) {
    const char *family = json_string_value(json_object_get(d->loaded, "mpi_family"));
    if (!d->launch.launcher || !family) return false;
    bool open_mpi = !strcmp(family, "Open MPI");
    return !strcmp(d->launch.launcher, open_mpi ? HYDRA : OPEN_MPI);
}

/* The first line that a command prints; "" if it does not run. */
static void first_output(const char *command, char *line, size_t bytes) {
    line[0] = 0;
    FILE *pipe = popen(command, "re");
    if (!pipe) return;
    if (!fgets(line, (int)bytes, pipe)) line[0] = 0;
    char rest[256];
    while (fgets(rest, sizeof rest, pipe)) {
    }
    pclose(pipe);
    line[strcspn(line, "\n")] = 0;
}

/* Without a launcher: checks the mpirun in PATH. */
static void check_mpirun(doctor *d) {
    char line[256];
    first_output("mpirun --version </dev/null 2>&1", line, sizeof line);
    bool open_mpi = strstr(line, "Open MPI") || strstr(line, "OpenRTE") || strstr(line, "PRRTE");
    bool hydra = strstr(line, "HYDRA") || strstr(line, "Intel(R) MPI");
    const char *family = json_string_value(json_object_get(d->loaded, "mpi_family"));
    if (!open_mpi && !hydra)
        doctor_say(d, DOCTOR_NOTE,
                   "load the site's MPI module, or install openmpi-bin; inside a job, use srun",
                   "single process, and no mpirun in PATH");
    else if (family && !strcmp(family, "Open MPI") && !open_mpi)
        doctor_say(d, DOCTOR_WARNING, "use mpirun.openmpi, or load the module of the build",
                   "mpirun in PATH (%s) is not Open MPI's, but these programs are built for Open MPI", line);
    else if (family && strcmp(family, "Open MPI") != 0 && open_mpi)
        doctor_say(d, DOCTOR_WARNING, "use mpirun.mpich, or load the module of the build",
                   "mpirun in PATH is Open MPI's, but these programs are built for %s", family);
    else if (open_mpi && geteuid() == 0 && !getenv("OMPI_ALLOW_RUN_AS_ROOT"))
        doctor_say(d, DOCTOR_WARNING, ". jobs/env.sh (it sets OMPI_ALLOW_RUN_AS_ROOT and .._CONFIRM)",
                   "single process; Open MPI's mpirun refuses to run as root");
    else
        doctor_say(d, DOCTOR_FINE, NULL, "single process; mpirun in PATH: %s", line);
}

void doctor_check_launch(doctor *d) {
    const doctor_launch *l = &d->launch;
    const char *family = json_string_value(json_object_get(d->loaded, "mpi_family"));
    int size = (int)json_integer_value(json_object_get(d->started, "size"));
    if (!l->launcher)
        check_mpirun(d);
    else if (d->started && size == l->size)
        doctor_say(d, DOCTOR_FINE, NULL, "%s started %d rank%s, and MPI sees all of them", l->launcher, size,
                   size == 1 ? "" : "s");
    else if (doctor_launch_is_foreign(d) || (d->started && strncmp(l->launcher, "srun", 4) != 0)) {
        char sees[48] = "does not start under it";
        if (d->started) snprintf(sees, sizeof sees, "sees %d", size);
        doctor_say(d, DOCTOR_FAILURE,
                   family && !strcmp(family, "Open MPI")
                       ? "use Open MPI's launcher (mpirun.openmpi), or build with the other MPI"
                       : "use the launcher of that MPI library (mpirun.mpich), or build with the other MPI",
                   "singletons: %s started %d rank%s (%s), but this program is built for %s, which %s",
                   l->launcher, l->size, l->size == 1 ? "" : "s", l->variable,
                   family ? family : "another MPI", sees);
    } else if (!d->started)
        doctor_say(d, DOCTOR_NOTE, "see mpi", "%s started %d rank%s, but MPI does not work", l->launcher,
                   l->size, l->size == 1 ? "" : "s");
    else
        doctor_say(
            d, DOCTOR_FAILURE,
            "srun --mpi=pmix (srun --mpi=list shows the plug-ins), or mpirun inside the job",
            "singletons: srun started %d tasks (%s), but MPI sees %d: each task would do the whole work",
            l->size, l->variable, size);
}
