#include "gpu/staging.h"

#include <stdlib.h>

/* Larger ones are not kept. */
enum { KEPT_BYTES = 1 << 24 };

static void settle(tri_staging *s) {
    if (!s->busy) return;
    clWaitForEvents(1, &s->busy);
    clReleaseEvent(s->busy);
    s->busy = NULL;
}

static void release(tri_gpu *gpu, tri_staging *s) {
    settle(s);
    if (s->data) {
        clEnqueueUnmapMemObject(gpu->up, s->memory, s->data, 0, NULL, NULL);
        clFinish(gpu->up);
    }
    if (s->memory) clReleaseMemObject(s->memory);
    s->memory = NULL;
    s->data = NULL;
    s->bytes = 0;
}

static tri_status make(tri_gpu *gpu, tri_staging *s, size_t bytes) {
    cl_int code;
    s->memory = clCreateBuffer(gpu->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes, NULL, &code);
    if (code == CL_SUCCESS)
        s->data = clEnqueueMapBuffer(gpu->up, s->memory, CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0, bytes, 0,
                                     NULL, NULL, &code);
    if (code == CL_SUCCESS) {
        s->bytes = bytes;
        return TRI_OK;
    }
    release(gpu, s);
    return tri_fail(TRI_ERR_MEMORY, "device '%s' gives no %zu bytes of host memory to copy through: %s (%d)",
                    gpu->info.name, bytes, tri_cl_name(code), (int)code);
}

/* The one to take: large enough and idle at best, then large enough, then any. */
static tri_staging *choose(tri_gpu *gpu, size_t bytes) {
    tri_staging *best = NULL;
    for (tri_staging *s = gpu->staging; s < gpu->staging + TRI_GPU_STAGINGS; s++) {
        if (s->taken) continue;
        if (s->bytes >= bytes && !s->busy) return s;
        if (!best || (s->bytes >= bytes) > (best->bytes >= bytes)) best = s;
    }
    return best;
}

tri_status tri_staging_take(tri_gpu *gpu, size_t bytes, tri_staging **out) {
    tri_staging *s = choose(gpu, bytes);
    if (!s) return tri_fail(TRI_ERR_MEMORY, "too many copies at once on device '%s'", gpu->info.name);
    settle(s);
    if (s->bytes < bytes) {
        release(gpu, s);
        TRI_TRY(make(gpu, s, bytes));
    }
    s->taken = true;
    *out = s;
    return TRI_OK;
}

void tri_staging_give(tri_gpu *gpu, tri_staging *staging, cl_event busy) {
    staging->taken = false;
    staging->busy = busy;
    if (staging->bytes > KEPT_BYTES) release(gpu, staging);
}

void tri_staging_free_all(tri_gpu *gpu) {
    for (int i = 0; i < TRI_GPU_STAGINGS; i++)
        release(gpu, &gpu->staging[i]);
}
