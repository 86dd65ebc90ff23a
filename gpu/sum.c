#include <string.h>

#include "gpu/kernel.h"
#include "gpu/stream.h"

static tri_status absorb(void *into, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count) {
    (void)piece_first, (void)piece_count;
    for (size_t i = 0; i < results_count; i++)
        tri_sum_merge(into, (const tri_sum *)results + i);
    return TRI_OK;
}

static tri_status run(tri_gpu *gpu, const tri_gpu_buffer *buffer, size_t offset, const double *host,
                      size_t count, tri_sum *into) {
    return tri_stream_run(gpu, &(tri_stream){.kernel = TRI_KERNEL_sum,
                                             .buffer = buffer,
                                             .offset = offset,
                                             .host = host,
                                             .count = count,
                                             .unit = TRI_GPU_EXACT_UNIT,
                                             .result_bytes = sizeof(tri_sum),
                                             .absorb = absorb,
                                             .context = into});
}

tri_status tri_gpu_sum(tri_gpu *gpu, const double *x, size_t count, tri_sum *into) {
    return run(gpu, NULL, 0, x, count, into);
}

tri_status tri_gpu_buffer_sum(const tri_gpu_buffer *x, size_t offset, size_t count, tri_sum *into) {
    TRI_TRY(tri_gpu_buffer_check(x, offset, count, sizeof(double)));
    return run(x->gpu, x, offset, NULL, count, into);
}

static size_t out_bytes(size_t n) {
    (void)n;
    return sizeof(tri_sum);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    tri_sum_clear(out);
    TRI_TRY(tri_gpu_sum(gpu, in->x, in->n, out));
    tri_sum_normalise(out);
    return TRI_OK;
}

static tri_status host(const tri_kernel_input *in, void *out) {
    tri_sum_clear(out);
    tri_sum_add_array(out, in->x, in->n);
    tri_sum_normalise(out);
    return TRI_OK;
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    (void)out, (void)out_offset;
    tri_sum sum = {{0}};
    return tri_gpu_buffer_sum(x, x_offset, n, &sum);
}

const tri_kernel tri_kernel_sum = {
    .info.name = "sum",
    .info.text = "exact sum: error-free extraction into an integer accumulator",
    .info.flops_each = 8,
    .info.bytes_each = 8,
    .out_bytes = out_bytes,
    .queue = queue,
    .device = device,
    .host = host,
};
