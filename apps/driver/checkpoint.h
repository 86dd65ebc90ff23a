/* Programs that run in steps, from the driver's side: the loop, the signals, the checkpoints (app.h has the programs').
 *
 * A checkpoint is an HDF5 file of global arrays, FILE; FILE.prev is the one before it. At every moment one of the two is
 * whole, whatever is killed. */
#ifndef TRIREME_APPS_CHECKPOINT_H
#define TRIREME_APPS_CHECKPOINT_H

#include "apps/driver/app.h"

/* From here on SIGUSR1, SIGTERM and SIGINT stop the program behind the step that is under way. */
void tri_stop_catch(void);

/* What the options say is possible: the same on all ranks. */
tri_status tri_steps_check(const tri_run *run);

/* Runs all steps, from the beginning or from the checkpoint. TRI_STOPPED, agreed on, where a signal stopped it and a
 * checkpoint was written. Collective. */
tri_status tri_steps_run(tri_run *run, void *state);

#endif
