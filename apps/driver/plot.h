/* Pictures, drawn by gnuplot. */
#ifndef TRIREME_APPS_PLOT_H
#define TRIREME_APPS_PLOT_H

#include <stdio.h>

#include "apps/driver/app.h"

/* Draws the SVG or PNG file `path` with gnuplot's `terminal`, such as "svg size 900,480". `draw` writes
 * gnuplot's commands and data. The file appears under its name when it is complete and replaces an
 * existing one. Local; one rank calls it. TRI_ERR_ARGUMENT: gnuplot does not accept the name.
 * TRI_ERR_FILE: gnuplot is missing or failed, or the disk is full. Otherwise the status of `draw`. */
TRI_MUST_CHECK tri_status tri_plot(const char *path, const char *terminal,
                                   tri_status (*draw)(FILE *to, const void *argument), const void *argument);

/* TRI_ERR_ARGUMENT: gnuplot does not accept the name. */
TRI_MUST_CHECK tri_status tri_plot_check(const char *path);

#endif
