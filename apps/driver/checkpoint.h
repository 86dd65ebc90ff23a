/* The driver's loop over steps, with signals and checkpoints; app.h has the side of the programs.
 *
 * A checkpoint is an HDF5 file of global arrays, FILE; FILE.prev is the previous one. At any time at least
 * one of the two is complete, whichever process is killed. */
#ifndef TRIREME_APPS_CHECKPOINT_H
#define TRIREME_APPS_CHECKPOINT_H

#include "apps/driver/app.h"

/* From now on SIGUSR1, SIGTERM and SIGINT stop the program after the current step. */
void tri_stop_catch(void);

/* Checks the checkpoint options. Local; the same status on all ranks. */
tri_status tri_steps_check(const tri_run *run);

/* Runs all steps, from the beginning or from the checkpoint. TRI_STOPPED: a signal stopped the run and a
 * checkpoint was written. Collective; the same status on all ranks. */
tri_status tri_steps_run(tri_run *run, void *state);

#endif
