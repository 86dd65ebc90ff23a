/* One checkpoint file, for the loop over the steps. */
#ifndef TRIREME_APPS_CHECKPOINT_FILE_H
#define TRIREME_APPS_CHECKPOINT_FILE_H

#include "apps/driver/checkpoint.h"

/* Writes what comes behind run->step steps to --checkpoint FILE. whole: the FILE that is there is known to be good, so it
 * becomes FILE.prev. The same status on all ranks. */
tri_status tri_checkpoint_save(tri_run *run, void *state, int whole);

/* Reads `path` and sets run->step. The same status on all ranks; the text says why a file is refused. */
tri_status tri_checkpoint_load(tri_run *run, void *state, const char *path);

#endif
