/* The text of an expression, and the kernel made from it. Internal.
 *
 * The grammar is ours, so that nothing but it reaches the compiler of a device: every value of the text
 * becomes a variable n<number> of the kernel with one operation that is defined for all operands. No text of
 * the user is part of the kernel. */
#ifndef TRIREME_GPU_MAP_TEXT_H
#define TRIREME_GPU_MAP_TEXT_H

#include <stdio.h>

#include "trireme/gpu_map.h"

enum { TRI_MAP_STATEMENTS = 64, TRI_MAP_NAME = 64 };

/* The variable n<number> of the kernel. The first ones are the inputs and the index. */
typedef struct tri_map_value {
    tri_number type;
    unsigned number;
} tri_map_value;
enum { TRI_MAP_INDEX = TRI_GPU_MAP_INPUTS, TRI_MAP_FIRST };

typedef struct tri_map_statement {
    char name[TRI_MAP_NAME]; /* "" if there is no assignment */
    tri_map_value value;
} tri_map_statement;

typedef struct tri_map_text {
    const char *text;
    const tri_gpu_input *input;
    size_t inputs;
    bool used[TRI_GPU_MAP_INPUTS];
    tri_map_statement statement[TRI_MAP_STATEMENTS];
    size_t statements;
    size_t output[TRI_GPU_MAP_OUTPUTS]; /* index of its statement */
    size_t outputs;
    /* The code of the statements. */
    char *code;
    size_t code_bytes;
    FILE *to; /* writes it; NULL when it is complete */
    unsigned values;
} tri_map_text;

/* Parses the text. Keeps references to `text` and `inputs`. Errors as tri_gpu_map_create(). */
TRI_MUST_CHECK tri_status tri_map_text_read(const char *text, const tri_gpu_input *inputs,
                                            size_t inputs_count, const char *const *outputs,
                                            size_t outputs_count, tri_map_text *out);
void tri_map_text_free(tri_map_text *map);

/* The source of the kernel tri_map(count, per_group, first, used inputs ..., outputs ...) for groups of
 * TRI_ITEMS work-items. The caller frees it with free(); NULL if out of memory. */
char *tri_map_text_kernel(const tri_map_text *map);

/* ---- Between the files of the parser ---- */

/* Fails with TRI_ERR_ARGUMENT: the column, counted from 0, the text there, and what is wrong. */
tri_status tri_map_wrong(const tri_map_text *map, size_t column, const char *format, ...) TRI_PRINTF(3, 4);

size_t tri_map_word(const char *at); /* the length of the name at `at`; 0: none */
bool tri_map_is(const char *word, size_t length, const char *name);
/* The type that a word names; TRI_NUMBER_COUNT if none. */
tri_number tri_map_type(const char *word, size_t length);

/* Parses the expression at *at, which ends at `;` or the end of the text, and leaves *at there. */
TRI_MUST_CHECK tri_status tri_map_expression(tri_map_text *map, size_t *at, tri_map_value *out);

/* Operations. `column`: of the operator or function, for errors about types. */
bool tri_map_whole(tri_number type); /* whether the type is an integer */
tri_map_value tri_map_integer(tri_map_text *map, tri_number type, uint64_t bits);
tri_map_value tri_map_real(tri_map_text *map, tri_number type, double value);
/* Whether the word is a constant such as M_PI. */
bool tri_map_constant(tri_map_text *map, const char *word, size_t length, tri_map_value *out);
tri_map_value tri_map_convert(tri_map_text *map, tri_map_value from, tri_number type);
TRI_MUST_CHECK tri_status tri_map_unary(tri_map_text *map, size_t column, char operation, tri_map_value x,
                                        tri_map_value *out);
TRI_MUST_CHECK tri_status tri_map_binary(tri_map_text *map, size_t column, const char *operation,
                                         tri_map_value a, tri_map_value b, tri_map_value *out);
tri_map_value tri_map_choose(tri_map_text *map, tri_map_value condition, tri_map_value a, tri_map_value b);
enum { TRI_MAP_ARGUMENTS = 3 };
TRI_MUST_CHECK tri_status tri_map_call(tri_map_text *map, size_t column, const char *name, size_t length,
                                       const tri_map_value *arguments, size_t count, tri_map_value *out);

#endif
