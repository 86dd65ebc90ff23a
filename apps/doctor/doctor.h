/* What doctor.c calls: the checks, the launcher, and the child process that tries MPI. */
#ifndef TRIREME_APPS_DOCTOR_H
#define TRIREME_APPS_DOCTOR_H

#include "apps/doctor/verdict.h"

/* ---- launch.c ---- */

doctor_launch doctor_find_launch(void);

/* Whether the launcher belongs to another MPI library than the one that the programs are built for. Two such
 * singletons may also disturb each other, so that MPI does not start. */
bool doctor_launch_is_foreign(const doctor *d);

/* ---- folder.c, also linked into doctor-probe ---- */

/* `folder`, or its nearest parent that exists. */
void doctor_existing_folder(const char *folder, char *out, size_t bytes);

/* ---- mpi.c: the child process in which MPI is tried (probe.c) ---- */

typedef struct doctor_probe doctor_probe;

/* Starts the probe, sets d->loaded and d->started, and adds a verdict if one of them is missing. */
doctor_probe *doctor_probe_start(doctor *d);

/* Sends the verdicts of this process; rank 0 receives those of all ranks in d->job. */
void doctor_probe_gather(doctor_probe *probe, doctor *d);

/* Broadcasts rank 0's exit status, ends the probe and frees it. Returns the status. */
int doctor_probe_finish(doctor_probe *probe, int status);

/* ---- Checks of one process ---- */

void doctor_check_mpi(doctor *d);
void doctor_check_launch(doctor *d);
void doctor_check_cores(doctor *d);
void doctor_check_memory(doctor *d);
void doctor_check_limits(doctor *d);
void doctor_check_opencl(doctor *d);
void doctor_check_hdf5(doctor *d);
void doctor_check_results(doctor *d);
void doctor_check_tmp(doctor *d);
void doctor_check_shm(doctor *d);
void doctor_check_cma(doctor *d);
void doctor_check_network(doctor *d);
void doctor_check_clock(doctor *d);

/* ---- Checks over all ranks, from d->job (map.c) ---- */

void doctor_check_binding(doctor *d);
void doctor_check_clocks(doctor *d);
void doctor_check_shared(doctor *d);

#endif
