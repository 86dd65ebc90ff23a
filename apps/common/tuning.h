/* Tuning files: which calls of a machine and an MPI library are faster by this library. `tune` writes them,
 * `boost` reads them; they are text, since boost links no HDF5:
 *
 *     trireme tuning 1
 *     machine Xeon ..., 2 cores
 *     mpi Open MPI 4.1.4
 *     shape 2x1:barrier=1,bcast=3fff8      ranks x nodes, and bits of size classes (preload/settings.h)
 */
#ifndef TRIREME_APPS_TUNING_H
#define TRIREME_APPS_TUNING_H

#include <stddef.h>

#include "trireme/status.h"

enum { TRI_TUNING_SHAPES = 24, TRI_TUNING_LINE = 1024 };

typedef struct tri_tuning {
    char machine[256], mpi[128];
    int shapes;
    char shape[TRI_TUNING_SHAPES][TRI_TUNING_LINE];
} tri_tuning;

/* This machine and the MPI library of this build, without shapes. */
void tri_tuning_here(tri_tuning *out);

/* TRI_ERR_FILE: cannot be read; TRI_ERR_DATA: is no tuning file. */
tri_status tri_tuning_read(const char *path, tri_tuning *out);

/* Adds a shape, or replaces that of the same ranks and nodes. TRI_ERR_ARGUMENT: there are too many. */
tri_status tri_tuning_set(tri_tuning *tuning, const char *shape);

/* The first line of the files. */
#define TRI_TUNING_FIRST "trireme tuning 1"

#endif
