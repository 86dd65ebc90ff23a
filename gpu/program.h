/* A program for a device, compiled or from the cache. Internal. */
#ifndef TRIREME_GPU_PROGRAM_H
#define TRIREME_GPU_PROGRAM_H

#include "gpu/device.h"

typedef struct tri_gpu_text {
    const char *source, *options;
    const char *const *kernel; /* the names of its kernels */
    size_t kernels;
} tri_gpu_text;

/* Compiles, or takes the binary from the cache. *out is the caller's to release. Where the compiler has found errors
 * *log is its log, the caller's to free(); else *log is left as it is. */
TRI_MUST_CHECK tri_status tri_gpu_compile(tri_gpu *gpu, const tri_gpu_text *text, cl_program *out,
                                          char **log);

#endif
