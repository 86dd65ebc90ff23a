/* The text of an expression: what it says, the kernel made of it, and where in it an error is. Internal. */
#ifndef TRIREME_GPU_MAP_TEXT_H
#define TRIREME_GPU_MAP_TEXT_H

#include "trireme/gpu_map.h"

enum { TRI_MAP_STATEMENTS = 64, TRI_MAP_NAME = 64 };

typedef struct tri_map_statement {
    char name[TRI_MAP_NAME]; /* "" for an expression alone */
    tri_number number;
    size_t start, length; /* of its expression in the text */
    size_t line; /* of the kernel, counted from 1, on which the expression stands, at the same column */
} tri_map_statement;

typedef struct tri_map_text {
    char *text; /* blanks made spaces */
    const tri_gpu_input *input;
    size_t inputs;
    bool used[TRI_GPU_MAP_INPUTS];
    tri_map_statement statement[TRI_MAP_STATEMENTS];
    size_t statements;
    size_t output[TRI_GPU_MAP_OUTPUTS]; /* the statement that it is */
    size_t outputs;
} tri_map_text;

/* Reads the text. `inputs` are borrowed. The errors of tri_gpu_map_create(). */
TRI_MUST_CHECK tri_status tri_map_text_read(const char *text, const tri_gpu_input *inputs,
                                            size_t inputs_count, const char *const *outputs,
                                            size_t outputs_count, tri_map_text *out);
void tri_map_text_free(tri_map_text *map);

/* The source of the kernel tri_map(count, elements of a group, first, inputs that are used, outputs) for groups of
 * TRI_ITEMS; fills in the lines of the statements. malloc()ed; NULL where there is no memory. */
char *tri_map_text_kernel(tri_map_text *map);

/* TRI_ERR_ARGUMENT with the text around a column, counted from 0, a mark below it, and what is wrong there. */
tri_status tri_map_text_point(const tri_map_text *map, size_t column, const char *what);

/* TRI_ERR_ARGUMENT with the first error of a compiler's log. */
tri_status tri_map_text_blame(const tri_map_text *map, const char *log);

#endif
