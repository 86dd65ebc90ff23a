/* The description of a kernel: its price, and the same work in C. Internal.
 *
 * gpu/kernels.def lists them; tests/gpu/kernels.c runs each on every device against its C twin, and the
 * benchmark sets each against the device's copy speed. */
#ifndef TRIREME_GPU_KERNEL_H
#define TRIREME_GPU_KERNEL_H

#include "gpu/device.h"

/* What a kernel works on in a test or measurement: n elements of x and y in host memory, at any multiple
 * of 8. */
typedef struct tri_kernel_input {
    size_t n;
    const double *x, *y;
} tri_kernel_input;

typedef struct tri_kernel {
    tri_gpu_kernel_info info;
    double tolerance; /* of each double of the output, relative to the sum of |x|; 0: the same bits */
    bool doubles;     /* the output is doubles, in which any NaN is as good as another */
    size_t (*out_bytes)(size_t n);
    /* The work alone, on n elements of buffers; it may be queued only. */
    tri_status (*queue)(tri_gpu_buffer *out, size_t out_offset, const tri_gpu_buffer *x, size_t x_offset,
                        size_t n);
    tri_status (*device)(tri_gpu *gpu, const tri_kernel_input *in, void *out);
    tri_status (*host)(const tri_kernel_input *in, void *out);
} tri_kernel;

/* For kernels from buffer to buffer: runs `call` with x at an odd place of one buffer and `out`, which holds the n
 * elements of y, at another; gives back what `out` then holds. TRI_ERR_WRONG: something beside it has changed. */
tri_status tri_kernel_on_buffers(tri_gpu *gpu, const tri_kernel_input *in, void *out,
                                 tri_status (*call)(tri_gpu_buffer *out, size_t out_offset,
                                                    const tri_gpu_buffer *x, size_t x_offset, size_t n));
size_t tri_kernel_out_doubles(size_t n); /* n doubles */

#define X(name) extern const tri_kernel tri_kernel_##name;
#include "gpu/kernels.def"
#undef X

#endif
