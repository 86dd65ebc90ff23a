/* Applies a reduction kernel to a long vector in pieces. Internal. */
#ifndef TRIREME_GPU_STREAM_H
#define TRIREME_GPU_STREAM_H

#include "gpu/launch.h"

/* A reduction by a kernel whose arguments are (x, offset, count, [first,] per_group, out, extra ...). */
typedef struct tri_stream {
    tri_kernel_id kernel;
    const tri_gpu_buffer *buffer; /* x is the buffer from element `offset` on; */
    size_t offset;
    const double *host; /* or host memory if buffer is NULL */
    size_t count;
    bool indexed; /* the kernel has the argument `first` */
    uint64_t first;
    size_t unit;         /* pieces and groups start at multiples of this, in elements */
    size_t result_bytes; /* of the result of each unit or group */
    bool by_unit;        /* one result per unit; else one per group */
    size_t groups_most;  /* limit per piece; 0: the default */
    const tri_kernel_arg *extra;
    size_t extras;
    /* Absorbs the results of one piece; called in the order of the pieces. */
    tri_status (*absorb)(void *context, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count);
    void *context;
} tri_stream;

TRI_MUST_CHECK tri_status tri_stream_run(tri_gpu *gpu, const tri_stream *stream);

#endif
