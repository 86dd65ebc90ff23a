/* What the files of doctor share: the table of checks is in doctor.c, the checks are in doctor_*.c. */
#ifndef APPS_DOCTOR_H
#define APPS_DOCTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "trireme/status.h"

/* X(name, word on the page): a failure keeps programs from running, a warning makes them slow or surprising. */
#define DOCTOR_LEVELS(X)                                                                                     \
    X(FINE, "ok")                                                                                            \
    X(NOTE, "note")                                                                                          \
    X(WARNING, "warning")                                                                                    \
    X(FAILURE, "failure")

typedef enum doctor_level {
#define DOCTOR_LEVEL(name, word) DOCTOR_##name,
    DOCTOR_LEVELS(DOCTOR_LEVEL)
#undef DOCTOR_LEVEL
} doctor_level;

/* How this process was started, from the environment: true also where MPI does not work. */
typedef struct doctor_launch {
    const char *launcher; /* "mpirun of Open MPI", "mpirun of Hydra (MPICH, Intel MPI)", "srun"; NULL: none */
    const char *variable; /* that tells the number of ranks */
    int rank, size;       /* 0 of 1 without a launcher */
    int local_size;       /* ranks on this node, 0 where the launcher does not tell */
} doctor_launch;

typedef struct doctor {
    const char *results; /* folder */
    int threads;         /* asked for; 0: one for each core */
    int timeout_s;
    bool json, strict, verbose;

    doctor_launch launch;
    bool whole;        /* MPI knows of as many ranks as the launcher started */
    const char *check; /* the one that is running */
    json_t *verdicts;  /* of this process */
    json_t *loaded;  /* what the probe says of the libraries, before MPI is started; NULL: it does not run */
    json_t *started; /* and of MPI afterwards; NULL: MPI does not start */
    json_t *job;     /* and of all ranks, on rank 0; NULL elsewhere */
} doctor;

/* Adds a verdict of the check that is running. `cure` may be NULL where nothing is wrong. */
void doctor_say(doctor *d, doctor_level level, const char *cure, const char *format, ...) TRI_PRINTF(4, 5);

doctor_launch doctor_find_launch(void);

/* Ranks of this node: as MPI knows, else as the launcher said, else 1. */
int doctor_local_size(const doctor *d);

/* A number from the environment, the first of a list; 0 where it is not there or is none. */
int doctor_environment_number(const char *name);

/* The first line of a file, without its end; "" where it cannot be read. Returns `line`. */
char *doctor_first_line(const char *path, char *line, size_t bytes);

/* The folder, or the nearest one above it that is there, in which it would be made. */
void doctor_existing_folder(const char *folder, char *out, size_t bytes);

/* The child process in which MPI is tried (doctor_probe.c), and its other end. */
typedef struct doctor_probe doctor_probe;

/* Starts the probe and fills in loaded and started, with the verdicts on what is missing. */
doctor_probe *doctor_probe_start(doctor *d);

/* Hands over the verdicts of this process; rank 0 gets those of all ranks in d->job. */
void doctor_probe_gather(doctor_probe *probe, doctor *d);

/* Rank 0 tells every rank with which status to exit; all get it back. Ends the probe and frees it. */
int doctor_probe_finish(doctor_probe *probe, int status);

/* Checks of one process. */
void doctor_check_mpi(doctor *d);
void doctor_check_launch(doctor *d);
void doctor_check_cores(doctor *d);
void doctor_check_memory(doctor *d);
void doctor_check_opencl(doctor *d);
void doctor_check_hdf5(doctor *d);
void doctor_check_results(doctor *d);
void doctor_check_shm(doctor *d);
void doctor_check_cma(doctor *d);
void doctor_check_network(doctor *d);
void doctor_check_clock(doctor *d);

/* Checks over all ranks, from d->job. */
void doctor_check_binding(doctor *d);
void doctor_check_clocks(doctor *d);
void doctor_check_shared(doctor *d);

#endif
