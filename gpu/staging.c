#include "gpu/staging.h"

/* Larger buffers are freed after use. */
enum { KEPT_BYTES = 1 << 24 };

static size_t bytes_of(const tri_staging *s) {
    return s->pinned ? s->pinned->bytes : 0;
}

static void settle(tri_staging *s) {
    if (!s->busy) return;
    clWaitForEvents(1, &s->busy);
    clReleaseEvent(s->busy);
    s->busy = NULL;
}

static void release(tri_staging *s) {
    settle(s);
    tri_gpu_pinned_destroy(&s->pinned);
}

/* The best free buffer: large enough and idle, else large enough, else any. */
static tri_staging *choose(tri_gpu *gpu, size_t bytes) {
    tri_staging *best = NULL;
    for (tri_staging *s = gpu->staging; s < gpu->staging + TRI_GPU_STAGINGS; s++) {
        if (s->taken) continue;
        if (bytes_of(s) >= bytes && !s->busy) return s;
        if (!best || (bytes_of(s) >= bytes) > (bytes_of(best) >= bytes)) best = s;
    }
    return best;
}

tri_status tri_staging_take(tri_gpu *gpu, size_t bytes, tri_staging **out) {
    tri_staging *s = choose(gpu, bytes);
    if (!s) return tri_fail(TRI_ERR_MEMORY, "too many concurrent copies on device '%s'", gpu->info.name);
    settle(s);
    if (bytes_of(s) < bytes) {
        release(s);
        TRI_TRY(tri_gpu_pinned_create(gpu, bytes, &s->pinned));
    }
    s->taken = true;
    *out = s;
    return TRI_OK;
}

void tri_staging_give(tri_staging *staging, cl_event busy) {
    staging->taken = false;
    staging->busy = busy;
    if (bytes_of(staging) > KEPT_BYTES) release(staging);
}

void tri_staging_free_all(tri_gpu *gpu) {
    for (int i = 0; i < TRI_GPU_STAGINGS; i++)
        release(&gpu->staging[i]);
}
