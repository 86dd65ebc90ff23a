/* The description of a collective operation on spans, and its execution on host memory. Internal. */
#ifndef TRIREME_GPU_COLLECTIVE_H
#define TRIREME_GPU_COLLECTIVE_H

#include "trireme/gpu_collectives.h"

typedef struct tri_gpu_collective {
    tri_operation operation;
    tri_gpu_span send, recv;
    size_t send_blocks, recv_blocks; /* on this rank; 0: the span is not significant */
    size_t count;                    /* elements of a block; a vector is one block */
    tri_gpu_element element;
    tri_gpu_op op;
    int root;
    tri_comm *comm;
} tri_gpu_collective;

/* Bytes of a piece of a pipelined vector. The same on every rank, since each piece is one collective call.
 * Vectors up to this size are not divided. */
enum { TRI_GPU_PIECE_BYTES = 1 << 22 };

/* MPI_DATATYPE_NULL and MPI_OP_NULL for invalid arguments. */
MPI_Datatype tri_gpu_mpi_type(tri_gpu_element element);
MPI_Op tri_gpu_mpi_op(tri_gpu_op op);

/* Executes the operation on host memory, `count` elements per block. Collective. */
TRI_MUST_CHECK tri_status tri_gpu_collective_call(const tri_gpu_collective *c, const void *send, void *recv,
                                                  size_t count);

#endif
