#include "gpu/kernel.h"
#include "gpu/stream.h"

static tri_status absorb(void *into, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count) {
    (void)piece_first, (void)piece_count;
    double *sum = into;
    for (size_t i = 0; i < results_count; i++)
        *sum += ((const double *)results)[i];
    return TRI_OK;
}

static tri_status run(tri_gpu *gpu, const tri_gpu_buffer *buffer, size_t offset, const double *host,
                      size_t count, double *out) {
    double sum = 0;
    TRI_TRY(tri_stream_run(gpu, &(tri_stream){.kernel = TRI_KERNEL_plain,
                                              .buffer = buffer,
                                              .offset = offset,
                                              .host = host,
                                              .count = count,
                                              .unit = 64,
                                              .result_bytes = sizeof(double),
                                              .absorb = absorb,
                                              .context = &sum}));
    *out = sum;
    return TRI_OK;
}

tri_status tri_gpu_sum_plain(tri_gpu *gpu, const double *x, size_t count, double *out) {
    return run(gpu, NULL, 0, x, count, out);
}

tri_status tri_gpu_buffer_sum_plain(const tri_gpu_buffer *x, size_t offset, size_t count, double *out) {
    TRI_TRY(tri_gpu_buffer_check(x, offset, count, sizeof(double)));
    return run(x->gpu, x, offset, NULL, count, out);
}

static size_t out_bytes(size_t n) {
    (void)n;
    return sizeof(double);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_gpu_sum_plain(gpu, in->x, in->n, out);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    *(double *)out = tri_sum_plain(in->x, in->n);
    return TRI_OK;
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    (void)out, (void)out_offset;
    double sum;
    return tri_gpu_buffer_sum_plain(x, x_offset, n, &sum);
}

const tri_kernel tri_kernel_plain = {
    .info.name = "plain",
    .info.text = "sum in the fastest order",
    .info.flops_each = 1,
    .info.bytes_each = 8,
    /* The error of a sum is below n u sum |x| (Higham 2002, section 4.2), and far less with many partial
     * sums. */
    .tolerance = 1e-13,
    .out_bytes = out_bytes,
    .queue = queue,
    .device = device,
    .host = host,
};
