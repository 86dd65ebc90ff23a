#include <string.h>

#include "base/sum_kernels.h"
#include "gpu/kernel.h"
#include "gpu/stream.h"

typedef struct target {
    int64_t *counts, *below, *above, *nan;
    size_t bins;
} target;

static tri_status absorb(void *context, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count) {
    (void)piece_first, (void)piece_count;
    target *t = context;
    const uint32_t *group = results;
    for (size_t g = 0; g < results_count; g++, group += t->bins + 3) {
        for (size_t bin = 0; bin < t->bins; bin++)
            t->counts[bin] += group[bin];
        *t->below += group[t->bins];
        *t->above += group[t->bins + 1];
        *t->nan += group[t->bins + 2];
    }
    return TRI_OK;
}

/* Limit on the counts of all groups of a piece, which are held together. */
enum { RESULTS_BYTES = 1 << 26 };

static tri_status run(tri_gpu *gpu, const tri_gpu_buffer *buffer, size_t offset, const double *host,
                      size_t count, double low, double high, target t) {
    tri_bins b;
    TRI_TRY(tri_bins_make(low, high, t.bins, &b));
    cl_ulong bins = t.bins;
    cl_int search = b.search, halves = b.halves;
    tri_kernel_arg extra[] = {
        {sizeof b.low, &b.low},   {sizeof b.high, &b.high},   {sizeof b.start, &b.start},
        {sizeof b.step, &b.step}, {sizeof b.slope, &b.slope}, {sizeof b.offset, &b.offset},
        {sizeof halves, &halves}, {sizeof search, &search},   {sizeof bins, &bins}};
    size_t bytes = (t.bins + 3) * sizeof(uint32_t);
    return tri_stream_run(gpu, &(tri_stream){.kernel = TRI_KERNEL_histogram,
                                             .buffer = buffer,
                                             .offset = offset,
                                             .host = host,
                                             .count = count,
                                             .unit = 1024,
                                             .result_bytes = bytes,
                                             .groups_most = RESULTS_BYTES / bytes + 1,
                                             .extra = extra,
                                             .extras = sizeof extra / sizeof *extra,
                                             .absorb = absorb,
                                             .context = &t});
}

tri_status tri_gpu_histogram(tri_gpu *gpu, const double *x, size_t count, double low, double high,
                             size_t bins, int64_t *counts, int64_t *below, int64_t *above, int64_t *nan) {
    return run(gpu, NULL, 0, x, count, low, high, (target){counts, below, above, nan, bins});
}

enum { BINS = 37, COUNTS = BINS + 3 };

static size_t out_bytes(size_t n) {
    (void)n;
    return COUNTS * sizeof(int64_t);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    int64_t *counts = memset(out, 0, COUNTS * sizeof *counts);
    return tri_gpu_histogram(gpu, in->x, in->n, -1, 1.5, BINS, counts, counts + BINS, counts + BINS + 1,
                             counts + BINS + 2);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    int64_t *counts = memset(out, 0, COUNTS * sizeof *counts);
    return tri_histogram_add(in->x, in->n, -1, 1.5, BINS, counts, counts + BINS, counts + BINS + 1,
                             counts + BINS + 2);
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    (void)out, (void)out_offset;
    int64_t counts[COUNTS] = {0};
    TRI_TRY(tri_gpu_buffer_check(x, x_offset, n, sizeof(double)));
    return run(x->gpu, x, x_offset, NULL, n, -1, 1.5,
               (target){counts, counts + BINS, counts + BINS + 1, counts + BINS + 2, BINS});
}

const tri_kernel tri_kernel_histogram = {
    .info.name = "histogram",
    .info.text = "counts in equal bins",
    .info.flops_each = 2,
    .info.bytes_each = 8,
    .out_bytes = out_bytes,
    .queue = queue,
    .device = device,
    .host = host,
};
