/* The description of a kernel: its cost, and a reference implementation in C. Internal.
 *
 * gpu/kernels.def lists the kernels. tests/gpu/kernels.c compares each with its reference on every device;
 * `bench gpu` compares its speed with that of copying. */
#ifndef TRIREME_GPU_KERNEL_H
#define TRIREME_GPU_KERNEL_H

#include "gpu/device.h"

/* The input of a test or measurement: n elements of x and y in host memory, aligned to 8 bytes. */
typedef struct tri_kernel_input {
    size_t n;
    const double *x, *y;
} tri_kernel_input;

typedef struct tri_kernel {
    tri_gpu_kernel_info info;
    double tolerance; /* of each output double, relative to the sum of |x|; 0: equal bits */
    bool doubles;     /* the output is doubles; all NaN are equal */
    size_t (*out_bytes)(size_t n);
    /* Runs or only queues the kernel on n elements of buffers, for measurements. */
    tri_status (*queue)(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n);
    tri_status (*device)(tri_gpu *gpu, const tri_kernel_input *in, void *out);
    tri_status (*host)(const tri_kernel_input *in, void *out);
} tri_kernel;

/* Runs a kernel from buffer to buffer: `call` gets x, and an output that holds y, at odd offsets of two
 * buffers. Copies the output to `out`. TRI_ERR_WRONG if elements outside the output have changed. */
tri_status tri_kernel_on_buffers(tri_gpu *gpu, const tri_kernel_input *in, void *out,
                                 tri_status (*call)(tri_gpu_buffer *out, size_t out_offset,
                                                    const tri_gpu_buffer *x, size_t x_offset, size_t n));
size_t tri_kernel_out_doubles(size_t n); /* n doubles */

#define X(name) extern const tri_kernel tri_kernel_##name;
#include "gpu/kernels.def"
#undef X

#endif
