/* Pinned host memory. */
#include <stdlib.h>

#include "gpu/device.h"

static tri_status make(tri_gpu_pinned *p) {
    cl_int code = CL_SUCCESS;
    if (!p->bytes) return TRI_OK;
    p->memory =
        clCreateBuffer(p->gpu->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, p->bytes, NULL, &code);
    if (code == CL_SUCCESS)
        p->data = clEnqueueMapBuffer(p->gpu->up, p->memory, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, p->bytes,
                                     0, NULL, NULL, &code);
    if (code == CL_SUCCESS) return TRI_OK;
    return tri_fail(TRI_ERR_MEMORY, "device '%s' cannot allocate %zu bytes of pinned host memory: %s (%d)",
                    p->gpu->info.name, p->bytes, tri_cl_name(code), (int)code);
}

tri_status tri_gpu_pinned_create(tri_gpu *gpu, size_t bytes, tri_gpu_pinned **out) {
    tri_gpu_pinned *made = malloc(sizeof *made);
    if (!made) return tri_fail(TRI_ERR_MEMORY, "no memory for the record of pinned memory");
    *made = (tri_gpu_pinned){.gpu = gpu, .bytes = bytes};
    tri_status status = make(made);
    if (status == TRI_OK)
        *out = made;
    else
        tri_gpu_pinned_destroy(&made);
    return status;
}

void tri_gpu_pinned_destroy(tri_gpu_pinned **pinned) {
    if (!pinned || !*pinned) return;
    tri_gpu_pinned *p = *pinned;
    if (p->data) {
        clEnqueueUnmapMemObject(p->gpu->up, p->memory, p->data, 0, NULL, NULL);
        clFinish(p->gpu->up);
    }
    if (p->memory) clReleaseMemObject(p->memory);
    free(p);
    *pinned = NULL;
}

void *tri_gpu_pinned_data(const tri_gpu_pinned *pinned) {
    return pinned->data;
}
