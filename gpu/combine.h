/* Combining several vectors of a buffer. Internal. */
#ifndef TRIREME_GPU_COMBINE_H
#define TRIREME_GPU_COMBINE_H

#include "gpu/launch.h"

/* into[i] = from[(sources - 1) * stride + i] op (... (from[stride + i] op (from[i] op into[i]))). Offsets and
 * stride are in elements. */
typedef struct tri_gpu_combination {
    tri_gpu_element element;
    tri_gpu_op op;
    cl_mem into, from;
    size_t into_offset, from_offset, sources, stride;
} tri_gpu_combination;

/* Queues the combination of `count` elements. The caller has checked element and op. */
TRI_MUST_CHECK tri_status tri_gpu_combine_on(tri_gpu *gpu, cl_command_queue queue,
                                             const tri_gpu_combination *combination, size_t count);

#endif
