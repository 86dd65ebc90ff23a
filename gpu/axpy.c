#include "gpu/kernel.h"
#include "gpu/launch.h"

tri_status tri_gpu_axpy(double a, const tri_gpu_buffer *x, size_t x_offset, tri_gpu_buffer *y,
                        size_t y_offset, size_t count) {
    TRI_TRY(tri_gpu_buffer_check(x, x_offset, count, sizeof a));
    TRI_TRY(tri_gpu_buffer_check(y, y_offset, count, sizeof a));
    cl_ulong x_arg = x_offset, y_arg = y_offset;
    tri_kernel_arg args[] = {{sizeof a, &a},
                             {sizeof x->memory, &x->memory},
                             {sizeof x_arg, &x_arg},
                             {sizeof y->memory, &y->memory},
                             {sizeof y_arg, &y_arg}};
    return tri_gpu_launch(y->gpu, TRI_KERNEL_axpy, count, args, 5);
}

static const double factor = 1.0 / 3;

static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    return tri_gpu_axpy(factor, x, x_offset, out, out_offset, n);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    for (size_t i = 0; i < in->n; i++)
        ((double *)out)[i] = in->y[i] + factor * in->x[i];
    return TRI_OK;
}

const tri_kernel tri_kernel_axpy = {
    .info.name = "axpy",
    .info.text = "y += a x",
    .info.flops_each = 2,
    .info.bytes_each = 24,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = call,
    .device = device,
    .host = host,
};
