#include <string.h>

#include "gpu/kernel.h"
#include "gpu/launch.h"

tri_status tri_gpu_fill(tri_gpu_buffer *x, size_t offset, size_t count, double value) {
    TRI_TRY(tri_gpu_buffer_check(x, offset, count, sizeof value));
    cl_ulong offset_arg = offset;
    tri_kernel_arg args[] = {
        {sizeof x->memory, &x->memory}, {sizeof offset_arg, &offset_arg}, {sizeof value, &value}};
    return tri_gpu_launch(x->gpu, TRI_KERNEL_fill, count, args, 3);
}

/* The test fills only a part, to check that the rest is unchanged. */
static size_t part(size_t n) {
    return n - n / 4;
}

static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    (void)x, (void)x_offset;
    return tri_gpu_fill(out, out_offset + n / 8, part(n), 3.25);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    double *to = out;
    memcpy(to, in->y, in->n * sizeof *to);
    for (size_t i = 0; i < part(in->n); i++)
        to[in->n / 8 + i] = 3.25;
    return TRI_OK;
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    (void)x, (void)x_offset;
    return tri_gpu_fill(out, out_offset, n, 3.25);
}

const tri_kernel tri_kernel_fill = {
    .info.name = "fill",
    .info.text = "set all elements to one value",
    .info.bytes_each = 8,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = queue,
    .device = device,
    .host = host,
};
