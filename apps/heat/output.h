/* Output of fields: HDF5 files, the XDMF file that describes them, pictures. */
#ifndef TRIREME_APPS_HEAT_OUTPUT_H
#define TRIREME_APPS_HEAT_OUTPUT_H

#include "apps/driver/app.h"

typedef enum heat_plot { HEAT_PLOT_NONE, HEAT_PLOT_PNG, HEAT_PLOT_SVG } heat_plot;

typedef struct heat_output {
    const char *prefix;        /* of all files: PREFIX-00000100.h5, PREFIX.xmf, PREFIX-00000100.png */
    size_t every;              /* steps; 0: only the last field */
    int plot;                  /* heat_plot */
    double spacing, step_time; /* between points, between steps */
} heat_output;

/* Whether the field after `step` of `steps` steps is written. */
int heat_output_due(const heat_output *output, size_t step, size_t steps);

/* Checks the options. */
tri_status heat_output_check(const heat_output *output);

/* Asks before the first step whether all files of the run may be written. TRI_ERR_FILE: one exists and may
 * not be replaced. Collective; the same status on all ranks. */
tri_status heat_output_begin(const heat_output *output, tri_run *run);

/* Writes this rank's `block` of the field after `step` steps. Collective; the same status on all ranks. */
tri_status heat_output_write(const heat_output *output, tri_run *run, const tri_grid_info *grid, size_t step,
                             const double *block);

#endif
