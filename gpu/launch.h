/* Launches a kernel over a range of elements. Internal. */
#ifndef TRIREME_GPU_LAUNCH_H
#define TRIREME_GPU_LAUNCH_H

#include "gpu/device.h"

/* One argument of a kernel, as for clSetKernelArg(). */
typedef struct tri_kernel_arg {
    size_t bytes;
    const void *value;
} tri_kernel_arg;

/* Sets arguments of a kernel, and makes the kernel first if it is not there. */
TRI_MUST_CHECK tri_status tri_gpu_arguments(tri_gpu *gpu, tri_kernel_id kernel, cl_uint first,
                                            const tri_kernel_arg *args, size_t args_count);

/* The number of elements per group for `count` independent elements, each worth `weight` usual ones. */
size_t tri_gpu_share(const tri_gpu *gpu, size_t count, size_t weight);

/* Queues an element-wise kernel on `count` elements. Its arguments are `args`, then ulong count, then ulong
 * per_group (see EACH in gpu/common.cl). */
TRI_MUST_CHECK tri_status tri_gpu_launch(tri_gpu *gpu, tri_kernel_id kernel, size_t count,
                                         const tri_kernel_arg *args, size_t args_count);

/* The same on a given queue. The work of one element is that of `weight` usual ones. */
TRI_MUST_CHECK tri_status tri_gpu_launch_on(tri_gpu *gpu, cl_command_queue queue, tri_kernel_id kernel,
                                            size_t count, size_t weight, const tri_kernel_arg *args,
                                            size_t args_count);

/* Queues `groups` work-groups with exactly the arguments `args`. */
TRI_MUST_CHECK tri_status tri_gpu_launch_groups(tri_gpu *gpu, tri_kernel_id kernel, size_t groups,
                                                const tri_kernel_arg *args, size_t args_count);

#endif
