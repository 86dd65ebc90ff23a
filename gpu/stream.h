/* A long vector through a kernel, piece by piece. Internal. */
#ifndef TRIREME_GPU_STREAM_H
#define TRIREME_GPU_STREAM_H

#include "gpu/launch.h"

/* A reduction by a kernel whose arguments are (x, offset, count, [first,] per_group, out, extra ...). */
typedef struct tri_stream {
    tri_kernel_id kernel;
    const tri_gpu_buffer *buffer; /* x is doubles of the buffer from element `offset` on; */
    size_t offset;
    const double *host; /* or host memory, where buffer is NULL */
    size_t count;
    bool indexed; /* the kernel has the argument `first` */
    uint64_t first;
    size_t unit;         /* pieces and groups begin at multiples of so many elements */
    size_t result_bytes; /* what the kernel leaves for each unit or group */
    bool by_unit;        /* for each unit; else for each group */
    size_t groups_most;  /* of one piece; 0: as many as are quick */
    const tri_arg *extra;
    size_t extras;
    /* Takes the results of one piece in; pieces come in order. */
    tri_status (*absorb)(void *context, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count);
    void *context;
} tri_stream;

TRI_MUST_CHECK tri_status tri_stream_run(tri_gpu *gpu, const tri_stream *stream);

#endif
