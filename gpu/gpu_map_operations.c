/* The operations of an expression as code of its kernel, each with a defined result for all operands. */
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "gpu/gpu_map_text.h"

/* ---- Types: in the order of tri_number, integers before reals, unsigned ones are odd ---- */

bool tri_map_whole(tri_number type) {
    return type <= TRI_UINT64;
}

static bool is_signed(tri_number type) {
    return !(type & 1);
}

static tri_number unsigned_of(tri_number type) {
    return type | 1;
}

static unsigned bits_of(tri_number type) {
    return 8 * (unsigned)tri_number_bytes(type);
}

/* C's usual arithmetic conversions: the later of the two types, integers at least int. */
static tri_number common_of(tri_number a, tri_number b) {
    tri_number later = a > b ? a : b;
    return later > TRI_INT32 ? later : TRI_INT32;
}

#define NAME(type) tri_number_opencl(type)

/* ---- Code ---- */

/* const TYPE n<number> = ...; */
static tri_map_value emit(tri_map_text *map, tri_number type, const char *format, ...) TRI_PRINTF(3, 4);
static tri_map_value emit(tri_map_text *map, tri_number type, const char *format, ...) {
    va_list args;
    fprintf(map->to, "const %s n%u = ", NAME(type), map->values);
    va_start(args, format);
    vfprintf(map->to, format, args);
    va_end(args);
    fputs(";\n", map->to);
    return (tri_map_value){type, map->values++};
}

tri_map_value tri_map_integer(tri_map_text *map, tri_number type, uint64_t bits) {
    return emit(map, type, is_signed(type) ? "as_%s((%s)%lluUL)" : "(%s)(%s)%lluUL", NAME(type),
                NAME(unsigned_of(type)), (unsigned long long)bits);
}

/* By its bits, which no locale and no compiler changes. */
tri_map_value tri_map_real(tri_map_text *map, tri_number type, double value) {
    uint64_t bits;
    uint32_t single_bits;
    float single = (float)value;
    memcpy(&bits, &value, sizeof bits);
    memcpy(&single_bits, &single, sizeof single_bits);
    return type == TRI_FLOAT32 ? emit(map, type, "as_float(0x%xu)", single_bits)
                               : emit(map, type, "as_double(0x%llxUL)", (unsigned long long)bits);
}

/* Out of range: the nearest integer of the type; NaN: 0. */
static tri_map_value whole_of_real(tri_map_text *map, tri_map_value x, tri_number type) {
    static const char *const prefix[] = {"CHAR", "UCHAR", "SHRT", "USHRT", "INT", "UINT", "LONG", "ULONG"};
    const char *least = prefix[type], *suffix = x.type == TRI_FLOAT32 ? "f" : "";
    unsigned n = x.number, bits = bits_of(type);
    if (!is_signed(type))
        return emit(map, type, "n%u >= 0x1p%u%s ? %s_MAX : n%u > 0 ? (%s)n%u : (%s)0", n, bits, suffix, least,
                    n, NAME(type), n, NAME(type));
    return emit(map, type, "n%u >= 0x1p%u%s ? %s_MAX : n%u > -0x1p%u%s ? (%s)n%u : n%u < 0 ? %s_MIN : (%s)0",
                n, bits - 1, suffix, least, n, bits - 1, suffix, NAME(type), n, n, least, NAME(type));
}

tri_map_value tri_map_convert(tri_map_text *map, tri_map_value from, tri_number type) {
    if (from.type == type) return from;
    if (!tri_map_whole(type)) return emit(map, type, "(%s)n%u", NAME(type), from.number);
    if (!tri_map_whole(from.type)) return whole_of_real(map, from, type);
    if (!is_signed(type)) return emit(map, type, "(%s)n%u", NAME(type), from.number);
    return emit(map, type, "as_%s((%s)n%u)", NAME(type), NAME(unsigned_of(type)), from.number);
}

/* An operation of integers that wraps: C defines it for unsigned ones only. */
static tri_map_value wrapping(tri_map_text *map, tri_map_value a, const char *operation, tri_map_value b) {
    const char *natural = NAME(unsigned_of(a.type));
    return emit(map, a.type, "as_%s((%s)n%u %s (%s)n%u)", NAME(a.type), natural, a.number, operation, natural,
                b.number);
}

/* a / 0 and a % 0 are 0; the least integer / -1 wraps. The device never sees such a divisor. */
static tri_map_value divide(tri_map_text *map, tri_map_value a, bool rest, tri_map_value b) {
    tri_map_value by = is_signed(a.type)
                           ? emit(map, a.type, "n%u == 0 || n%u == -1 ? (%s)1 : n%u", b.number, b.number,
                                  NAME(a.type), b.number)
                           : emit(map, a.type, "n%u == 0 ? (%s)1 : n%u", b.number, NAME(a.type), b.number);
    if (rest) return emit(map, a.type, "n%u %% n%u", a.number, by.number);
    if (!is_signed(a.type))
        return emit(map, a.type, "n%u == 0 ? (%s)0 : n%u / n%u", b.number, NAME(a.type), a.number, by.number);
    return emit(map, a.type, "n%u == 0 ? (%s)0 : n%u == -1 ? as_%s((%s)0 - (%s)n%u) : n%u / n%u", b.number,
                NAME(a.type), b.number, NAME(a.type), NAME(unsigned_of(a.type)), NAME(unsigned_of(a.type)),
                a.number, a.number, by.number);
}

/* The count modulo the width of the left operand. */
static tri_map_value shift(tri_map_text *map, tri_map_value a, bool left, tri_map_value count) {
    a = tri_map_convert(map, a, common_of(a.type, TRI_INT32));
    unsigned most = bits_of(a.type) - 1;
    const char *natural = NAME(unsigned_of(a.type));
    return left ? emit(map, a.type, "as_%s((%s)n%u << ((uint)n%u & %uu))", NAME(a.type), natural, a.number,
                       count.number, most)
                : emit(map, a.type, "n%u >> ((uint)n%u & %uu)", a.number, count.number, most);
}

static tri_status needs_integers(const tri_map_text *map, size_t column, const char *operation) {
    return tri_map_wrong(map, column, "%s needs integers: %s", operation,
                         strcmp(operation, "%") ? "cast with (long)" : "use fmod(x, y), or cast with (long)");
}

tri_status tri_map_unary(tri_map_text *map, size_t column, char operation, tri_map_value x,
                         tri_map_value *out) {
    if (operation == '!') {
        *out = emit(map, TRI_INT32, "n%u == 0", x.number);
        return TRI_OK;
    }
    if (operation == '~' && !tri_map_whole(x.type)) return needs_integers(map, column, "~");
    x = tri_map_convert(map, x, common_of(x.type, TRI_INT32));
    if (operation == '~')
        x = emit(map, x.type, "~n%u", x.number);
    else if (operation == '-' && !tri_map_whole(x.type))
        x = emit(map, x.type, "-n%u", x.number);
    else if (operation == '-')
        x = wrapping(map, tri_map_integer(map, x.type, 0), "-", x);
    *out = x;
    return TRI_OK;
}

tri_status tri_map_binary(tri_map_text *map, size_t column, const char *operation, tri_map_value a,
                          tri_map_value b, tri_map_value *out) {
    bool whole = tri_map_whole(a.type) && tri_map_whole(b.type), twice = operation[0] == operation[1];
    if (!whole && (strchr("%^", *operation) || (strchr("&|", *operation) && !twice) ||
                   (strchr("<>", *operation) && twice)))
        return needs_integers(map, column, operation);
    if (strchr("<>", *operation) && twice) {
        *out = shift(map, a, *operation == '<', b);
        return TRI_OK;
    }
    if (strchr("&|", *operation) && twice) {
        *out = emit(map, TRI_INT32, "(n%u != 0) %c (n%u != 0)", a.number, *operation, b.number);
        return TRI_OK;
    }
    tri_number type = common_of(a.type, b.type);
    a = tri_map_convert(map, a, type);
    b = tri_map_convert(map, b, type);
    if (strchr("<>=!", *operation))
        *out = emit(map, TRI_INT32, "n%u %s n%u", a.number, operation, b.number);
    else if (!whole || strchr("&|^", *operation))
        *out = emit(map, type, "n%u %s n%u", a.number, operation, b.number);
    else if (strchr("/%", *operation))
        *out = divide(map, a, *operation == '%', b);
    else
        *out = wrapping(map, a, operation, b);
    return TRI_OK;
}

tri_map_value tri_map_choose(tri_map_text *map, tri_map_value condition, tri_map_value a, tri_map_value b) {
    tri_number type = common_of(a.type, b.type);
    a = tri_map_convert(map, a, type);
    b = tri_map_convert(map, b, type);
    return emit(map, type, "n%u != 0 ? n%u : n%u", condition.number, a.number, b.number);
}

/* ---- Constants ---- */

static const struct {
    const char *name;
    double value;
} reals[] = {
    {"E", M_E},
    {"LOG2E", M_LOG2E},
    {"LOG10E", M_LOG10E},
    {"LN2", M_LN2},
    {"LN10", M_LN10},
    {"PI", M_PI},
    {"PI_2", M_PI_2},
    {"PI_4", M_PI_4},
    {"1_PI", M_1_PI},
    {"2_PI", M_2_PI},
    {"2_SQRTPI", M_2_SQRTPI},
    {"SQRT2", M_SQRT2},
    {"SQRT1_2", M_SQRT1_2},
};

static const struct {
    const char *name;
    tri_number type;
    double value;
} limits[] = {
    {"INFINITY", TRI_FLOAT32, (double)INFINITY},
    {"NAN", TRI_FLOAT32, (double)NAN},
    {"HUGE_VALF", TRI_FLOAT32, (double)INFINITY},
    {"HUGE_VAL", TRI_FLOAT64, (double)INFINITY},
    {"MAXFLOAT", TRI_FLOAT32, (double)FLT_MAX},
    {"FLT_MAX", TRI_FLOAT32, (double)FLT_MAX},
    {"FLT_MIN", TRI_FLOAT32, (double)FLT_MIN},
    {"FLT_EPSILON", TRI_FLOAT32, (double)FLT_EPSILON},
    {"DBL_MAX", TRI_FLOAT64, DBL_MAX},
    {"DBL_MIN", TRI_FLOAT64, DBL_MIN},
    {"DBL_EPSILON", TRI_FLOAT64, DBL_EPSILON},
};

static const struct {
    const char *name;
    tri_number type;
    uint64_t bits;
} integers[] = {
    {"true", TRI_INT32, 1},
    {"false", TRI_INT32, 0},
    {"CHAR_BIT", TRI_INT32, 8},
    {"CHAR_MAX", TRI_INT32, INT8_MAX},
    {"CHAR_MIN", TRI_INT32, (uint32_t)INT8_MIN},
    {"SCHAR_MAX", TRI_INT32, INT8_MAX},
    {"SCHAR_MIN", TRI_INT32, (uint32_t)INT8_MIN},
    {"UCHAR_MAX", TRI_INT32, UINT8_MAX},
    {"SHRT_MAX", TRI_INT32, INT16_MAX},
    {"SHRT_MIN", TRI_INT32, (uint32_t)INT16_MIN},
    {"USHRT_MAX", TRI_INT32, UINT16_MAX},
    {"INT_MAX", TRI_INT32, INT32_MAX},
    {"INT_MIN", TRI_INT32, (uint32_t)INT32_MIN},
    {"UINT_MAX", TRI_UINT32, UINT32_MAX},
    {"LONG_MAX", TRI_INT64, INT64_MAX},
    {"LONG_MIN", TRI_INT64, (uint64_t)INT64_MIN},
    {"ULONG_MAX", TRI_UINT64, UINT64_MAX},
};

bool tri_map_constant(tri_map_text *map, const char *word, size_t length, tri_map_value *out) {
    for (size_t k = 0; k < sizeof integers / sizeof *integers; k++)
        if (tri_map_is(word, length, integers[k].name)) {
            *out = tri_map_integer(map, integers[k].type, integers[k].bits);
            return true;
        }
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++)
        if (tri_map_is(word, length, limits[k].name)) {
            *out = tri_map_real(map, limits[k].type, limits[k].value);
            return true;
        }
    if (length < 3 || memcmp(word, "M_", 2) != 0) return false;
    bool single = word[length - 2] == '_' && word[length - 1] == 'F';
    for (size_t k = 0; k < sizeof reals / sizeof *reals; k++)
        if (tri_map_is(word + 2, length - 2 - (single ? 2 : 0), reals[k].name)) {
            *out = tri_map_real(map, single ? TRI_FLOAT32 : TRI_FLOAT64, reals[k].value);
            return true;
        }
    return false;
}

/* ---- Functions ---- */

static const struct {
    const char *name, *signature;
} functions[] = {
#define X(name, signature) {#name, signature},
#include "gpu/gpu_map_functions.def"
#undef X
};

static const char *plural(size_t count) {
    return count == 1 ? "" : "s";
}

/* The type of the arguments of a kind: theirs if all agree, else C's. */
static tri_number type_of_kind(const char *kinds, char kind, const tri_map_value *x) {
    tri_number type = TRI_NUMBER_COUNT;
    for (size_t k = 0; kinds[k]; k++)
        if (kinds[k] == kind)
            type = type == TRI_NUMBER_COUNT || type == x[k].type ? x[k].type : common_of(type, x[k].type);
    return type;
}

/* y if it is before x by `operation`, else x. */
static tri_map_value pick(tri_map_text *map, tri_map_value x, const char *operation, tri_map_value y) {
    return emit(map, x.type, "n%u %s n%u ? n%u : n%u", y.number, operation, x.number, y.number, x.number);
}

/* min, max and clamp of all types; OpenCL leaves those of NaN open. */
static tri_map_value call_order(tri_map_text *map, bool is_min, const tri_map_value *arguments,
                                size_t count) {
    tri_map_value x[TRI_MAP_ARGUMENTS];
    const char *const kinds[] = {"", "t", "tt", "ttt"};
    tri_number type = type_of_kind(kinds[count], 't', arguments);
    for (size_t k = 0; k < count; k++)
        x[k] = tri_map_convert(map, arguments[k], type);
    tri_map_value first = pick(map, x[0], is_min ? "<" : ">", x[1]);
    return count == 2 ? first : pick(map, first, "<", x[2]);
}

static bool starts_with(const char *name, size_t length, const char *prefix) {
    return length > strlen(prefix) && !memcmp(name, prefix, strlen(prefix));
}

/* as_TYPE, convert_TYPE and convert_TYPE_sat. TRI_NUMBER_COUNT: the name is another one. */
static tri_status call_conversion(tri_map_text *map, size_t column, const char *name, size_t length,
                                  tri_map_value x, tri_map_value *out, bool *known) {
    bool as = starts_with(name, length, "as_"), to = starts_with(name, length, "convert_");
    if (!as && !to) return TRI_OK;
    size_t start = strlen(as ? "as_" : "convert_"), end = length;
    bool sat = to && length > 4 && !memcmp(name + length - 4, "_sat", 4);
    if (sat) end -= 4;
    tri_number type = end > start ? tri_map_type(name + start, end - start) : TRI_NUMBER_COUNT;
    *known = type != TRI_NUMBER_COUNT && (!sat || tri_map_whole(type));
    if (!*known) return TRI_OK;
    if (as && tri_number_bytes(type) != tri_number_bytes(x.type))
        return tri_map_wrong(map, column, "%.*s needs a value of %zu bytes, but this %s has %zu: cast it",
                             (int)length, name, tri_number_bytes(type), NAME(x.type),
                             tri_number_bytes(x.type));
    if (as)
        *out = emit(map, type, "as_%s(n%u)", NAME(type), x.number);
    else if (sat && tri_map_whole(x.type))
        *out = emit(map, type, "convert_%s_sat(n%u)", NAME(type), x.number);
    else
        *out = tri_map_convert(map, x, type);
    return TRI_OK;
}

/* The same value, which the compiler does not know. The libraries of some drivers, such as PoCL's rint and
 * abs, rely on overflow that C leaves open: harmless at run time, but a compiler that sees it for a constant
 * removes the kernel. `zero` is 0. */
static tri_map_value hide(tri_map_text *map, tri_map_value x) {
    unsigned n = x.number;
    return x.type == TRI_FLOAT64   ? emit(map, x.type, "as_double(as_ulong(n%u) + zero)", n)
           : x.type == TRI_FLOAT32 ? emit(map, x.type, "as_float(as_uint(n%u) + (uint)zero)", n)
                                   : emit(map, x.type, "n%u + (%s)zero", n, NAME(x.type));
}

/* A function of the list. */
static tri_status call_listed(tri_map_text *map, size_t column, size_t f, const tri_map_value *arguments,
                              tri_map_value *out) {
    const char *name = functions[f].name, *kinds = functions[f].signature + 1;
    tri_number whole = type_of_kind(kinds, 'n', arguments), real = type_of_kind(kinds, 'r', arguments);
    if (real != TRI_FLOAT32) real = real != TRI_NUMBER_COUNT && !tri_map_whole(real) ? real : TRI_FLOAT64;
    tri_map_value x[TRI_MAP_ARGUMENTS];
    size_t count = strlen(kinds);
    char result = functions[f].signature[0];
    bool by_hardware =
        result == 'c' || !strcmp(name, "sqrt") || !strcmp(name, "fabs") || !strcmp(name, "fma");
    for (size_t k = 0; k < count; k++) {
        if (kinds[k] != 'r' && !tri_map_whole(arguments[k].type))
            return tri_map_wrong(map, column,
                                 "argument %zu of %s is an integer, not %s: cast it, as by (int)", k + 1,
                                 name, NAME(arguments[k].type));
        x[k] = tri_map_convert(map, arguments[k],
                               kinds[k] == 'r'   ? real
                               : kinds[k] == 'i' ? TRI_INT32
                                                 : whole);
        if (!by_hardware) x[k] = hide(map, x[k]);
    }
    tri_number type = result == 'r'   ? real
                      : result == 'n' ? whole
                      : result == 'u' ? unsigned_of(whole)
                                      : TRI_INT32;
    if (!strcmp(name, "clz")) /* OpenCL 1.2 leaves the one of 0 open */
        *out = emit(map, type, "n%u == 0 ? (%s)%u : clz(n%u)", x[0].number, NAME(type), bits_of(type),
                    x[0].number);
    else if (count == 1)
        *out = emit(map, type, "%s(n%u)", name, x[0].number);
    else if (count == 2)
        *out = emit(map, type, "%s(n%u, n%u)", name, x[0].number, x[1].number);
    else
        *out = emit(map, type, "%s(n%u, n%u, n%u)", name, x[0].number, x[1].number, x[2].number);
    return TRI_OK;
}

tri_status tri_map_call(tri_map_text *map, size_t column, const char *name, size_t length,
                        const tri_map_value *arguments, size_t count, tri_map_value *out) {
    bool is_min = tri_map_is(name, length, "min"), is_clamp = tri_map_is(name, length, "clamp"),
         order = is_min || is_clamp || tri_map_is(name, length, "max"), known = false;
    size_t f = 0, functions_count = sizeof functions / sizeof *functions, wanted = 1;
    while (f < functions_count && !tri_map_is(name, length, functions[f].name))
        f++;
    if (f < functions_count)
        wanted = strlen(functions[f].signature) - 1;
    else if (order)
        wanted = is_clamp ? 3 : 2;
    else if (count == 1)
        TRI_TRY(call_conversion(map, column, name, length, *arguments, out, &known));
    if (!known && !order && f == functions_count)
        return tri_map_wrong(map, column, "unknown function '%.*s': doc/programs.md lists them",
                             (int)(length < 64 ? length : 64), name);
    if (count != wanted)
        return tri_map_wrong(map, column, "%.*s has %zu argument%s, not %zu", (int)length, name, wanted,
                             plural(wanted), count);
    if (order)
        *out = call_order(map, is_min, arguments, count);
    else if (!known)
        TRI_TRY(call_listed(map, column, f, arguments, out));
    return TRI_OK;
}
