/* A dataset of an HDF5 file that only rank 0 sees, in the memory of every rank. */
#ifndef TRIREME_APPS_BCAST_MEMORY_H
#define TRIREME_APPS_BCAST_MEMORY_H

#include "apps/common/split_file.h"

typedef struct bcast_memory {
    tri_dataset *source; /* rank 0's */
    row_shape shape;
    size_t bytes, window; /* window: rows at a time */
    char *data;
} bcast_memory;

/* Opens `file` ("FILE.h5:/x") on rank 0 and takes memory for all of it on every rank. Collective. On failure it is to be
 * freed too. */
TRI_MUST_CHECK tri_status bcast_memory_open(tri_run *run, const char *file, size_t piece, bcast_memory *out);

/* Rank 0 reads, all receive. Collective. */
TRI_MUST_CHECK tri_status bcast_memory_run(tri_run *run, bcast_memory *m);

/* Whether this rank's bytes have the checksum of rank 0's. Collective. */
TRI_MUST_CHECK tri_status bcast_memory_verify(tri_run *run, const bcast_memory *m);
void bcast_memory_free(bcast_memory *m);

#endif
