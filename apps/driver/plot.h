/* Pictures, drawn by gnuplot. */
#ifndef TRIREME_APPS_PLOT_H
#define TRIREME_APPS_PLOT_H

#include <stdio.h>

#include "apps/driver/app.h"

/* Draws the SVG or PNG file `path`. `draw` writes gnuplot's commands and data behind the choice of the terminal, such as "svg
 * size 900,480". The picture appears under its name when it is whole; one that is there is replaced. One rank alone
 * calls it. TRI_ERR_ARGUMENT: a name that gnuplot does not take. TRI_ERR_FILE: there is no gnuplot, it failed, or
 * the disk is full. Else what `draw` returns. */
TRI_MUST_CHECK tri_status tri_plot(const char *path, const char *terminal,
                                   tri_status (*draw)(FILE *to, const void *argument), const void *argument);

/* TRI_ERR_ARGUMENT where gnuplot does not take the name. */
TRI_MUST_CHECK tri_status tri_plot_check(const char *path);

#endif
