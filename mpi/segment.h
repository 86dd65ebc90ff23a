/* Memory shared by the ranks of a node. Only for mpi/. */
#ifndef TRI_MPI_SEGMENT_H
#define TRI_MPI_SEGMENT_H

#include <stddef.h>

#include "mpi/comm.h"

typedef struct tri_segment {
    char *base; /* NULL: no segment */
    size_t bytes;
} tri_segment;

/* How the segment is created: as anonymous memory (memfd), which ends with its last process, or as a file
 * in /dev/shm, which is unlinked as soon as all ranks have opened it. Neither leaves anything behind. */
typedef enum tri_segment_kind { TRI_SEGMENT_NAMELESS, TRI_SEGMENT_NAMED, TRI_SEGMENT_KINDS } tri_segment_kind;

/* Collective over `peers`, which share a node. `bytes` is taken from rank 0. The memory is zeroed. If
 * any rank cannot map it, out->base is NULL on all ranks; this is not an error. TRI_ERR_MPI. */
tri_status tri_segment_create(const tri_peers *peers, size_t bytes, tri_segment *out);
tri_status tri_segment_create_by(const tri_peers *peers, tri_segment_kind kind, size_t bytes,
                                 tri_segment *out);

void tri_segment_destroy(tri_segment *segment);

#endif
