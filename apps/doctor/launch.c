/* How this process was started, and what mpirun would do here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/doctor/doctor.h"

int doctor_environment_number(const char *name) {
    const char *text = getenv(name);
    if (!text || !*text) return 0;
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    /* SLURM writes lists as "4(x2),3": this node's number is not known then, but the first is as good. */
    return errno || !strchr("(,", *end) || value < 0 || value > 1 << 30 ? 0 : (int)value;
}

doctor_launch doctor_find_launch(void) {
    /* In this order: mpirun inside a SLURM job starts its daemons by srun, whose variables the ranks then see. */
    static const struct {
        const char *launcher, *size, *rank, *local;
    } known[] = {
        {"mpirun of Open MPI", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE"},
        {"mpirun of Hydra (MPICH, Intel MPI)", "PMI_SIZE", "PMI_RANK", "MPI_LOCALNRANKS"},
        {"srun", "SLURM_STEP_NUM_TASKS", "SLURM_PROCID", "SLURM_STEP_TASKS_PER_NODE"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        doctor_launch launch = {.launcher = known[i].launcher,
                                .variable = known[i].size,
                                .size = doctor_environment_number(known[i].size),
                                .rank = doctor_environment_number(known[i].rank),
                                .local_size = doctor_environment_number(known[i].local)};
        if (launch.size < 1) continue;
        if (!strcmp(launch.variable, "PMI_SIZE") && getenv("SLURM_STEP_ID"))
            launch.launcher = "srun --mpi=pmi2";
        return launch;
    }
    return (doctor_launch){.size = 1};
}

/* The first line that a command prints; "" where it does not run. */
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

/* Without a launcher: would the mpirun in PATH do? */
static void check_mpirun(doctor *d) {
    char line[256];
    first_output("mpirun --version </dev/null 2>&1", line, sizeof line);
    bool open_mpi = strstr(line, "Open MPI") || strstr(line, "OpenRTE") || strstr(line, "PRRTE");
    bool hydra = strstr(line, "HYDRA") || strstr(line, "Intel(R) MPI");
    const char *family = json_string_value(json_object_get(d->loaded, "mpi_family"));
    if (!open_mpi && !hydra)
        doctor_say(d, DOCTOR_NOTE,
                   "load the site's MPI module, or install openmpi-bin; in a job srun will do",
                   "no launcher: this process is alone, and there is no mpirun in PATH");
    else if (family && !strcmp(family, "Open MPI") && !open_mpi)
        doctor_say(d, DOCTOR_WARNING, "use mpirun.openmpi, or load the module with which this was built",
                   "mpirun in PATH (%s) is not Open MPI's, for which these programs are built", line);
    else if (family && strcmp(family, "Open MPI") != 0 && open_mpi)
        doctor_say(d, DOCTOR_WARNING, "use mpirun.mpich, or load the module with which this was built",
                   "mpirun in PATH is Open MPI's; these programs are built for %s", family);
    else if (open_mpi && geteuid() == 0 && !getenv("OMPI_ALLOW_RUN_AS_ROOT"))
        doctor_say(d, DOCTOR_WARNING, ". jobs/env.sh (it sets OMPI_ALLOW_RUN_AS_ROOT and .._CONFIRM)",
                   "no launcher: this process is alone, and Open MPI's mpirun refuses to start as root");
    else
        doctor_say(d, DOCTOR_FINE, NULL, "no launcher: this process is alone; mpirun is there: %s", line);
}

void doctor_check_launch(doctor *d) {
    const doctor_launch *l = &d->launch;
    const char *family = json_string_value(json_object_get(d->loaded, "mpi_family"));
    int size = (int)json_integer_value(json_object_get(d->started, "size"));
    if (!l->launcher)
        check_mpirun(d);
    else if (!d->started)
        doctor_say(d, DOCTOR_NOTE, "see mpi", "%s started %d rank%s; MPI itself does not work", l->launcher,
                   l->size, l->size == 1 ? "" : "s");
    else if (size == l->size)
        doctor_say(d, DOCTOR_FINE, NULL, "%s started %d rank%s, and MPI knows of all", l->launcher, size,
                   size == 1 ? "" : "s");
    else if (!strncmp(l->launcher, "srun", 4))
        doctor_say(
            d, DOCTOR_FAILURE,
            "srun --mpi=pmix (srun --mpi=list shows what there is), or mpirun inside the job",
            "singletons: srun started %d tasks (%s), but MPI sees %d: each would do the whole work alone",
            l->size, l->variable, size);
    else
        doctor_say(d, DOCTOR_FAILURE,
                   family && !strcmp(family, "Open MPI")
                       ? "start it with Open MPI's own launcher (mpirun.openmpi), or build with the other MPI"
                       : "start it with the launcher of that MPI library (mpirun.mpich), or build with the "
                         "other MPI",
                   "singletons: %s started %d ranks (%s), but this program is built for %s, which sees %d",
                   l->launcher, l->size, l->variable, family ? family : "another MPI", size);
}
