/* Pictures, drawn by gnuplot. */
#ifndef TRIREME_APPS_PLOT_H
#define TRIREME_APPS_PLOT_H

#include <stdio.h>

#include "apps/driver/app.h"

/* Draws the SVG or PNG file `path` with gnuplot's `terminal`, such as "svg size 900,480". `draw` writes
 * gnuplot's commands and data; gnuplot writes to its standard output, which is the file. The file appears
 * under its name when it is complete; replace: it may replace an existing one. Local; one rank calls it.
 * TRI_ERR_FILE: gnuplot is missing or failed, the disk is full, or the file exists. Otherwise the status of
 * `draw`. */
TRI_MUST_CHECK tri_status tri_plot(const char *path, int replace, const char *terminal,
                                   tri_status (*draw)(FILE *to, const void *argument), const void *argument);

/* Whether tri_plot() may write `path`, to be asked before the work. Local; the ranks but 0 succeed. */
TRI_MUST_CHECK tri_status tri_plot_check(const tri_run *run, const char *path);

/* Writes a text in quotation marks, as gnuplot takes it literally (with `noenhanced`). */
void tri_plot_text(FILE *to, const char *text);

#endif
