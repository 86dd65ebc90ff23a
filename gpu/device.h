/* The objects and functions that the files of gpu/ share. Internal. */
#ifndef TRIREME_GPU_DEVICE_H
#define TRIREME_GPU_DEVICE_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <signal.h>

#include "trireme/gpu.h"

/* One row of the enumeration of all devices. */
typedef struct tri_gpu_found {
    cl_platform_id platform;
    cl_device_id device;
    tri_gpu_info info;
} tri_gpu_found;

/* Lists all devices. The caller frees *out with free(); it is NULL if there are none. */
TRI_MUST_CHECK tri_status tri_gpu_find(tri_gpu_found **out, size_t *count);

/* One kernel of gpu/kernels.def, TRI_KERNEL_<name>. */
typedef enum tri_kernel_id {
#define X(name) TRI_KERNEL_##name,
#include "gpu/kernels.def"
#undef X
    TRI_KERNEL_COUNT
} tri_kernel_id;

/* Work-items of a group in the GROUP variant: every device allows as many, and it is a multiple of the lanes
 * of the ordered sum. */
enum { TRI_GPU_GROUP = 128 };

/* The exact kernels process multiples of this per group: whole chunks of a work-item (128 rows of 8) or of
 * all items of a group (128 rows of 128). */
enum { TRI_GPU_EXACT_UNIT = 128 * TRI_GPU_GROUP };

/* See gpu/staging.h. */
enum { TRI_GPU_STAGINGS = 8 };
struct tri_gpu_pinned {
    tri_gpu *gpu;
    cl_mem memory;
    void *data; /* mapped until it is destroyed */
    size_t bytes;
};
typedef struct tri_staging {
    tri_gpu_pinned *pinned; /* NULL: not allocated yet */
    bool taken;
    cl_event busy; /* of the last copy from or to it; NULL: none is pending */
} tri_staging;

struct tri_gpu {
    tri_gpu_info info;
    bool one_item;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue, up,
        down; /* for kernels, copies to the device, copies from it; they run concurrently */
    tri_staging staging[TRI_GPU_STAGINGS];
    cl_kernel kernel[TRI_KERNEL_COUNT]; /* NULL: not needed yet */
    tri_gpu_notice *notice;             /* NULL: none */
    void *notice_context;
};

struct tri_gpu_buffer {
    tri_gpu *gpu;
    size_t bytes;
    cl_mem memory; /* NULL for 0 bytes */
};

struct tri_gpu_event {
    tri_gpu *gpu;
    cl_event event; /* NULL: already complete */
};

/* Wraps an OpenCL event, or NULL for work that is complete. Takes ownership of `event`. */
TRI_MUST_CHECK tri_status tri_gpu_event_make(tri_gpu *gpu, cl_event event, tri_gpu_event **out);

/* TRI_ERR_ARGUMENT unless `count` elements of `each` bytes from element `offset` on are inside the buffer. */
TRI_MUST_CHECK tri_status tri_gpu_buffer_check(const tri_gpu_buffer *buffer, size_t offset, size_t count,
                                               size_t each);

/* TRI_OK for CL_SUCCESS; else TRI_ERR_MEMORY or TRI_ERR_DEVICE. The error text names the operation `what`,
 * the device and the OpenCL code. */
TRI_MUST_CHECK tri_status tri_cl(const tri_gpu *gpu, cl_int code, const char *what);
const char *tri_cl_name(cl_int code);

/* Creates gpu->kernel[id] unless it exists: compiles it or loads it from the cache. */
TRI_MUST_CHECK tri_status tri_gpu_need(tri_gpu *gpu, tri_kernel_id id);

/* The signal actions of the process: see gpu/signals.c. */
enum { TRI_GPU_SIGNALS = 32 };
typedef struct tri_gpu_signals {
    bool known[TRI_GPU_SIGNALS];
    struct sigaction action[TRI_GPU_SIGNALS];
} tri_gpu_signals;
void tri_gpu_signals_save(tri_gpu_signals *signals);
void tri_gpu_signals_restore(const tri_gpu_signals *signals);

/* Sets environment variables before the first OpenCL call: see gpu/environment.c. */
TRI_MUST_CHECK tri_status tri_gpu_environment_set(void);

#endif
