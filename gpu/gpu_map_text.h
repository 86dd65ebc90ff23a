/* The text of an expression: parsing, the generated kernel, and positions of errors. Internal. */
#ifndef TRIREME_GPU_MAP_TEXT_H
#define TRIREME_GPU_MAP_TEXT_H

#include "trireme/gpu_map.h"

enum { TRI_MAP_STATEMENTS = 64, TRI_MAP_NAME = 64 };

typedef struct tri_map_statement {
    char name[TRI_MAP_NAME]; /* "" if there is no assignment */
    tri_number number;
    size_t start, length; /* of its expression in the text */
    size_t line;          /* of the kernel, counted from 1, that holds the expression at the same column */
} tri_map_statement;

typedef struct tri_map_text {
    char *text; /* with all white space replaced by spaces */
    const tri_gpu_input *input;
    size_t inputs;
    bool used[TRI_GPU_MAP_INPUTS];
    tri_map_statement statement[TRI_MAP_STATEMENTS];
    size_t statements;
    size_t output[TRI_GPU_MAP_OUTPUTS]; /* index of its statement */
    size_t outputs;
} tri_map_text;

/* Parses the text. Keeps a reference to `inputs`. Errors as tri_gpu_map_create(). */
TRI_MUST_CHECK tri_status tri_map_text_read(const char *text, const tri_gpu_input *inputs,
                                            size_t inputs_count, const char *const *outputs,
                                            size_t outputs_count, tri_map_text *out);
void tri_map_text_free(tri_map_text *map);

/* The source of the kernel tri_map(count, per_group, first, used inputs ..., outputs ...) for groups of
 * TRI_ITEMS work-items. Sets the lines of the statements. The caller frees it with free(); NULL if out of
 * memory. */
char *tri_map_text_kernel(tri_map_text *map);

/* Fails with TRI_ERR_ARGUMENT. The error text quotes the text around a column, counted from 0, with a mark
 * below it and the reason `what`. */
tri_status tri_map_text_point(const tri_map_text *map, size_t column, const char *what);

/* Fails with TRI_ERR_ARGUMENT and the first error of a compiler's log. */
tri_status tri_map_text_blame(const tri_map_text *map, const char *log);

#endif
