/* The description of a kernel: its price, and the same work in C. Internal.
 *
 * gpu/kernels.def lists them; tests/unit/gpu_kernels.c runs each on every device against its C twin, and the
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
    const char *name, *text;
    double flops_each, bytes_each; /* for each element, of the device's memory */
    double tolerance; /* of each double of the output, relative to the sum of |x|; 0: the same bits */
    size_t (*out_bytes)(size_t n);
    tri_status (*device)(tri_gpu *gpu, const tri_kernel_input *in, void *out);
    tri_status (*host)(const tri_kernel_input *in, void *out);
} tri_kernel;

#define X(name) extern const tri_kernel tri_kernel_##name;
#include "gpu/kernels.def"
#undef X

#endif
