/* The list of kernels. */
#include <string.h>

#include "gpu/kernel.h"

static const tri_kernel *const kernels[TRI_KERNEL_COUNT] = {
#define X(name) &tri_kernel_##name,
#include "gpu/kernels.def"
#undef X
};

const tri_gpu_kernel_info *tri_gpu_kernel(size_t index) {
    return index < TRI_KERNEL_COUNT ? &kernels[index]->info : NULL;
}

tri_status tri_gpu_kernel_run(size_t index, tri_gpu_buffer *out, const tri_gpu_buffer *x, size_t count) {
    if (index >= TRI_KERNEL_COUNT) return tri_fail(TRI_ERR_ARGUMENT, "invalid kernel index %zu", index);
    TRI_TRY(kernels[index]->queue(out, 0, x, 0, count));
    return tri_gpu_wait(x->gpu);
}

tri_status tri_gpu_prepare(tri_gpu *gpu, const char *name) {
    for (int id = 0; id < TRI_KERNEL_COUNT; id++)
        if (!strcmp(name, kernels[id]->info.name)) return tri_gpu_need(gpu, (tri_kernel_id)id);
    return tri_fail(TRI_ERR_ARGUMENT, "no kernel has the name '%s'", name);
}
