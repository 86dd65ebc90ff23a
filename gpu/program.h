/* Compiles programs for a device, with a cache of binaries. Internal. */
#ifndef TRIREME_GPU_PROGRAM_H
#define TRIREME_GPU_PROGRAM_H

#include "gpu/device.h"

/* The sources, embedded from the .cl files: tri_source_common, ... */
extern const char tri_source_common[], tri_source_words[], tri_source_exact[];
#define X(name) extern const char tri_source_##name[];
#include "gpu/kernels.def"
#undef X

enum { TRI_GPU_SOURCES = 4 };
typedef struct tri_gpu_text {
    const char *source[TRI_GPU_SOURCES]; /* one after the other */
    unsigned sources;
    const char *options, *kernel; /* the name of its kernel */
} tri_gpu_text;

/* Makes a kernel: compiles its program or loads the binary from the cache. The caller releases *out. If the
 * compiler reports errors, *log is its log, which the caller frees with free(); else *log is unchanged. */
TRI_MUST_CHECK tri_status tri_gpu_compile(tri_gpu *gpu, const tri_gpu_text *text, cl_kernel *out, char **log);

#endif
