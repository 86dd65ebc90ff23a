#include "gpu/gpu_map_text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Words of OpenCL C: `types` are allowed in expressions, `others` are not. Neither may name a variable. */
static const char *const types[] = {"bool",  "char",  "uchar",  "short",    "ushort", "int",  "uint",  "long",
                                    "ulong", "float", "double", "unsigned", "signed", "true", "false", NULL};
static const char *const others[] = {"if",    "else",     "for",    "while",  "do",   "return",
                                     "break", "continue", "goto",   "switch", "case", "default",
                                     "const", "sizeof",   "struct", "void",   NULL};

static bool is_among(const char *const *list, const char *word, size_t length) {
    for (; *list; list++)
        if (strlen(*list) == length && !memcmp(*list, word, length)) return true;
    return false;
}

/* The device's compiler checks vector types such as "float4". */
static bool is_type(const char *word, size_t length) {
    while (length && isdigit((unsigned char)word[length - 1]))
        length--;
    return is_among(types, word, length);
}

static bool starts_word(char c) {
    return isalpha((unsigned char)c) || c == '_';
}

static size_t word_length(const char *at) {
    size_t length = 0;
    while (starts_word(at[length]) || (length && isdigit((unsigned char)at[length])))
        length++;
    return length;
}

static size_t skip_spaces(const char *text, size_t at) {
    return at + strspn(text + at, " ");
}

/* ---- Errors ---- */

tri_status tri_map_text_point(const tri_map_text *map, size_t column, const char *what) {
    enum { BEFORE = 60, WIDTH = 100 };
    size_t from = column > BEFORE ? column - BEFORE : 0;
    return tri_fail(TRI_ERR_ARGUMENT, "column %zu of the expression:\n  %s%.*s\n  %*s^ %s", column + 1,
                    from ? "..." : "", (int)WIDTH, map->text + from, (int)(column - from + (from ? 3 : 0)),
                    "", what);
}

/* "x, y" */
static void list_inputs(const tri_map_text *map, char *out, size_t room) {
    size_t at = 0;
    *out = 0;
    for (size_t k = 0; k < map->inputs && at < room; k++)
        at += (size_t)snprintf(out + at, room - at, "%s%s", k ? ", " : "", map->input[k].name);
}

/* ---- Reading ---- */

/* Why a name is invalid; NULL if it is valid. */
static const char *fault_of(const char *name, size_t length) {
    if (!length || word_length(name) != length) return "is not a name: letters, digits and _, no digit first";
    if (length >= TRI_MAP_NAME) return "is too long for a name";
    if (*name == '_' || !strncmp(name, "tri_", 4)) return "may not begin with _ or tri_";
    if (is_type(name, length) || is_among(others, name, length))
        return "is a keyword of OpenCL C: choose another name";
    if (length == 1 && *name == 'i') return "is the index of the element: choose another name";
    return NULL;
}

static tri_status check_inputs(const tri_map_text *map) {
    for (size_t k = 0; k < map->inputs; k++) {
        const char *name = map->input[k].name, *wrong = fault_of(name, strlen(name));
        if (wrong) return tri_fail(TRI_ERR_ARGUMENT, "'%s' %s", name, wrong);
        for (size_t j = 0; j < k; j++)
            if (!strcmp(name, map->input[j].name))
                return tri_fail(TRI_ERR_ARGUMENT, "two inputs have the name '%s'", name);
    }
    return TRI_OK;
}

/* The length of a preprocessing number: 1, .5f, 0x1p-3, 1e+5. */
static size_t number_length(const char *at) {
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '.' ||
           (length && strchr("+-", at[length]) && at[length] && strchr("eEpP", at[length - 1])))
        length++;
    return length;
}

/* Checks a word in an expression: a variable, or a word that the compiler knows. */
static tri_status read_word(tri_map_text *map, size_t at, size_t length) {
    const char *word = map->text + at;
    for (size_t k = 0; k < map->inputs; k++)
        if (strlen(map->input[k].name) == length && !memcmp(map->input[k].name, word, length)) {
            map->used[k] = true;
            return TRI_OK;
        }
    for (size_t k = 0; k < map->statements; k++)
        if (strlen(map->statement[k].name) == length && !memcmp(map->statement[k].name, word, length))
            return TRI_OK;
    bool constant = true; /* M_PI, INFINITY, FLT_EPSILON */
    for (size_t k = 0; k < length; k++)
        constant &= !islower((unsigned char)word[k]);
    if (constant || (length == 1 && *word == 'i') || is_type(word, length) ||
        map->text[skip_spaces(map->text, at + length)] == '(')
        return TRI_OK;
    char inputs[200], what[320];
    list_inputs(map, inputs, sizeof inputs);
    snprintf(what, sizeof what, "unknown name '%.*s' (inputs: %s)", (int)(length < 64 ? length : 64), word,
             inputs);
    return tri_map_text_point(map, at, what);
}

/* Checks each word and character of the expression [start, end). */
static tri_status read_expression(tri_map_text *map, size_t start, size_t end) {
    const char *text = map->text;
    size_t open = 0, opened[64];
    for (size_t at = start, length; at < end; at += length) {
        length = 1;
        char c = text[at];
        if (starts_word(c)) {
            length = word_length(text + at);
            /* After a point: a component of a vector. */
            if (at == start || text[at - 1] != '.') TRI_TRY(read_word(map, at, length));
        } else if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)text[at + 1])))
            length = number_length(text + at);
        else if (c == '(') {
            if (open == sizeof opened / sizeof *opened)
                return tri_map_text_point(map, at, "too many open parentheses");
            opened[open++] = at;
        } else if (c == ')' && !open--)
            return tri_map_text_point(map, at, "unmatched ')'");
        else if (c == '[')
            return tri_map_text_point(map, at,
                                      "write x, not x[...]: an expression sees one element of each input");
        else if (c == '/' && (text[at + 1] == '/' || text[at + 1] == '*'))
            return tri_map_text_point(map, at, "comments are not allowed here");
        else if (!strchr(" )+-*/%<>=!&|^~?:.,", c))
            return tri_map_text_point(map, at, "not allowed in an expression");
    }
    return open ? tri_map_text_point(map, opened[open - 1], "unmatched '('") : TRI_OK;
}

/* A word by its position in the text. */
typedef struct word {
    size_t at, length;
} word;

/* The type that a word names; TRI_NUMBER_COUNT if none. */
static tri_number type_of(const char *text, word w) {
    for (int k = 0; k < TRI_NUMBER_COUNT; k++) {
        const char *type = tri_number_opencl((tri_number)k);
        if (strlen(type) == w.length && !memcmp(type, text + w.at, w.length)) return (tri_number)k;
    }
    return TRI_NUMBER_COUNT;
}

/* [TYPE] NAME = at the start of [at, end). Returns the start of the expression, which is `at` if there is no
 * assignment. */
static size_t read_left(const char *text, size_t at, size_t end, tri_number *number, word *name) {
    word first = {at, word_length(text + at)}, second = {skip_spaces(text, at + first.length), 0};
    *number = TRI_FLOAT64;
    *name = first;
    if (!first.length) return at;
    if (second.at < end) second.length = word_length(text + second.at);
    size_t next = skip_spaces(text, second.at + second.length);
    if (next >= end || text[next] != '=' || text[next + 1] == '=') return at;
    if (second.length) {
        *number = type_of(text, first);
        *name = second;
        if (*number == TRI_NUMBER_COUNT) return at;
    }
    return skip_spaces(text, next + 1);
}

static tri_status check_left(const tri_map_text *map, word name) {
    const char *text = map->text + name.at, *wrong = fault_of(text, name.length);
    if (wrong) return tri_map_text_point(map, name.at, wrong);
    for (size_t k = 0; k < map->inputs; k++)
        if (strlen(map->input[k].name) == name.length && !memcmp(text, map->input[k].name, name.length))
            return tri_map_text_point(map, name.at, "this name is an input");
    for (size_t k = 0; k < map->statements; k++)
        if (strlen(map->statement[k].name) == name.length &&
            !memcmp(text, map->statement[k].name, name.length))
            return tri_map_text_point(map, name.at, "this name is already assigned");
    return TRI_OK;
}

/* Reads the statement [at, end), which has no spaces at its ends. */
static tri_status read_statement(tri_map_text *map, size_t at, size_t end, bool last) {
    tri_map_statement s = {.name = ""};
    word name;
    if (map->statements == TRI_MAP_STATEMENTS) return tri_map_text_point(map, at, "too many statements");
    s.start = read_left(map->text, at, end, &s.number, &name);
    if (s.start >= end) return tri_map_text_point(map, end, "missing value");
    s.length = end - s.start;
    if (s.start > at) {
        TRI_TRY(check_left(map, name));
        memcpy(s.name, map->text + name.at, name.length);
    } else if (!last)
        return tri_map_text_point(map, at, "assign this to a name: r = ...");
    TRI_TRY(read_expression(map, s.start, end));
    map->statement[map->statements++] = s;
    return TRI_OK;
}

static tri_status read_statements(tri_map_text *map) {
    size_t length = strlen(map->text);
    for (size_t at = skip_spaces(map->text, 0); at < length;) {
        size_t stop = at + strcspn(map->text + at, ";"), end = stop;
        while (end > at && map->text[end - 1] == ' ')
            end--;
        if (end == at) return tri_map_text_point(map, at, "empty statement");
        size_t next = skip_spaces(map->text, stop + (map->text[stop] != 0));
        TRI_TRY(read_statement(map, at, end, next >= length));
        at = next;
    }
    return map->statements ? TRI_OK : tri_fail(TRI_ERR_ARGUMENT, "the expression is empty");
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
    tri_map_text map = {.input = inputs, .inputs = inputs_count, .text = strdup(text)};
    if (!map.text) return tri_fail(TRI_ERR_MEMORY, "no memory for an expression");
    for (char *at = map.text; *at; at++)
        if (isspace((unsigned char)*at)) *at = ' ';
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
    free(map->text);
    map->text = NULL;
}
