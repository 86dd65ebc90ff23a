#include "gpu/moments.h"

#include "gpu/kernel.h"
#include "gpu/stream.h"

static tri_status absorb(void *into, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count) {
    (void)piece_first;
    tri_moments *moments = into;
    const tri_moments_state *state = results;
    moments->totals.count += (int64_t)piece_count;
    for (size_t i = 0; i < results_count; i++) {
        tri_sum_merge(&moments->totals.sum, &state[i].sum);
        tri_squares_merge(&moments->totals.squares, &state[i].squares);
        tri_extremes extremes = {.min = {state[i].min, 0, state[i].min_index},
                                 .max = {state[i].max, 0, state[i].max_index}};
        tri_extremes_merge(&moments->extremes, &extremes);
    }
    return TRI_OK;
}

static tri_status run(tri_gpu *gpu, const tri_gpu_buffer *buffer, size_t offset, const double *host,
                      uint64_t first, size_t count, tri_moments *into) {
    return tri_stream_run(gpu, &(tri_stream){.kernel = TRI_KERNEL_moments,
                                             .buffer = buffer,
                                             .offset = offset,
                                             .host = host,
                                             .count = count,
                                             .indexed = true,
                                             .first = first,
                                             .unit = TRI_GPU_EXACT_UNIT,
                                             .result_bytes = sizeof(tri_moments_state),
                                             .absorb = absorb,
                                             .context = into});
}

tri_status tri_gpu_moments(tri_gpu *gpu, uint64_t first, const double *x, size_t count, tri_moments *into) {
    return run(gpu, NULL, 0, x, first, count, into);
}

tri_status tri_gpu_buffer_moments(const tri_gpu_buffer *x, size_t offset, uint64_t first, size_t count,
                                  tri_moments *into) {
    TRI_TRY(tri_gpu_buffer_check(x, offset, count, sizeof(double)));
    return run(x->gpu, x, offset, NULL, first, count, into);
}

static size_t out_bytes(size_t n) {
    (void)n;
    return sizeof(tri_moments);
}

enum { FIRST = 1000 };

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    tri_moments_clear(out);
    TRI_TRY(tri_gpu_moments(gpu, FIRST, in->x, in->n, out));
    tri_moments_normalise(out);
    return TRI_OK;
}

static tri_status host(const tri_kernel_input *in, void *out) {
    tri_moments_clear(out);
    tri_moments_add(out, FIRST, in->x, in->n);
    tri_moments_normalise(out);
    return TRI_OK;
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    (void)out, (void)out_offset;
    tri_moments moments;
    tri_moments_clear(&moments);
    return tri_gpu_buffer_moments(x, x_offset, 0, n, &moments);
}

const tri_kernel tri_kernel_moments = {
    .info.name = "moments",
    .info.text = "count, exact sum, exact sum of squares, extremes with their index, in one pass",
    .info.flops_each = 27,
    .info.bytes_each = 8,
    .out_bytes = out_bytes,
    .queue = queue,
    .device = device,
    .host = host,
};
