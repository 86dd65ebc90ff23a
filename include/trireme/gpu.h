/* OpenCL devices beside the threads of a rank: which one a rank uses, memory on it, and the kernels of the
 * library run on it. Any OpenCL 1.2 device with double precision serves: NVIDIA, AMD, Intel, or the processor
 * itself by PoCL.
 *
 * Threads: every call on a device, and on the buffers of that device, comes from one thread at a time; it
 * need not be the main thread. The first call of a process that uses OpenCL (tri_gpu_list, tri_gpu_open)
 * may set environment variables (see tri_gpu_open), so it belongs before the program starts threads that read
 * them.
 *
 * Errors: TRI_ERR_ABSENT where the library was built without OpenCL; TRI_ERR_DEVICE where OpenCL has failed,
 * with the name of the OpenCL error and the device in the text; TRI_ERR_MEMORY where host or device memory is
 * short. After TRI_ERR_DEVICE nothing but closing and destroying is of use. */
#ifndef TRIREME_GPU_H
#define TRIREME_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trireme/moments.h"
#include "trireme/status.h"
#include "trireme/sum.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tri_gpu_type {
    TRI_GPU_CPU = 0,
    TRI_GPU_GPU = 1,
    TRI_GPU_ACCELERATOR = 2,
    TRI_GPU_OTHER = 3
} tri_gpu_type;

/* What a device says about itself. Texts are cut to fit and never empty, but for pci. */
typedef struct tri_gpu_info {
    size_t index; /* in tri_gpu_list; platforms and devices in the loader's order */
    tri_gpu_type type;
    char name[128], vendor[128], platform[128];
    char version[128]; /* of OpenCL on the device, "OpenCL 1.2 pocl HSTR: ..." */
    char driver[128];
    char pci[16];            /* "0000:65:00.0"; "" where no extension tells */
    size_t memory_bytes;     /* global memory */
    size_t allocation_bytes; /* largest buffer */
    size_t local_bytes;      /* local memory of a work-group */
    unsigned compute_units;
    bool fp64;    /* double precision; without it tri_gpu_open refuses the device */
    bool unified; /* device and host share memory: buffers over host memory need no copy */
} tri_gpu_info;

/* "cpu", "gpu", "accelerator", "other" */
TRI_API const char *tri_gpu_type_name(tri_gpu_type type);

/* Writes the number of devices on this machine to *count and the first `capacity` of them to `list` (which
 * may be NULL for capacity 0). A machine without any OpenCL driver or device has count 0 and is no error. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_list(tri_gpu_info *list, size_t capacity, size_t *count);

/* The same for the devices that a filter of tri_gpu_open() lets through; none is no error. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_select(const char *filter, tri_gpu_info *list, size_t capacity,
                                                 size_t *count);

/* Deals out devices among the ranks of a node by how near they are: distance[rank * devices + device] >= 0. assigned[rank]
 * is a device. As many ranks have each device as in equal blocks by rank, and with equal distances they are those blocks;
 * else ranks change places with one another as long as the sum of their distances falls. devices >= 1. The same on
 * every rank that calls it with the same arguments; each then opens its device by index. */
TRI_API void tri_gpu_assign(size_t ranks, size_t devices, const int *distance, size_t *assigned);

/* A device in use: context, queue, kernels. */
typedef struct tri_gpu tri_gpu;

/* Opens one device of those that `filter` lets through: NULL or "auto" (all, but a GPU or accelerator goes
 * before a CPU where there is one), an index of tri_gpu_list, a type ("cpu", "gpu", "accelerator"), or part
 * of a name, vendor or platform, without regard to case. The local_size ranks of this node, called with the
 * same filter, are assigned out in equal blocks by local_rank, so that each device serves as few of them as can
 * be.
 *
 * The kernels are compiled here, and kept as a binary in $XDG_CACHE_HOME/trireme (else $HOME/.cache/trireme,
 * else a folder of this user under $TMPDIR or /tmp), named by a hash of source, options, device and driver.
 * So that a node compiles once, let local rank 0 open first, then a barrier, then the others; without that
 * order nothing breaks, but each rank compiles for itself.
 *
 * Environment: POCL_KERNEL_CACHE, POCL_CACHE_DIR and POCL_WORK_GROUP_SPECIALIZATION are set before the first OpenCL
 * call of the process unless the user has set them: PoCL's own cache, shared by ranks that compile at the same time,
 * hands out broken kernels.
 *
 * TRI_ERR_ARGUMENT: local_rank not in [0, local_size). TRI_ERR_DEVICE: no OpenCL driver, no such device (the
 * text lists what there is), no double precision, a build error (with the compiler's log). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_open(const char *filter, int local_rank, int local_size,
                                               tri_gpu **out);

/* The same with kernels of one form, whatever the device is: one work-item to a group with vectors, for processors, or
 * many work-items with scalars, for GPUs. For tests and measurements. */
typedef enum tri_gpu_variant {
    TRI_GPU_VARIANT_AUTO = 0,
    TRI_GPU_VARIANT_ITEM = 1,
    TRI_GPU_VARIANT_GROUP = 2
} tri_gpu_variant;
TRI_API TRI_MUST_CHECK tri_status tri_gpu_open_variant(const char *filter, int local_rank, int local_size,
                                                    tri_gpu_variant form, tri_gpu **out);

/* Waits for the device and frees everything; buffers must have been destroyed. Takes NULL and a closed one.
 */
TRI_API void tri_gpu_close(tri_gpu **gpu);

/* Valid until the device is closed. */
TRI_API const tri_gpu_info *tri_gpu_describe(const tri_gpu *gpu);

/* Memory on the device. */
typedef struct tri_gpu_buffer tri_gpu_buffer;

/* `bytes` of device memory, content undefined; bytes may be 0. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_create(tri_gpu *gpu, size_t bytes, tri_gpu_buffer **out);
TRI_API void tri_gpu_buffer_destroy(tri_gpu_buffer **buffer);
TRI_API size_t tri_gpu_buffer_bytes(const tri_gpu_buffer *buffer);

/* Host memory that the device copies from and to at its full speed: pinned, where the driver pins. Pinning takes time
 * and what can be pinned is little, so it is for memory that is used again and again. */
typedef struct tri_gpu_pinned tri_gpu_pinned;
TRI_API TRI_MUST_CHECK tri_status tri_gpu_pinned_create(tri_gpu *gpu, size_t bytes, tri_gpu_pinned **out);
TRI_API void tri_gpu_pinned_destroy(tri_gpu_pinned **pinned);
TRI_API void *tri_gpu_pinned_data(const tri_gpu_pinned *pinned);

/* Copies between host memory and [offset, offset + bytes) of the buffer, and returns when that is done.
 * TRI_ERR_ARGUMENT: the range is not inside the buffer. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_write(tri_gpu_buffer *buffer, size_t offset_bytes,
                                                       const void *from, size_t bytes);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_read(const tri_gpu_buffer *buffer, size_t offset_bytes,
                                                      void *to, size_t bytes);

/* Makes a range of the buffer readable and writable by the host at *out until it is unmapped; no kernel may
 * use the buffer meanwhile. Where device and host share memory nothing is copied. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_map(tri_gpu_buffer *buffer, size_t offset_bytes,
                                                     size_t bytes, void **out);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_unmap(tri_gpu_buffer *buffer, void *mapped);

/* ---- sums on the device ----
 *
 * Each does what its twin in trireme/sum.h and moments.h does, with the same bits (but for the plain sum),
 * over x[0 .. count - 1] in host memory. They block until the device has read all of x. A device that shares
 * the host's memory reads x where it is; to others it is copied in pieces, while the kernels work on the
 * piece before. The memory of x must not be written to meanwhile. Calls are cheapest with 1 Mi elements or
 * more. On failure *into is unchanged or, after TRI_ERR_DEVICE, holds part of the elements. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_sum(tri_gpu *gpu, const double *x, size_t count, tri_sum *into);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_moments(tri_gpu *gpu, uint64_t first, const double *x, size_t count,
                                                  tri_moments *into);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_ordered(tri_gpu *gpu, uint64_t first_block, const double *x,
                                                  size_t count, tri_ordered *into);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_sum_plain(tri_gpu *gpu, const double *x, size_t count, double *out);

/* The same over `count` doubles of a buffer, from element `offset` on. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_sum(const tri_gpu_buffer *x, size_t offset, size_t count,
                                                     tri_sum *into);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_moments(const tri_gpu_buffer *x, size_t offset,
                                                         uint64_t first, size_t count, tri_moments *into);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_ordered(const tri_gpu_buffer *x, size_t offset,
                                                         uint64_t first_block, size_t count,
                                                         tri_ordered *into);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_sum_plain(const tri_gpu_buffer *x, size_t offset,
                                                           size_t count, double *out);

/* Counts as tri_histogram_add() does, with the same result and errors, over host memory. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_histogram(tri_gpu *gpu, const double *x, size_t count, double low,
                                                    double high, size_t bins, int64_t *counts, int64_t *below,
                                                    int64_t *above, int64_t *nan);

/* ---- work on buffers ----
 *
 * Offsets and counts are in elements, doubles unless a type is given. Ranges that do not lie in their buffers are
 * TRI_ERR_ARGUMENT. The calls queue their work and return; what is queued on a device runs in order, and reading,
 * writing and mapping buffers and the sums above wait for it. Buffers of one call are of one device; the ranges of
 * one call do not overlap. Every operation is rounded by itself, so the bits are those of the same loop in C. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_wait(tri_gpu *gpu); /* until all that is queued has been done */

/* A moment in a device's work. It comes when all that was queued on the device before tri_gpu_event_record() has been
 * done. Destroyed before the device is closed. */
typedef struct tri_gpu_event tri_gpu_event;
TRI_API TRI_MUST_CHECK tri_status tri_gpu_event_record(tri_gpu *gpu, tri_gpu_event **out);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_event_wait(const tri_gpu_event *event); /* until it has come */
TRI_API void tri_gpu_event_destroy(tri_gpu_event **event);

TRI_API TRI_MUST_CHECK tri_status tri_gpu_fill(tri_gpu_buffer *x, size_t offset, size_t count, double value);
TRI_API TRI_MUST_CHECK tri_status tri_gpu_copy(tri_gpu_buffer *to, size_t to_offset,
                                               const tri_gpu_buffer *from, size_t from_offset, size_t count);
/* y += a x */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_axpy(double a, const tri_gpu_buffer *x, size_t x_offset,
                                               tri_gpu_buffer *y, size_t y_offset, size_t count);
/* to[c * rows + r] = from[r * columns + c] */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_transpose(tri_gpu_buffer *to, size_t to_offset,
                                                    const tri_gpu_buffer *from, size_t from_offset,
                                                    size_t rows, size_t columns);

/* What tri_gpu_combine() combines: X(NAME, value, C type). AND, OR and XOR are for integers only; integers wrap around. */
#define TRI_GPU_ELEMENT_LIST(X)                                                                              \
    X(DOUBLE, 0, double)                                                                                     \
    X(FLOAT, 1, float)                                                                                       \
    X(INT32, 2, int32_t)                                                                                     \
    X(INT64, 3, int64_t)                                                                                     \
    X(UINT32, 4, uint32_t)                                                                                   \
    X(UINT64, 5, uint64_t)
typedef enum tri_gpu_element {
#define TRI_GPU_ELEMENT_ENUM(NAME, value, type) TRI_GPU_##NAME = value,
    TRI_GPU_ELEMENT_LIST(TRI_GPU_ELEMENT_ENUM)
#undef TRI_GPU_ELEMENT_ENUM
        TRI_GPU_ELEMENT_COUNT
} tri_gpu_element;

typedef enum tri_gpu_op {
    TRI_GPU_SUM = 0,
    TRI_GPU_PRODUCT = 1,
    TRI_GPU_MIN = 2, /* b < a ? b : a */
    TRI_GPU_MAX = 3, /* b > a ? b : a */
    TRI_GPU_AND = 4,
    TRI_GPU_OR = 5,
    TRI_GPU_XOR = 6,
    TRI_GPU_OP_COUNT
} tri_gpu_op;

TRI_API size_t tri_gpu_element_bytes(tri_gpu_element element);

/* into[i] = from[i] op into[i], a being from[i] and b being into[i]. Offsets in elements of that type.
 * TRI_ERR_ARGUMENT: no such type or operation, or bits of a real type. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_combine(tri_gpu_element element, tri_gpu_op op,
                                                  tri_gpu_buffer *into, size_t into_offset,
                                                  const tri_gpu_buffer *from, size_t from_offset,
                                                  size_t count);

/* One explicit step of the heat equation: with u = from, k = dt alpha / h^2, for each of planes x rows x columns
 * inner points
 *     2-D (planes = 1): u + k (((west + east) + (north + south)) - 4 u)
 *     3-D:              u + k ((((west + east) + (north + south)) + (front + back)) - 6 u)
 * in this order, each operation rounded. Arrays hold one layer of points more on every side: (planes + 2) x (rows +
 * 2) x (columns + 2) doubles, in 2-D (rows + 2) x (columns + 2). The outer layers of `to` are left as they are. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_heat(tri_gpu_buffer *to, size_t to_offset,
                                               const tri_gpu_buffer *from, size_t from_offset, size_t planes,
                                               size_t rows, size_t columns, double k);

/* ---- for measurements ---- */

typedef struct tri_gpu_kernel_info {
    const char *name, *text;
    double flops_each, bytes_each; /* for each element; bytes of the device's memory */
} tri_gpu_kernel_info;

/* Kernel number `index`; NULL behind the last. */
TRI_API const tri_gpu_kernel_info *tri_gpu_kernel(size_t index);
/* Runs it over the first `count` doubles of x, and waits. What it makes goes to the first `count` doubles of `out`, or
 * nowhere. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_kernel_run(size_t index, tri_gpu_buffer *out,
                                                     const tri_gpu_buffer *x, size_t count);

#ifdef __cplusplus
}
#endif
#endif
