#include <math.h>

#include "gpu/kernel.h"
#include "gpu/launch.h"

/* Rounds of a measurement, enough to make memory traffic negligible, and of a test. */
enum { ROUNDS = 256, TEST_ROUNDS = 3 };
static const double factor = 0.999, term = 0.25;

static tri_status run(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                      size_t n, size_t rounds) {
    TRI_TRY(tri_gpu_buffer_check(out, out_offset, n, sizeof(double)));
    TRI_TRY(tri_gpu_buffer_check(x, x_offset, n, sizeof(double)));
    cl_ulong to = out_offset, from = x_offset, rounds_arg = rounds;
    tri_kernel_arg args[] = {{sizeof out->memory, &out->memory}, {sizeof to, &to},
                             {sizeof x->memory, &x->memory},     {sizeof from, &from},
                             {sizeof factor, &factor},           {sizeof term, &term},
                             {sizeof rounds_arg, &rounds_arg}};
    /* A group processes 64 elements at a time. */
    return tri_gpu_launch_on(out->gpu, out->gpu->queue, TRI_KERNEL_peak, n, 64, args,
                             sizeof args / sizeof *args);
}

static tri_status queue(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n) {
    return run(out, out_offset, x, x_offset, n, ROUNDS);
}

static tri_status call(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                       size_t n) {
    return run(out, out_offset, x, x_offset, n, TEST_ROUNDS);
}

static tri_status device(tri_gpu *gpu, const tri_kernel_input *in, void *out) {
    return tri_kernel_on_buffers(gpu, in, out, call);
}

static tri_status host(const tri_kernel_input *in, void *out) {
    for (size_t i = 0; i < in->n; i++) {
        double v = in->x[i];
        for (int round = 0; round < TEST_ROUNDS; round++)
            v = fma(v, factor, term);
        ((double *)out)[i] = v;
    }
    return TRI_OK;
}

const tri_kernel tri_kernel_peak = {
    .info.name = "peak",
    .info.text = "multiply-adds in registers, for measurements",
    .info.flops_each = 2 * ROUNDS,
    .info.bytes_each = 16,
    .doubles = true,
    .out_bytes = tri_kernel_out_doubles,
    .queue = queue,
    .device = device,
    .host = host,
};
