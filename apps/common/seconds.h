/* Times on the command line. */
#ifndef TRIREME_APPS_SECONDS_H
#define TRIREME_APPS_SECONDS_H

#include "trireme/status.h"

/* Reads "90", "90s", "10m", "2h" or "1d". `name`: of the option, for the error. TRI_ERR_ARGUMENT. */
TRI_MUST_CHECK tri_status tri_seconds_read(const char *name, const char *text, double *out);

#endif
