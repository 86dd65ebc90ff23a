/** @file
 * An element-wise expression, given as text at run time, over vectors that pass through a device
 * in pieces.
 *
 *     tri_gpu_map_create(gpu, "sqrt(x * x + y * y)", inputs, 2, NULL, 0, &map);
 *     tri_gpu_map_reserve(map, piece);
 *     fill tri_gpu_map_input(map, slot, 0) and (map, slot, 1);
 *     tri_gpu_map_start(map, slot, first, count);
 *     the host works on the other slot meanwhile
 *     tri_gpu_map_wait(map, slot);
 *     use tri_gpu_map_output(map, slot, 0);
 *
 * The text is one expression, or statements with `;` between them:
 *
 *     [TYPE] NAME = EXPRESSION
 *
 * TYPE is char, uchar, short, ushort, int, uint, long, ulong, float or double; double where it is missing. A
 * NAME is assigned once, and known in the statements after it. The last statement may be an expression alone:
 * it is then the only output, a double. An expression may use one element of each input, under the input's
 * name and with its type; `i`, a long, the global index of that element; numbers; C's operators without those
 * that assign or need an address; casts to the types above and to bool; sizeof; and the functions and
 * constants that doc/programs.md lists. All else is refused. Types and precedence are those of OpenCL C.
 * Every operation is rounded by itself: + - * / and sqrt of doubles have the bits that C gives.
 *
 * Every operation is defined for all operands, on every device. Integers wrap; a / 0 and a % 0 are 0; the
 * least integer / -1 is itself. A shift uses its count modulo the width of the left operand. A real number
 * becomes the nearest integer of a type that it exceeds, and NaN becomes 0.
 *
 * Threads and devices: as in trireme/gpu.h. All functions are local.
 */
#ifndef TRIREME_GPU_MAP_H
#define TRIREME_GPU_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trireme/gpu.h"
#include "trireme/number.h"
#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A compiled expression with its memory. Opaque. */
typedef struct tri_gpu_map tri_gpu_map;

/** Limits of an expression. */
enum {
    TRI_GPU_MAP_INPUTS = 16,  /**< largest number of inputs */
    TRI_GPU_MAP_OUTPUTS = 16, /**< largest number of outputs */
    TRI_GPU_MAP_SLOTS = 2     /**< pieces that may be under way at a time */
};

/** An input of an expression. */
typedef struct tri_gpu_input {
    const char *name;  /**< a C name, but not a type, sizeof, true, false or `i` */
    tri_number number; /**< kind of its elements */
    bool single;       /**< whether it has a single element, used for all indices */
} tri_gpu_input;

/** Compiles the expression `text`, or takes it from the cache of tri_gpu_open(). outputs: the names of the
 * results; none where the last statement is the only one. The caller frees *out with tri_gpu_map_destroy().
 * TRI_ERR_ARGUMENT: a name is wrong, or the text; then the message has its column. TRI_ERR_DEVICE,
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_create(tri_gpu *gpu, const char *text,
                                                     const tri_gpu_input *inputs, size_t inputs_count,
                                                     const char *const *outputs, size_t outputs_count,
                                                     tri_gpu_map **out);

/** Waits for the device, frees everything and sets *map to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_gpu_map_destroy(tri_gpu_map **map);

/** Whether the expression uses the input; an unused one needs no elements and has no memory. */
TRI_API bool tri_gpu_map_uses(const tri_gpu_map *map, size_t input);

/** Number of results. */
TRI_API size_t tri_gpu_map_outputs(const tri_gpu_map *map);

/** The kind of a result's elements. */
TRI_API tri_number tri_gpu_map_number(const tri_gpu_map *map, size_t output);

/** Allocates memory for pieces of up to `piece` >= 1 elements in each slot, and frees the previous memory.
 * TRI_ERR_DEVICE, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_reserve(tri_gpu_map *map, size_t piece);

/** The slot's memory for an input, aligned to 4 KiB where device and host share memory. The host may use it
 * after tri_gpu_map_reserve() or tri_gpu_map_wait() until tri_gpu_map_start(). A single input is filled once,
 * before the first start of the slot; afterwards the result is NULL, as for an unused input. */
TRI_API void *tri_gpu_map_input(const tri_gpu_map *map, size_t slot, size_t input);

/** The slot's memory for an output; otherwise as tri_gpu_map_input(). */
TRI_API const void *tri_gpu_map_output(const tri_gpu_map *map, size_t slot, size_t output);

/** Starts on the elements [first, first + count) and returns; tri_gpu_map_wait() comes before the next start
 * of the slot. count may be 0. TRI_ERR_DEVICE. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_start(tri_gpu_map *map, size_t slot, uint64_t first,
                                                    size_t count);

/** Waits until the slot's outputs are complete and its inputs may be filled again. TRI_ERR_DEVICE. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_wait(tri_gpu_map *map, size_t slot);

#ifdef __cplusplus
}
#endif
#endif
