/* The statements of an expression. */
#include "gpu/gpu_map_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names ---- */

/* Why a name is invalid; NULL if it is valid. */
static const char *fault_of(const char *name, size_t length) {
    static const char *const words[] = {"bool", "sizeof", "true", "false"};
    bool taken = tri_map_type(name, length) != TRI_NUMBER_COUNT;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        taken |= tri_map_is(name, length, words[k]);
    if (!length || tri_map_word(name) < length) return "is not a name: letters, digits and _, no digit first";
    if (length >= TRI_MAP_NAME) return "is too long for a name: at most 63 characters";
    if (taken) return "is a word of the language: choose another name";
    if (tri_map_is(name, length, "i")) return "is the index of the element: choose another name";
    return NULL;
}

static tri_status check_inputs(const tri_map_text *map) {
    for (size_t k = 0; k < map->inputs; k++) {
        const char *name = map->input[k].name, *fault = fault_of(name, strlen(name));
        if (fault) return tri_fail(TRI_ERR_ARGUMENT, "'%s' %s", name, fault);
        for (size_t j = 0; j < k; j++)
            if (!strcmp(name, map->input[j].name))
                return tri_fail(TRI_ERR_ARGUMENT, "two inputs have the name '%s'", name);
    }
    return TRI_OK;
}

/* ---- Statements ---- */

static size_t after_spaces(const tri_map_text *map, size_t at) {
    while (isspace((unsigned char)map->text[at]))
        at++;
    return at;
}

static tri_status check_name(const tri_map_text *map, size_t at, size_t length) {
    const char *name = map->text + at, *fault = fault_of(name, length);
    if (fault) return tri_map_wrong(map, at, "'%.*s' %s", (int)(length < 64 ? length : 64), name, fault);
    for (size_t k = 0; k < map->inputs; k++)
        if (tri_map_is(name, length, map->input[k].name))
            return tri_map_wrong(map, at, "this name is an input: choose another one");
    for (size_t k = 0; k < map->statements; k++)
        if (tri_map_is(name, length, map->statement[k].name))
            return tri_map_wrong(map, at, "this name is already assigned: choose another one");
    return TRI_OK;
}

/* [TYPE] NAME = at *at. Without it, *at and `s` are unchanged. */
static tri_status read_left(tri_map_text *map, size_t *at, tri_map_statement *s) {
    const char *text = map->text;
    size_t name = *at, length = tri_map_word(text + name), next = after_spaces(map, name + length),
           second = length ? tri_map_word(text + next) : 0;
    tri_number type = TRI_FLOAT64;
    if (second) {
        type = tri_map_type(text + name, length);
        name = next;
        length = second;
        next = after_spaces(map, name + length);
    }
    if (!length || text[next] != '=' || text[next + 1] == '=') return TRI_OK;
    if (type == TRI_NUMBER_COUNT)
        return tri_map_wrong(
            map, *at, "not a type: use char, uchar, short, ushort, int, uint, long, ulong, float or double");
    TRI_TRY(check_name(map, name, length));
    memcpy(s->name, text + name, length);
    s->value.type = type;
    *at = after_spaces(map, next + 1);
    return TRI_OK;
}

static tri_status read_statement(tri_map_text *map, size_t *at) {
    tri_map_statement s = {.name = "", .value.type = TRI_FLOAT64};
    size_t start = *at;
    tri_map_value value;
    if (map->statements == TRI_MAP_STATEMENTS)
        return tri_map_wrong(map, start, "at most %d statements are possible", TRI_MAP_STATEMENTS);
    if (map->text[start] == ';') return tri_map_wrong(map, start, "the statement is empty: omit the ;");
    TRI_TRY(read_left(map, at, &s));
    TRI_TRY(tri_map_expression(map, at, &value));
    if (map->text[*at] == ';') *at = after_spaces(map, *at + 1);
    if (!*s.name && map->text[*at])
        return tri_map_wrong(map, start, "only the last statement may be without a name: write r = ...");
    s.value = tri_map_convert(map, value, s.value.type);
    map->statement[map->statements++] = s;
    return TRI_OK;
}

static tri_status read_statements(tri_map_text *map) {
    size_t at = after_spaces(map, 0);
    if (!map->text[at])
        return tri_fail(TRI_ERR_ARGUMENT, "the expression is empty: write x + 1, for example");
    map->to = open_memstream(&map->code, &map->code_bytes);
    if (!map->to) return tri_fail(TRI_ERR_MEMORY, "no memory for an expression");
    tri_status status = TRI_OK;
    while (status == TRI_OK && map->text[at])
        status = read_statement(map, &at);
    int bad = fclose(map->to);
    map->to = NULL;
    if (status != TRI_OK) return status;
    return bad ? tri_fail(TRI_ERR_MEMORY, "no memory for an expression") : TRI_OK;
}

static tri_status find_outputs(tri_map_text *map, const char *const *outputs, size_t count) {
    size_t last = map->statements - 1;
    bool alone = !*map->statement[last].name;
    if (alone && count > 1)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "the expression has one value for %zu outputs: write %s = ...; %s = ...", count,
                        outputs[0], outputs[1]);
    map->outputs = count ? count : 1;
    map->output[0] = last;
    for (size_t k = 0; k < count && !alone; k++) {
        size_t found = 0;
        while (found <= last && strcmp(map->statement[found].name, outputs[k]) != 0)
            found++;
        if (found > last)
            return tri_fail(TRI_ERR_ARGUMENT, "the expression assigns nothing to output '%s'", outputs[k]);
        for (size_t j = 0; j < k; j++)
            if (map->output[j] == found)
                return tri_fail(TRI_ERR_ARGUMENT, "two outputs have the name '%s'", outputs[k]);
        map->output[k] = found;
    }
    return TRI_OK;
}

tri_status tri_map_text_read(const char *text, const tri_gpu_input *inputs, size_t inputs_count,
                             const char *const *outputs, size_t outputs_count, tri_map_text *out) {
    if (inputs_count > TRI_GPU_MAP_INPUTS || outputs_count > TRI_GPU_MAP_OUTPUTS)
        return tri_fail(TRI_ERR_ARGUMENT, "%zu inputs and %zu outputs exceed the limits of %d and %d",
                        inputs_count, outputs_count, TRI_GPU_MAP_INPUTS, TRI_GPU_MAP_OUTPUTS);
    tri_map_text map = {.input = inputs, .inputs = inputs_count, .text = text, .values = TRI_MAP_FIRST};
    tri_status status = check_inputs(&map);
    if (status == TRI_OK) status = read_statements(&map);
    if (status == TRI_OK) status = find_outputs(&map, outputs, outputs_count);
    if (status == TRI_OK)
        *out = map;
    else
        tri_map_text_free(&map);
    return status;
}

void tri_map_text_free(tri_map_text *map) {
    free(map->code);
    map->code = NULL;
}

/* ---- The kernel ---- */

static const char head[] = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
                           "#pragma OPENCL FP_CONTRACT OFF\n"
                           "__kernel void tri_map(ulong count, ulong per_group, long first";
static const char loop[] = ") {\n"
                           "const ulong zero = count >> 63;\n"
                           "ulong end = min(count, (get_group_id(0) + 1) * per_group);\n"
                           "for (ulong at = get_group_id(0) * per_group + get_local_id(0); at < end; at += "
                           "TRI_ITEMS) {\n";

char *tri_map_text_kernel(const tri_map_text *map) {
    char *source = NULL;
    size_t bytes;
    FILE *to = open_memstream(&source, &bytes);
    if (!to) return NULL;
    fputs(head, to);
    for (size_t k = 0; k < map->inputs; k++)
        if (map->used[k])
            fprintf(to, ",\n__global const %s *restrict in%zu", tri_number_opencl(map->input[k].number), k);
    for (size_t k = 0; k < map->outputs; k++)
        fprintf(to, ",\n__global %s *restrict out%zu",
                tri_number_opencl(map->statement[map->output[k]].value.type), k);
    fputs(loop, to);
    fprintf(to, "const long n%d = first + (long)at;\n", TRI_MAP_INDEX);
    for (size_t k = 0; k < map->inputs; k++)
        if (map->used[k])
            fprintf(to, "const %s n%zu = in%zu[%s];\n", tri_number_opencl(map->input[k].number), k, k,
                    map->input[k].single ? "0" : "at");
    fputs(map->code, to);
    for (size_t k = 0; k < map->outputs; k++)
        fprintf(to, "out%zu[at] = n%u;\n", k, map->statement[map->output[k]].value.number);
    fputs("}\n}\n", to);
    if (fclose(to)) {
        free(source);
        return NULL;
    }
    return source;
}
