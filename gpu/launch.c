#include "gpu/launch.h"

#include <stdio.h>

tri_status tri_gpu_arguments(tri_gpu *gpu, tri_kernel_id kernel, cl_uint first, const tri_kernel_arg *args,
                             size_t args_count) {
    TRI_TRY(tri_gpu_need(gpu, kernel));
    for (cl_uint i = 0; i < args_count; i++) {
        cl_int code = clSetKernelArg(gpu->kernel[kernel], first + i, args[i].bytes, args[i].value);
        if (code == CL_SUCCESS) continue;
        char what[64];
        snprintf(what, sizeof what, "setting argument %u of kernel %d", (unsigned)(first + i), (int)kernel);
        return tri_cl(gpu, code, what);
    }
    return TRI_OK;
}

static tri_status launch_groups(tri_gpu *gpu, cl_command_queue queue, tri_kernel_id kernel, size_t groups,
                                const tri_kernel_arg *args, size_t args_count) {
    if (!groups) return TRI_OK;
    TRI_TRY(tri_gpu_arguments(gpu, kernel, 0, args, args_count));
    size_t local = gpu->one_item ? 1 : TRI_GPU_GROUP, global = groups * local;
    TRI_TRY(tri_cl(
        gpu, clEnqueueNDRangeKernel(queue, gpu->kernel[kernel], 1, NULL, &global, &local, 0, NULL, NULL),
        "starting a kernel"));
    return tri_cl(gpu, clFlush(queue), "starting a kernel");
}

tri_status tri_gpu_launch_groups(tri_gpu *gpu, tri_kernel_id kernel, size_t groups,
                                 const tri_kernel_arg *args, size_t args_count) {
    return launch_groups(gpu, gpu->queue, kernel, groups, args, args_count);
}

/* Minimum elements per group, to amortize its start, and groups per compute unit. */
enum { GROUP_LEAST_ITEM = 1 << 13, GROUP_LEAST_ITEMS = 4 * TRI_GPU_GROUP, GROUPS_PER_UNIT = 16 };

size_t tri_gpu_share(const tri_gpu *gpu, size_t count, size_t weight) {
    size_t least = gpu->one_item ? GROUP_LEAST_ITEM : GROUP_LEAST_ITEMS,
           groups = (size_t)gpu->info.compute_units * GROUPS_PER_UNIT, share = count / groups + 1;
    least = weight < least ? least / weight : 1;
    return (share + least - 1) / least * least;
}

tri_status tri_gpu_launch_on(tri_gpu *gpu, cl_command_queue queue, tri_kernel_id kernel, size_t count,
                             size_t weight, const tri_kernel_arg *args, size_t args_count) {
    if (!count) return TRI_OK;
    size_t share = tri_gpu_share(gpu, count, weight);
    cl_ulong count_arg = count, per_group = share;
    tri_kernel_arg last[] = {{sizeof count_arg, &count_arg}, {sizeof per_group, &per_group}};
    TRI_TRY(tri_gpu_arguments(gpu, kernel, (cl_uint)args_count, last, 2));
    return launch_groups(gpu, queue, kernel, (count + share - 1) / share, args, args_count);
}

tri_status tri_gpu_launch(tri_gpu *gpu, tri_kernel_id kernel, size_t count, const tri_kernel_arg *args,
                          size_t args_count) {
    return tri_gpu_launch_on(gpu, gpu->queue, kernel, count, 1, args, args_count);
}
