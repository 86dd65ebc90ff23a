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

/* Elements of each group where `count` elements are worked on, each of them alone. */
size_t tri_gpu_share(const tri_gpu *gpu, size_t count, size_t weight);

/* Queues a kernel that works on `count` elements, each of them alone. Its arguments are `args`, then ulong count,
 * then ulong per_group (see EACH in gpu/common.cl). */
TRI_MUST_CHECK tri_status tri_gpu_launch(tri_gpu *gpu, tri_kernel_id kernel, size_t count,
                                         const tri_arg *args, size_t args_count);

/* The same on another queue than the device's first, with elements that are each worth `weight` usual ones. */
TRI_MUST_CHECK tri_status tri_gpu_launch_on(tri_gpu *gpu, cl_command_queue queue, tri_kernel_id kernel,
                                            size_t count, size_t weight, const tri_arg *args,
                                            size_t args_count);

/* Queues `groups` work-groups; all arguments are in `args`. */
TRI_MUST_CHECK tri_status tri_gpu_launch_groups(tri_gpu *gpu, tri_kernel_id kernel, size_t groups,
                                                const tri_arg *args, size_t args_count);

/* into[i] = from[(sources - 1) * stride + i] op (... (from[stride + i] op (from[i] op into[i]))), on a queue. What is wrong
 * with type or operation is tri_gpu_combine()'s to find. Internal to collectives and tri_gpu_combine(). */
typedef struct tri_fold {
    tri_gpu_element element;
    tri_gpu_op op;
    cl_mem into, from;
    size_t into_offset, from_offset, sources, stride;
} tri_fold;
TRI_MUST_CHECK tri_status tri_gpu_fold(tri_gpu *gpu, cl_command_queue queue, const tri_fold *fold,
                                       size_t count);

#endif
