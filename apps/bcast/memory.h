/* A dataset of an HDF5 file on rank 0, in the memory of every rank. */
#ifndef TRIREME_APPS_BCAST_MEMORY_H
#define TRIREME_APPS_BCAST_MEMORY_H

#include "apps/common/split_file.h"

typedef struct bcast_memory {
    tri_dataset *source; /* on rank 0 */
    row_shape shape;
    size_t bytes, window; /* window: rows at a time */
    char *data;
} bcast_memory;

/* Opens `file` ("FILE.h5:/x") on rank 0 and allocates memory for the dataset on every rank. Collective.
 * Call bcast_memory_free() even after a failure. */
TRI_MUST_CHECK tri_status bcast_memory_open(tri_run *run, const char *file, size_t piece, bcast_memory *out);

/* Rank 0 reads and broadcasts. Collective. */
TRI_MUST_CHECK tri_status bcast_memory_run(tri_run *run, bcast_memory *m);

/* Compares checksums with rank 0. TRI_ERR_WRONG: they differ. Collective. */
TRI_MUST_CHECK tri_status bcast_memory_verify(tri_run *run, const bcast_memory *m);
void bcast_memory_free(bcast_memory *m);

#endif
