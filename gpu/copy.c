#include <string.h>

#include "gpu/kernel.h"
#include "gpu/launch.h"

tri_status tri_gpu_copy(tri_gpu_buffer *to, size_t to_offset, const tri_gpu_buffer *from, size_t from_offset,
                        size_t count) {
    TRI_TRY(tri_gpu_buffer_check(to, to_offset, count, sizeof(double)));
    TRI_TRY(tri_gpu_buffer_check(from, from_offset, count, sizeof(double)));
    cl_ulong to_arg = to_offset, from_arg = from_offset;
    tri_kernel_arg args[] = {{sizeof to->memory, &to->memory},
                             {sizeof to_arg, &to_arg},
                             {sizeof from->memory, &from->memory},
                             {sizeof from_arg, &from_arg}};
    return tri_gpu_launch(to->gpu, TRI_KERNEL_copy, count, args, 4);
}

static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    return tri_gpu_copy(out, out_offset, x, x_offset, n);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    memcpy(out, in->x, in->n * sizeof(double));
    return TRI_OK;
}

const tri_kernel tri_kernel_copy = {
    .info.name = "copy",
    .info.text = "copy between buffers",
    .info.bytes_each = 16,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = call,
    .device = device,
    .host = host,
};
