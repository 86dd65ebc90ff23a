/* A verdict on the page of doctor, and what the checks know. */
#ifndef TRIREME_APPS_DOCTOR_VERDICT_H
#define TRIREME_APPS_DOCTOR_VERDICT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "trireme/status.h"

/* X(name, word on the page): a failure keeps programs from running, a warning makes them slow or
 * surprising. */
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

/* How this process was started, according to the environment; also known if MPI does not work. */
typedef struct doctor_launch {
    const char *launcher; /* "mpirun of Open MPI", "mpirun of Hydra (MPICH, Intel MPI)", "srun"; NULL: none */
    const char *variable; /* name of the variable with the number of ranks */
    int rank, size;       /* 0 of 1 without a launcher */
    int local_size;       /* ranks on this node; 0: unknown */
} doctor_launch;

typedef struct doctor {
    /* Options. */
    const char *results; /* folder */
    int threads;         /* of each rank; 0: one per core */
    int timeout_s, environment;
    bool json, strict, verbose;

    doctor_launch launch;
    bool whole;        /* MPI has as many ranks as the launcher started */
    const char *check; /* the current check */
    json_t *verdicts;  /* of this process */
    json_t *loaded;    /* the probe's report on the libraries, before MPI_Init; NULL: it does not load */
    json_t *started;   /* the probe's report on MPI, after MPI_Init; NULL: MPI does not start */
    json_t *job;       /* reports of all ranks, on rank 0; NULL elsewhere */
} doctor;

/* Adds a verdict of the current check. `cure` may be NULL if nothing is wrong. */
void doctor_say(doctor *d, doctor_level level, const char *cure, const char *format, ...) TRI_PRINTF(4, 5);

/* Number of ranks on this node: from MPI, else from the launcher, else 1. */
int doctor_local_size(const doctor *d);

/* Reads the first line of a file, without its newline; "" if it cannot be read. Returns `line`. */
char *doctor_first_line(const char *path, char *line, size_t bytes);

#endif
