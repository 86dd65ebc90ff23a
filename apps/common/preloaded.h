/* What starts a program under libtrireme-preload.so: boost, profile and their kin. No MPI, and not the
 * library. */
#ifndef TRIREME_APPS_PRELOADED_H
#define TRIREME_APPS_PRELOADED_H

#include "apps/driver/app.h"

/* Puts the library and a mode in the environment. Launchers of several modes may follow each other.
 * TRI_ERR_ABSENT: there is no library. TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status tri_preloaded_add(const char *mode);

/* Sets a variable for the library. TRI_ERR_MEMORY. */
TRI_MUST_CHECK tri_status tri_preloaded_set(const char *name, const char *value);

/* Becomes the program (exec): the launcher sees the program's own status and signals, and no process but the
 * program has the library. Returns only after a failure: TRI_ERR_ABSENT. command ends with NULL, as the array
 * of main() does. */
TRI_MUST_CHECK tri_status tri_preloaded_become(const tri_texts *command);

/* The main() of such a program, whose work for TRI_ACTION_RUN is `start`. One rank answers. */
int tri_preloaded_main(const tri_app *app, void *state, tri_status (*start)(void *state), int argc,
                       char **argv);

#endif
