/* A collective operation on device buffers, whichever it is. Internal. */
#ifndef TRIREME_GPU_COLLECTIVE_H
#define TRIREME_GPU_COLLECTIVE_H

#include "gpu/view.h"

typedef struct tri_collective {
    tri_operation operation;
    tri_gpu_span send, recv;
    size_t send_blocks, recv_blocks; /* on this rank; 0: the span does not matter here */
    size_t count;                    /* elements of a block; a vector is one block */
    tri_gpu_element element;
    tri_gpu_op op;
    int root;
    tri_comm *comm;
} tri_collective;

/* Vectors that are cut go in pieces of so many bytes, the same on every rank, since each piece is a collective
 * operation. Shorter ones gain nothing from pieces. */
enum { TRI_PIECE_BYTES = 1 << 22 };

MPI_Datatype tri_gpu_mpi_type(tri_gpu_element element);
MPI_Op tri_gpu_mpi_op(tri_gpu_op op);

/* The operation on memory that the host sees. */
TRI_MUST_CHECK tri_status tri_collective_call(const tri_collective *c, const void *send, void *recv,
                                              size_t count);

/* Runs it through views; the last copies to the device may be on their way afterwards. */
TRI_MUST_CHECK tri_status tri_collective_run(const tri_collective *c);
/* Reduce and allreduce where all ranks' vectors are remote: the devices combine. */
TRI_MUST_CHECK tri_status tri_collective_fold(const tri_collective *c);

#endif
