/* Compiles programs for a device, with a cache of binaries. Internal. */
#ifndef TRIREME_GPU_PROGRAM_H
#define TRIREME_GPU_PROGRAM_H

#include "gpu/device.h"

typedef struct tri_gpu_text {
    const char *source, *options;
    const char *const *kernel; /* names of its kernels */
    size_t kernels;
} tri_gpu_text;

/* Compiles the program or loads its binary from the cache. The caller releases *out. If the compiler reports
 * errors, *log is its log, which the caller frees with free(); else *log is unchanged. */
TRI_MUST_CHECK tri_status tri_gpu_compile(tri_gpu *gpu, const tri_gpu_text *text, cl_program *out,
                                          char **log);

#endif
