/* An element-wise expression in OpenCL C, given as text at run time, over vectors that pass through a device in pieces.
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
 * TYPE is char, uchar, short, ushort, int, uint, long, ulong, float or double; double where it is missing. A NAME is
 * assigned once, and known in the statements behind it. The last statement may be an expression alone: it is the only
 * output then, a double. An expression sees one element of each input, under the input's name and with its type; `i`,
 * a long, the global index of that element; and all functions and constants of OpenCL C 1.2. No [ ] { } # " ' \ nor
 * comments. Every operation is rounded by itself: what C computes with + - * / and sqrt, on doubles, has the same bits.
 *
 * Threads and devices: as in trireme/gpu.h. */
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

typedef struct tri_gpu_map tri_gpu_map;

enum { TRI_GPU_MAP_INPUTS = 16, TRI_GPU_MAP_OUTPUTS = 16, TRI_GPU_MAP_SLOTS = 2 };

typedef struct tri_gpu_input {
    const char
        *name; /* a name of C, but not that of a type, nor `i`, nor one that begins with `_` or `tri_` */
    tri_number number;
    bool single; /* one element, which stands for as many as are asked for */
} tri_gpu_input;

/* Compiles the expression, or takes it from the cache of tri_gpu_open(), which says how a node compiles once. outputs:
 * the names that are results; none where the last statement is the only one. While the compiler works, standard error
 * leads nowhere: PoCL's would write to it.
 *
 * TRI_ERR_ARGUMENT: the text is wrong; the message has two more lines, the text and a mark below the column. Or a name
 * is. TRI_ERR_DEVICE, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_create(tri_gpu *gpu, const char *text,
                                                     const tri_gpu_input *inputs, size_t inputs_count,
                                                     const char *const *outputs, size_t outputs_count,
                                                     tri_gpu_map **out);

/* Waits for the device and frees everything. Takes NULL. */
TRI_API void tri_gpu_map_destroy(tri_gpu_map **map);

/* Whether the expression uses that input; one that it does not use needs no elements and has no memory. */
TRI_API bool tri_gpu_map_uses(const tri_gpu_map *map, size_t input);

/* How many results there are, and of what kind. */
TRI_API size_t tri_gpu_map_outputs(const tri_gpu_map *map);
TRI_API tri_number tri_gpu_map_number(const tri_gpu_map *map, size_t output);

/* Makes room for pieces of up to `piece` >= 1 elements in each slot, instead of what there was. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_reserve(tri_gpu_map *map, size_t piece);

/* Memory of the slot that the host may use, at multiples of 4 KiB where device and host share memory: between
 * tri_gpu_map_reserve() or tri_gpu_map_wait() and tri_gpu_map_start(), and not longer. An input that is single is
 * filled once, before the first start of the slot; afterwards this is NULL, as it is for an input that is not used. */
TRI_API void *tri_gpu_map_input(const tri_gpu_map *map, size_t slot, size_t input);
TRI_API const void *tri_gpu_map_output(const tri_gpu_map *map, size_t slot, size_t output);

/* Starts on the elements [first, first + count) and returns; wait before the next start of the slot. count may be 0. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_start(tri_gpu_map *map, size_t slot, uint64_t first,
                                                    size_t count);

/* Until the slot's outputs are there, and its inputs may be filled again. */
TRI_API TRI_MUST_CHECK tri_status tri_gpu_map_wait(tri_gpu_map *map, size_t slot);

#ifdef __cplusplus
}
#endif
#endif
