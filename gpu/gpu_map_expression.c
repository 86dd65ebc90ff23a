/* The grammar of an expression: C's operators and precedence, on values without side effects. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/gpu_map_text.h"

/* Of parentheses, casts, operators of one operand and branches of ?: inside each other. */
enum { DEPTH = 400 };

typedef struct parser {
    tri_map_text *map;
    size_t at; /* of the token, which is after white space */
    int depth;
} parser;

static const char *here(const parser *p) {
    return p->map->text + p->at;
}

static void skip(parser *p, size_t length) {
    p->at += length;
    while (isspace((unsigned char)*here(p)))
        p->at++;
}

/* ---- Tokens ---- */

/* C's operators, the longer ones first; those with a text are not part of the language. */
static const struct {
    const char *name, *wrong;
    int level; /* precedence as an operator of two operands */
} operators[] = {
    {"<<=", "write NAME = ...; with another name", 0},
    {">>=", "write NAME = ...; with another name", 0},
    {"++", "not an operator here: put a space between + and +", 0},
    {"--", "not an operator here: put a space between - and -", 0},
    {"->", "not an operator here", 0},
    {"//", "comments are not allowed here: omit it", 0},
    {"/*", "comments are not allowed here: omit it", 0},
    {"+=", "write NAME = ...; with another name", 0},
    {"-=", "write NAME = ...; with another name", 0},
    {"*=", "write NAME = ...; with another name", 0},
    {"/=", "write NAME = ...; with another name", 0},
    {"%=", "write NAME = ...; with another name", 0},
    {"&=", "write NAME = ...; with another name", 0},
    {"|=", "write NAME = ...; with another name", 0},
    {"^=", "write NAME = ...; with another name", 0},
    {"||", NULL, 1},
    {"&&", NULL, 2},
    {"==", NULL, 6},
    {"!=", NULL, 6},
    {"<=", NULL, 7},
    {">=", NULL, 7},
    {"<<", NULL, 8},
    {">>", NULL, 8},
    {"|", NULL, 3},
    {"^", NULL, 4},
    {"&", NULL, 5},
    {"<", NULL, 7},
    {">", NULL, 7},
    {"+", NULL, 9},
    {"-", NULL, 9},
    {"*", NULL, 10},
    {"/", NULL, 10},
    {"%", NULL, 10},
    {"=", "= assigns a whole statement: compare with ==", 0},
    {"[", "write x, not x[...]: an expression sees one element of each input", 0},
};
enum { OPERATORS = sizeof operators / sizeof *operators };

/* The operator at the token; OPERATORS: none. */
static size_t find_operator(const parser *p) {
    size_t k = 0;
    while (k < OPERATORS && strncmp(here(p), operators[k].name, strlen(operators[k].name)) != 0)
        k++;
    return k;
}

/* The reason why a token cannot continue an expression. */
static tri_status refuse(const parser *p, const char *otherwise) {
    size_t k = find_operator(p);
    char c = *here(p);
    if (k < OPERATORS && operators[k].wrong) return tri_map_wrong(p->map, p->at, "%s", operators[k].wrong);
    if (c && !isalnum((unsigned char)c) && !strchr("_.();,?:!~", c) && k == OPERATORS)
        return tri_map_wrong(p->map, p->at, "this character is not allowed in an expression");
    return tri_map_wrong(p->map, p->at, "%s", otherwise);
}

/* ---- Numbers ---- */

/* The length of C's preprocessing number: 1, .5f, 0x1p-3, 1e+5. */
static size_t number_length(const char *at) {
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '.' || at[length] == '_' ||
           (length && at[length] && strchr("+-", at[length]) && strchr("eEpP", at[length - 1])))
        length++;
    return length;
}

static tri_status read_real(parser *p, const char *text, size_t length, tri_map_value *out) {
    char *end;
    bool single = tolower((unsigned char)text[length - 1]) == 'f', hex = strpbrk(text, "xX") != NULL;
    double value = single ? (double)strtof(text, &end) : strtod(text, &end);
    if (end + single != text + length || (hex && !strpbrk(text, "pP")))
        return tri_map_wrong(p->map, p->at, "this is not a number");
    if (isinf(value)) return tri_map_wrong(p->map, p->at, "too large a number: use INFINITY");
    *out = tri_map_real(p->map, single ? TRI_FLOAT32 : TRI_FLOAT64, value);
    return TRI_OK;
}

/* The first type of C's list for the constant that holds the value. */
static tri_status read_integer(parser *p, const char *text, tri_map_value *out) {
    char *suffix;
    errno = 0;
    uint64_t value = strtoull(text, &suffix, 0);
    bool large = errno == ERANGE, decimal = *text != '0', is_unsigned = false, is_long = false;
    for (char *s = suffix; *s; s++) {
        bool *seen = *s == 'u' || *s == 'U' ? &is_unsigned : *s == 'l' || *s == 'L' ? &is_long : NULL;
        if (!seen || *seen) return tri_map_wrong(p->map, p->at, "this is not a number");
        *seen = true;
    }
    if (large || (decimal && !is_unsigned && value > INT64_MAX))
        return tri_map_wrong(p->map, p->at, "too large an integer: %s",
                             large ? "write it with a point" : "append u, or write it with a point");
    tri_number type = TRI_INT32;
    for (; type < TRI_UINT64; type++) {
        bool is_signed = !(type & 1);
        uint64_t most = type < TRI_INT64 ? is_signed ? INT32_MAX : UINT32_MAX : INT64_MAX;
        if (value <= most && (is_signed ? !is_unsigned : is_unsigned || !decimal) &&
            (type >= TRI_INT64 || !is_long))
            break;
    }
    *out = tri_map_integer(p->map, type, value);
    return TRI_OK;
}

static tri_status read_number(parser *p, tri_map_value *out) {
    char text[128];
    size_t length = number_length(here(p));
    if (length >= sizeof text) return tri_map_wrong(p->map, p->at, "too long a number");
    memcpy(text, here(p), length);
    text[length] = 0;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    TRI_TRY(strpbrk(text, hex ? ".pP" : ".eE") ? read_real(p, text, length, out)
                                               : read_integer(p, text, out));
    skip(p, length);
    return TRI_OK;
}

/* ---- Values ---- */

static tri_status read_unary(parser *p, tri_map_value *out);
static tri_status read_choice(parser *p, tri_map_value *out);

static tri_status deeper(parser *p) {
    return p->depth++ < DEPTH
               ? TRI_OK
               : tri_map_wrong(p->map, p->at, "nested more than %d deep: use several statements", DEPTH);
}

static tri_status read_close(parser *p, size_t open) {
    if (!*here(p) || *here(p) == ';') return tri_map_wrong(p->map, open, "unmatched '(': append )");
    if (*here(p) != ')') return refuse(p, "an operator or ) is missing before this");
    skip(p, 1);
    return TRI_OK;
}

static tri_status read_call(parser *p, size_t length, tri_map_value *out) {
    tri_map_value argument[TRI_MAP_ARGUMENTS];
    size_t name = p->at, count = 0, open;
    skip(p, length);
    open = p->at;
    skip(p, 1);
    for (bool more = *here(p) != ')'; more; count++) {
        if (count == TRI_MAP_ARGUMENTS) return tri_map_wrong(p->map, name, "too many arguments: at most 3");
        TRI_TRY(read_choice(p, &argument[count]));
        more = *here(p) == ',';
        if (more) skip(p, 1);
    }
    TRI_TRY(read_close(p, open));
    return tri_map_call(p->map, name, p->map->text + name, length, argument, count, out);
}

/* "x, y" */
static tri_status unknown_name(const parser *p, size_t length) {
    const tri_map_text *map = p->map;
    char inputs[200] = "";
    for (size_t k = 0, at = 0; k < map->inputs && at < sizeof inputs; k++)
        at += (size_t)snprintf(inputs + at, sizeof inputs - at, "%s%s", k ? ", " : "", map->input[k].name);
    return tri_map_wrong(map, p->at, "unknown name '%.*s' (inputs: %s)", (int)(length < 64 ? length : 64),
                         here(p), inputs);
}

static tri_status read_name(parser *p, tri_map_value *out) {
    tri_map_text *map = p->map;
    const char *word = here(p);
    size_t length = tri_map_word(word), statement = 0, input = 0;
    const char *next = word + length + strspn(word + length, " \t\n\r\v\f");
    if (*next == '(') return read_call(p, length, out);
    while (input < map->inputs && !tri_map_is(word, length, map->input[input].name))
        input++;
    while (statement < map->statements && !tri_map_is(word, length, map->statement[statement].name))
        statement++;
    if (input < map->inputs) {
        map->used[input] = true;
        *out = (tri_map_value){map->input[input].number, (unsigned)input};
    } else if (statement < map->statements)
        *out = map->statement[statement].value;
    else if (tri_map_is(word, length, "i"))
        *out = (tri_map_value){TRI_INT64, TRI_MAP_INDEX};
    else if (!tri_map_constant(map, word, length, out))
        return unknown_name(p, length);
    skip(p, length);
    return TRI_OK;
}

/* The length of a type in parentheses at the token, as of a cast; 0: none. */
static size_t cast_length(const parser *p, tri_number *type, bool *is_bool) {
    const char *word = here(p) + 1;
    if (*here(p) != '(') return 0;
    word += strspn(word, " \t\n\r\v\f");
    size_t length = tri_map_word(word);
    const char *after = word + length + strspn(word + length, " \t\n\r\v\f");
    *type = tri_map_type(word, length);
    *is_bool = tri_map_is(word, length, "bool");
    return *after == ')' && (*is_bool || *type != TRI_NUMBER_COUNT) ? (size_t)(after + 1 - here(p)) : 0;
}

static tri_status read_size(parser *p, tri_map_value *out) {
    tri_number type = TRI_NUMBER_COUNT;
    bool is_bool = false;
    skip(p, strlen("sizeof"));
    size_t length = cast_length(p, &type, &is_bool), bytes = 1;
    if (length)
        skip(p, length);
    else {
        TRI_TRY(read_unary(p, out));
        type = out->type;
    }
    if (!is_bool || !length) bytes = tri_number_bytes(type);
    *out = tri_map_integer(p->map, TRI_UINT64, bytes);
    return TRI_OK;
}

static tri_status read_primary(parser *p, tri_map_value *out) {
    char c = *here(p);
    size_t open = p->at, length = tri_map_word(here(p));
    if (tri_map_is(here(p), length, "sizeof")) return read_size(p, out);
    if (length) return read_name(p, out);
    if (isdigit((unsigned char)c) || (c == '.' && isdigit((unsigned char)here(p)[1])))
        return read_number(p, out);
    if (c == ')') return tri_map_wrong(p->map, p->at, "a value is missing before this )");
    if (c != '(') return refuse(p, "a value is missing here");
    skip(p, 1);
    TRI_TRY(read_choice(p, out));
    return read_close(p, open);
}

static tri_status read_unary(parser *p, tri_map_value *out) {
    size_t at = p->at, k = find_operator(p);
    char c = *here(p);
    tri_number type;
    bool is_bool;
    TRI_TRY(deeper(p));
    size_t cast = cast_length(p, &type, &is_bool);
    if (cast) {
        skip(p, cast);
        TRI_TRY(read_unary(p, out));
        if (is_bool) {
            TRI_TRY(tri_map_unary(p->map, at, '!', *out, out));
            TRI_TRY(tri_map_unary(p->map, at, '!', *out, out));
        } else
            *out = tri_map_convert(p->map, *out, type);
    } else if (c && strchr("+-!~", c) && (k == OPERATORS || !operators[k].wrong) &&
               strncmp(here(p), "!=", 2)) {
        skip(p, 1);
        TRI_TRY(read_unary(p, out));
        TRI_TRY(tri_map_unary(p->map, at, c, *out, out));
    } else
        TRI_TRY(read_primary(p, out));
    p->depth--;
    return TRI_OK;
}

/* Operators of two operands of at least this precedence. */
static tri_status read_binary(parser *p, int level, tri_map_value *out) {
    TRI_TRY(read_unary(p, out));
    for (size_t k; (k = find_operator(p)) < OPERATORS && operators[k].level >= level && operators[k].level;) {
        size_t at = p->at;
        tri_map_value right;
        skip(p, strlen(operators[k].name));
        TRI_TRY(read_binary(p, operators[k].level + 1, &right));
        TRI_TRY(tri_map_binary(p->map, at, operators[k].name, *out, right, out));
    }
    return TRI_OK;
}

static tri_status read_choice(parser *p, tri_map_value *out) {
    tri_map_value yes, no;
    TRI_TRY(deeper(p));
    TRI_TRY(read_binary(p, 1, out));
    if (*here(p) == '?') {
        skip(p, 1);
        TRI_TRY(read_choice(p, &yes));
        if (*here(p) != ':') return refuse(p, "an operator, or the : of ?, is missing before this");
        skip(p, 1);
        TRI_TRY(read_choice(p, &no));
        *out = tri_map_choose(p->map, *out, yes, no);
    }
    p->depth--;
    return TRI_OK;
}

tri_status tri_map_expression(tri_map_text *map, size_t *at, tri_map_value *out) {
    parser p = {.map = map, .at = *at};
    TRI_TRY(read_choice(&p, out));
    *at = p.at;
    if (*here(&p) == ')') return tri_map_wrong(map, p.at, "unmatched ')': omit it");
    return !*here(&p) || *here(&p) == ';' ? TRI_OK : refuse(&p, "an operator or ; is missing before this");
}
