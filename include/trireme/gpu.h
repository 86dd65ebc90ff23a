/** @file
 * OpenCL devices in addition to the threads of a rank: the choice of a device for each rank, memory on it,
 * and the library's kernels. Any OpenCL 1.2 device with double precision works: NVIDIA, AMD, Intel, or the
 * processor itself by PoCL.
 *
 * Threads: calls on a device and on its buffers come from one thread at a time, not necessarily the main
 * thread. The first call of a process that uses OpenCL (tri_gpu_list(), tri_gpu_select(), tri_gpu_open()) may
 * set environment variables (see tri_gpu_open()), so call it before the program starts threads that read
 * them. All functions are local.
 *
 * Errors: TRI_ERR_ABSENT: the library was built without OpenCL; TRI_ERR_DEVICE: OpenCL failed, the text has
 * the name of the OpenCL error and the device; TRI_ERR_MEMORY: host or device memory is short. After
 * TRI_ERR_DEVICE objects of the device can only be closed and destroyed.
 *
 * Work on buffers (tri_gpu_fill() to tri_gpu_heat()): offsets and counts are in elements, doubles unless a
 * type is given. Ranges that exceed their buffers are TRI_ERR_ARGUMENT. The calls queue their work and
 * return. Queued work of a device runs in order; reading, writing and mapping of buffers and sums wait for
 * it. The buffers of a call belong to one device; its ranges do not overlap. Every operation is rounded by
 * itself, so the bits are those of the same loop in C.
 *
 * Sums (tri_gpu_sum() to tri_gpu_histogram()): each does what the function of trireme/sum.h or moments.h with
 * the same name does, with the same bits except for the plain sum. On failure *into is unchanged or, after
 * TRI_ERR_DEVICE, has a part of the elements.
 */
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

/** The type of a device. */
typedef enum tri_gpu_type {
    TRI_GPU_CPU = 0,         /**< a processor */
    TRI_GPU_GPU = 1,         /**< a GPU */
    TRI_GPU_ACCELERATOR = 2, /**< an accelerator */
    TRI_GPU_OTHER = 3        /**< any other */
} tri_gpu_type;

/** What a device reports. Texts are cut to fit; only pci may be empty. */
typedef struct tri_gpu_info {
    size_t index;            /**< in tri_gpu_list(): platforms and devices in the loader's order */
    tri_gpu_type type;       /**< its type */
    char name[128];          /**< name of the device */
    char vendor[128];        /**< its vendor */
    char platform[128];      /**< name of the OpenCL platform */
    char version[128];       /**< OpenCL version of the device, such as "OpenCL 1.2 pocl HSTR: ..." */
    char driver[128];        /**< version of the driver */
    char pci[16];            /**< PCI address, "0000:65:00.0"; "" where no extension reports it */
    size_t memory_bytes;     /**< global memory */
    size_t allocation_bytes; /**< largest buffer */
    size_t local_bytes;      /**< local memory of a work-group */
    unsigned compute_units;  /**< number of compute units */
    bool fp64;               /**< double precision; tri_gpu_open() refuses a device without it */
    bool unified;            /**< device and host share memory: buffers over host memory need no copy */
} tri_gpu_info;

/** The name of a device type: "cpu", "gpu", "accelerator", "other". A static string. */
TRI_API const char *tri_gpu_type_name(tri_gpu_type type);

/** Lists the devices of this machine: their number in *count, the first `capacity` of them in `list` (which
 * may be NULL for capacity 0). A machine without an OpenCL driver or device has count 0, which is no
 * error. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_list(tri_gpu_info *list, size_t capacity, size_t *count);

/** tri_gpu_list() for the devices that match a filter of tri_gpu_open(); none is no error. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_select(const char *filter, tri_gpu_info *list, size_t capacity,
                                                 size_t *count);

/** Assigns devices to the ranks of a node by distance: distance[rank * devices + device] >= 0,
 * assigned[rank] is a device; devices >= 1. Each device serves as many ranks as with equal blocks by rank.
 * With equal distances these are the blocks; otherwise ranks exchange devices while the sum of distances
 * falls. The result is the same on every rank that passes the same arguments; each then opens its device by
 * index. */
TRI_API void tri_gpu_assign(size_t ranks, size_t devices, const int *distance, size_t *assigned);

/** An open device: context, queue, kernels. Opaque. */
typedef struct tri_gpu tri_gpu;

/** Opens a device that matches `filter`: NULL or "auto" (all, but only GPUs and accelerators where there are
 * any), an index of tri_gpu_list(), a type ("cpu", "gpu", "accelerator"), or part of a name, vendor or
 * platform, in any case. The local_size ranks of this node, called with the same filter, get the devices in
 * equal blocks by local_rank, so that each device serves as few ranks as possible. The caller frees *out with
 * tri_gpu_close().
 *
 * A kernel is compiled when it is first needed and cached as a binary in $XDG_CACHE_HOME/trireme (otherwise
 * $HOME/.cache/trireme, otherwise a folder of this user in $TMPDIR or /tmp), named by a hash of source,
 * options, device and driver. Of the processes that need it at the same time, one compiles it and the others
 * wait. While the compiler works, standard error is discarded, because PoCL's compiler writes to it.
 *
 * Environment: POCL_KERNEL_CACHE, POCL_CACHE_DIR and POCL_WORK_GROUP_SPECIALIZATION are set before the first
 * OpenCL call of the process unless the user has set them: PoCL's own cache gives broken kernels to ranks
 * that compile at the same time.
 *
 * TRI_ERR_ARGUMENT: local_rank not in [0, local_size). TRI_ERR_DEVICE: no OpenCL driver, no such device (the
 * text lists the existing ones), no double precision. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_open(const char *filter, int local_rank, int local_size,
                                               tri_gpu **out);

/** The variant of kernels. */
typedef enum tri_gpu_variant {
    TRI_GPU_VARIANT_AUTO = 0, /**< as the device needs */
    TRI_GPU_VARIANT_ITEM = 1, /**< one work-item per group with vectors, for processors */
    TRI_GPU_VARIANT_GROUP = 2 /**< many work-items with scalars, for GPUs */
} tri_gpu_variant;

/** tri_gpu_open() with kernels of one variant on any device, for tests and measurements. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_open_variant(const char *filter, int local_rank, int local_size,
                                                       tri_gpu_variant variant, tri_gpu **out);

/** Waits for the device, frees everything and sets *gpu to NULL. Its buffers, events and pinned memory must
 * have been destroyed. NULL and a pointer to NULL are allowed. */
TRI_API void tri_gpu_close(tri_gpu **gpu);

/** Makes a kernel ready, so that its first use takes no longer than others: compiles it or loads it from the
 * cache. name: as in tri_gpu_kernel(), such as "moments". Without it the first use does this.
 * TRI_ERR_ARGUMENT: no such kernel. TRI_ERR_DEVICE: a build error, with the compiler's log. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_prepare(tri_gpu *gpu, const char *name);

/** A function that is told that kernels are compiled. */
typedef void tri_gpu_notice(void *context, const tri_gpu *gpu);

/** Calls notice(context, gpu) before a kernel is compiled that is not in the cache, in this process or in
 * another one for which this one waits: that may take many seconds. NULL: calls nothing. */
TRI_API void tri_gpu_set_notice(tri_gpu *gpu, tri_gpu_notice *notice, void *context);

/** What the device reports. Belongs to the device. */
TRI_API const tri_gpu_info *tri_gpu_describe(const tri_gpu *gpu);

/** Memory on a device. Opaque. */
typedef struct tri_gpu_buffer tri_gpu_buffer;

/** Allocates `bytes` >= 0 of device memory, content undefined. The caller frees *out with
 * tri_gpu_buffer_destroy(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_create(tri_gpu *gpu, size_t bytes, tri_gpu_buffer **out);

/** Frees the buffer and sets *buffer to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_gpu_buffer_destroy(tri_gpu_buffer **buffer);

/** Size of the buffer in bytes. */
TRI_API size_t tri_gpu_buffer_bytes(const tri_gpu_buffer *buffer);

/** Host memory that the device copies from and to at full speed: pinned, where the driver pins. Opaque.
 * Pinning is slow and the amount is limited, so use it for memory that is used repeatedly. */
typedef struct tri_gpu_pinned tri_gpu_pinned;

/** Allocates `bytes` of pinned memory. The caller frees *out with tri_gpu_pinned_destroy(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_pinned_create(tri_gpu *gpu, size_t bytes, tri_gpu_pinned **out);

/** Frees the memory and sets *pinned to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_gpu_pinned_destroy(tri_gpu_pinned **pinned);

/** Its address. Belongs to `pinned`. */
TRI_API void *tri_gpu_pinned_data(const tri_gpu_pinned *pinned);

/** Copies host memory to [offset_bytes, offset_bytes + bytes) of the buffer; returns when the copy is
 * complete. TRI_ERR_ARGUMENT: the range exceeds the buffer. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_write(tri_gpu_buffer *buffer, size_t offset_bytes,
                                                       const void *from, size_t bytes);

/** Copies [offset_bytes, offset_bytes + bytes) of the buffer to host memory; otherwise as
 * tri_gpu_buffer_write(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_read(const tri_gpu_buffer *buffer, size_t offset_bytes,
                                                      void *to, size_t bytes);

/** Makes a range of the buffer readable and writable for the host at *out until tri_gpu_buffer_unmap(); no
 * kernel may use the buffer meanwhile. Where device and host share memory nothing is copied. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_map(tri_gpu_buffer *buffer, size_t offset_bytes,
                                                     size_t bytes, void **out);

/** Ends tri_gpu_buffer_map(); `mapped` is its *out. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_unmap(tri_gpu_buffer *buffer, void *mapped);

/** Adds x[0] to x[count - 1], in host memory, to an exact sum. Returns when the device has read x, which must
 * not be written meanwhile. A device that shares the host's memory reads x in place; otherwise x is copied in
 * pieces while the kernels work on the previous piece. Calls are cheapest with 1 Mi elements or more. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_sum(tri_gpu *gpu, const double *x, size_t count, tri_sum *into);

/** tri_moments_add() of host memory; otherwise as tri_gpu_sum(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_moments(tri_gpu *gpu, uint64_t first, const double *x, size_t count,
                                                  tri_moments *into);

/** tri_ordered_add() of host memory; otherwise as tri_gpu_sum(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_ordered(tri_gpu *gpu, uint64_t first_block, const double *x,
                                                  size_t count, tri_ordered *into);

/** tri_sum_plain() of host memory, with other bits; otherwise as tri_gpu_sum(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_sum_plain(tri_gpu *gpu, const double *x, size_t count, double *out);

/** tri_gpu_sum() of `count` doubles of a buffer, from element `offset` on. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_sum(const tri_gpu_buffer *x, size_t offset, size_t count,
                                                     tri_sum *into);

/** tri_gpu_moments() of `count` doubles of a buffer, from element `offset` on. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_moments(const tri_gpu_buffer *x, size_t offset,
                                                         uint64_t first, size_t count, tri_moments *into);

/** tri_gpu_ordered() of `count` doubles of a buffer, from element `offset` on. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_ordered(const tri_gpu_buffer *x, size_t offset,
                                                         uint64_t first_block, size_t count,
                                                         tri_ordered *into);

/** tri_gpu_sum_plain() of `count` doubles of a buffer, from element `offset` on. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_buffer_sum_plain(const tri_gpu_buffer *x, size_t offset,
                                                           size_t count, double *out);

/** tri_histogram_add() of host memory, with the same result and errors. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_histogram(tri_gpu *gpu, const double *x, size_t count, double low,
                                                    double high, size_t bins, int64_t *counts, int64_t *below,
                                                    int64_t *above, int64_t *nan);

/** Returns when all queued work of the device is done. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_wait(tri_gpu *gpu);

/** A point in the queue of a device: it comes when all work that was queued before it is done. Opaque.
 * Destroyed before the device is closed. */
typedef struct tri_gpu_event tri_gpu_event;

/** Makes an event after all work that is queued on the device now. The caller frees *out with
 * tri_gpu_event_destroy(). */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_event_record(tri_gpu *gpu, tri_gpu_event **out);

/** Returns when the event has come. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_event_wait(const tri_gpu_event *event);

/** Frees the event and sets *event to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_gpu_event_destroy(tri_gpu_event **event);

/** Sets `count` elements to `value`. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_fill(tri_gpu_buffer *x, size_t offset, size_t count, double value);

/** Copies `count` elements. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_copy(tri_gpu_buffer *to, size_t to_offset,
                                               const tri_gpu_buffer *from, size_t from_offset, size_t count);

/** Computes y += a x over `count` elements. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_axpy(double a, const tri_gpu_buffer *x, size_t x_offset,
                                               tri_gpu_buffer *y, size_t y_offset, size_t count);

/** Transposes a matrix: to[c * rows + r] = from[r * columns + c]. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_transpose(tri_gpu_buffer *to, size_t to_offset,
                                                    const tri_gpu_buffer *from, size_t from_offset,
                                                    size_t rows, size_t columns);

/** The element types of tri_gpu_combine(): X(NAME, value, C type). New ones are appended. */
#define TRI_GPU_ELEMENT_LIST(X)                                                                              \
    X(DOUBLE, 0, double)                                                                                     \
    X(FLOAT, 1, float)                                                                                       \
    X(INT32, 2, int32_t)                                                                                     \
    X(INT64, 3, int64_t)                                                                                     \
    X(UINT32, 4, uint32_t)                                                                                   \
    X(UINT64, 5, uint64_t)

/** An element type: TRI_GPU_DOUBLE to TRI_GPU_UINT64, the names of TRI_GPU_ELEMENT_LIST(). */
typedef enum tri_gpu_element {
#define TRI_GPU_ELEMENT_ENUM(NAME, value, type) TRI_GPU_##NAME = value,
    TRI_GPU_ELEMENT_LIST(TRI_GPU_ELEMENT_ENUM)
#undef TRI_GPU_ELEMENT_ENUM
        TRI_GPU_ELEMENT_COUNT /**< number of types; grows */
} tri_gpu_element;

/** An operation on two elements. Integers wrap around. */
typedef enum tri_gpu_op {
    TRI_GPU_SUM = 0,     /**< a + b */
    TRI_GPU_PRODUCT = 1, /**< a * b */
    TRI_GPU_MIN = 2,     /**< b < a ? b : a */
    TRI_GPU_MAX = 3,     /**< b > a ? b : a */
    TRI_GPU_AND = 4,     /**< a & b, integers only */
    TRI_GPU_OR = 5,      /**< a | b, integers only */
    TRI_GPU_XOR = 6,     /**< a ^ b, integers only */
    TRI_GPU_OP_COUNT     /**< number of operations; grows */
} tri_gpu_op;

/** Bytes of an element; 0 for no such type. */
TRI_API size_t tri_gpu_element_bytes(tri_gpu_element element);

/** Computes into[i] = a op b, where a is from[i] and b is into[i], over `count` elements. Offsets are in
 * elements of the type. TRI_ERR_ARGUMENT: no such type or operation, or a bit operation on a real type. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_combine(tri_gpu_element element, tri_gpu_op op,
                                                  tri_gpu_buffer *into, size_t into_offset,
                                                  const tri_gpu_buffer *from, size_t from_offset,
                                                  size_t count);

/** One explicit step of the heat equation. With u = from and k = dt alpha / h^2, for each of planes x rows x
 * columns inner points:
 *
 *     2-D (planes = 1): u + k (((west + east) + (north + south)) - 4 u)
 *     3-D:              u + k ((((west + east) + (north + south)) + (front + back)) - 6 u)
 *
 * in this order, each operation rounded. Arrays have one more layer of points on every side: (planes + 2) x
 * (rows + 2) x (columns + 2) doubles, in 2-D (rows + 2) x (columns + 2). The outer layers of `to` are
 * unchanged. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_heat(tri_gpu_buffer *to, size_t to_offset,
                                               const tri_gpu_buffer *from, size_t from_offset, size_t planes,
                                               size_t rows, size_t columns, double k);

/** A kernel of the library, for measurements. */
typedef struct tri_gpu_kernel_info {
    const char *name;  /**< its name */
    const char *text;  /**< one line: what it computes */
    double flops_each; /**< floating-point operations per element */
    double bytes_each; /**< bytes of device memory read and written per element */
} tri_gpu_kernel_info;

/** Kernel number `index`; NULL after the last. Static. Thread-safe. */
TRI_API const tri_gpu_kernel_info *tri_gpu_kernel(size_t index);

/** Runs kernel number `index` over the first `count` doubles of x, and waits. Its results, if any, go to the
 * first `count` doubles of `out`. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_kernel_run(size_t index, tri_gpu_buffer *out,
                                                     const tri_gpu_buffer *x, size_t count);

#ifdef __cplusplus
}
#endif
#endif
