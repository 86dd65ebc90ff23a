/* One checkpoint file. */
#ifndef TRIREME_APPS_CHECKPOINT_FILE_H
#define TRIREME_APPS_CHECKPOINT_FILE_H

#include "apps/driver/checkpoint.h"

/* Writes the state after run->step steps to --checkpoint FILE. whole: the existing FILE is known to be
 * complete and becomes FILE.prev. Collective; the same status on all ranks. */
tri_status tri_checkpoint_save(tri_run *run, void *state, int whole);

/* Reads `path` and sets run->step. Collective; the same status on all ranks; the error text says why a
 * file is refused. */
tri_status tri_checkpoint_load(tri_run *run, void *state, const char *path);

#endif
