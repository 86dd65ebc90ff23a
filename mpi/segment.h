/* Memory that the ranks of a node share. For mpi/ alone. */
#ifndef TRI_MPI_SEGMENT_H
#define TRI_MPI_SEGMENT_H

#include <mpi.h>
#include <stddef.h>

#include "trireme/comm.h"

typedef struct tri_segment {
    char *base; /* NULL: none */
    size_t bytes;
} tri_segment;

/* How a segment comes to all ranks. Neither leaves anything behind: memory without a name ends with its last
 * process; a name in /dev/shm is taken away as soon as all have opened it. */
typedef enum tri_segment_kind { TRI_SEGMENT_NAMELESS, TRI_SEGMENT_NAMED, TRI_SEGMENT_KINDS } tri_segment_kind;

/* Collective over `mpi`, whose ranks are on one node. `bytes` is rank 0's. The memory is zero. Where a rank
 * cannot have it, out->base is NULL on all of them, which is no failure. TRI_ERR_MPI. */
tri_status tri_segment_create(MPI_Comm mpi, size_t bytes, tri_segment *out);
tri_status tri_segment_create_by(MPI_Comm mpi, tri_segment_kind kind, size_t bytes, tri_segment *out);

void tri_segment_destroy(tri_segment *segment);

#endif
