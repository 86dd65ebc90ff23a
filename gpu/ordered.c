#include <string.h>

#include "gpu/kernel.h"
#include "gpu/stream.h"

typedef struct target {
    tri_ordered *into;
    uint64_t first_block;
} target;

static tri_status absorb(void *context, const void *results, size_t results_count, size_t piece_first,
                         size_t piece_count) {
    (void)piece_count;
    target *t = context;
    const double *sums = results;
    uint64_t block = t->first_block + piece_first / TRI_ORDERED_BLOCK;
    enum { BATCH = 256 };
    tri_ordered_node node[BATCH];
    for (size_t done = 0, n; done < results_count; done += n) {
        n = results_count - done < BATCH ? results_count - done : BATCH;
        for (size_t i = 0; i < n; i++)
            node[i] = (tri_ordered_node){.level = 0, .index = block + done + i, .value = sums[done + i]};
        TRI_TRY(tri_ordered_append(t->into, node, n));
    }
    return TRI_OK;
}

static tri_status run(tri_gpu *gpu, const tri_gpu_buffer *buffer, size_t offset, const double *host,
                      uint64_t first_block, size_t count, tri_ordered *into) {
    target t = {.into = into, .first_block = first_block};
    return tri_stream_run(gpu, &(tri_stream){.kernel = TRI_KERNEL_ordered,
                                             .buffer = buffer,
                                             .offset = offset,
                                             .host = host,
                                             .count = count,
                                             .unit = TRI_ORDERED_BLOCK,
                                             .by_unit = true,
                                             .result_bytes = sizeof(double),
                                             .absorb = absorb,
                                             .context = &t});
}

tri_status tri_gpu_ordered(tri_gpu *gpu, uint64_t first_block, const double *x, size_t count,
                           tri_ordered *into) {
    return run(gpu, NULL, 0, x, first_block, count, into);
}

tri_status tri_gpu_buffer_ordered(const tri_gpu_buffer *x, size_t offset, uint64_t first_block, size_t count,
                                  tri_ordered *into) {
    TRI_TRY(tri_gpu_buffer_check(x, offset, count, sizeof(double)));
    return run(x->gpu, x, offset, NULL, first_block, count, into);
}

static size_t out_bytes(size_t n) {
    (void)n;
    return sizeof(tri_ordered);
}

enum { FIRST_BLOCK = 5 };

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    memset(out, 0, sizeof(tri_ordered));
    return tri_gpu_ordered(gpu, FIRST_BLOCK, in->x, in->n, out);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    memset(out, 0, sizeof(tri_ordered));
    return tri_ordered_add(out, FIRST_BLOCK, in->x, in->n);
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    (void)out, (void)out_offset;
    tri_ordered ordered = {0};
    return tri_gpu_buffer_ordered(x, x_offset, 0, n, &ordered);
}

const tri_kernel tri_kernel_ordered = {
    .info.name = "ordered",
    .info.text = "ordered sum: a fixed tree over blocks of the index",
    .info.flops_each = 1,
    .info.bytes_each = 8,
    .out_bytes = out_bytes,
    .queue = queue,
    .device = device,
    .host = host,
};
