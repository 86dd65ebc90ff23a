/* Starting a kernel over a range of elements. Internal. */
#ifndef TRIREME_GPU_LAUNCH_H
#define TRIREME_GPU_LAUNCH_H

#include "gpu/device.h"

/* One argument of a kernel, as clSetKernelArg takes it. */
typedef struct tri_arg {
    size_t bytes;
    const void *value;
} tri_arg;

TRI_MUST_CHECK tri_status tri_gpu_arguments(tri_gpu *gpu, tri_kernel_id kernel, cl_uint first,
                                            const tri_arg *args, size_t args_count);

/* Queues a kernel that works on `count` elements, each of them alone. Its arguments are `args`, then ulong count,
 * then ulong per_group (see EACH in gpu/common.cl). */
TRI_MUST_CHECK tri_status tri_gpu_launch(tri_gpu *gpu, tri_kernel_id kernel, size_t count,
                                         const tri_arg *args, size_t args_count);

/* Queues `groups` work-groups; all arguments are in `args`. */
TRI_MUST_CHECK tri_status tri_gpu_launch_groups(tri_gpu *gpu, tri_kernel_id kernel, size_t groups,
                                                const tri_arg *args, size_t args_count);

#endif
