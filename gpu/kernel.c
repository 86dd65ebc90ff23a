#include "gpu/kernel.h"

#include <string.h>

enum { X_OFFSET = 1, OUT_OFFSET = 3, AFTER = 2 };
static const double poison = 0x1.badbadbadbadbp+77;

size_t tri_kernel_out_doubles(size_t n) {
    return n * sizeof(double);
}

/* Guard elements before and after the output. */
static size_t beside(size_t i, size_t n) {
    return i < OUT_OFFSET ? i : i + n;
}

static tri_status run(const tri_kernel_input *in, void *out, tri_gpu_buffer *x, tri_gpu_buffer *result,
                      tri_status (*call)(tri_gpu_buffer *, size_t, const tri_gpu_buffer *, size_t, size_t)) {
    const size_t each = sizeof(double);
    for (size_t i = 0; i < OUT_OFFSET + AFTER; i++)
        TRI_TRY(tri_gpu_buffer_write(result, beside(i, in->n) * each, &poison, each));
    TRI_TRY(tri_gpu_buffer_write(x, X_OFFSET * each, in->x, in->n * each));
    TRI_TRY(tri_gpu_buffer_write(result, OUT_OFFSET * each, in->y, in->n * each));
    TRI_TRY(call(result, OUT_OFFSET, x, X_OFFSET, in->n));
    TRI_TRY(tri_gpu_buffer_read(result, OUT_OFFSET * each, out, in->n * each));
    for (size_t i = 0; i < OUT_OFFSET + AFTER; i++) {
        double there;
        TRI_TRY(tri_gpu_buffer_read(result, beside(i, in->n) * each, &there, each));
        if (there != poison)
            return tri_fail(TRI_ERR_WRONG, "a kernel wrote outside its output of %zu elements", in->n);
    }
    return TRI_OK;
}

tri_status tri_kernel_on_buffers(tri_gpu *gpu, const tri_kernel_input *in, void *out,
                                 tri_status (*call)(tri_gpu_buffer *, size_t, const tri_gpu_buffer *, size_t,
                                                    size_t)) {
    tri_gpu_buffer *x = NULL, *result = NULL;
    tri_status status = tri_gpu_buffer_create(gpu, (X_OFFSET + in->n) * sizeof(double), &x);
    if (status == TRI_OK)
        status = tri_gpu_buffer_create(gpu, (OUT_OFFSET + in->n + AFTER) * sizeof(double), &result);
    if (status == TRI_OK) status = run(in, out, x, result, call);
    tri_gpu_buffer_destroy(&result);
    tri_gpu_buffer_destroy(&x);
    return status;
}
