/* Compares expressions on a device with the same loops in C, in both slots and in pieces of several lengths;
 * checks the error texts of wrong expressions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "gpu/device.h"
#include "gpu/gpu_map_text.h"
#include "trireme/gpu_map.h"
#include "trireme/random.h"

enum { N = 100003, PIECE = 30001 };

static double x[N];
static int16_t n[N];
static float y[N];

static const tri_gpu_input inputs[] = {{"x", TRI_FLOAT64, false},
                                       {"n", TRI_INT16, false},
                                       {"y", TRI_FLOAT32, false},
                                       {"k", TRI_FLOAT64, true},
                                       {"idle", TRI_FLOAT64, false}};
enum { INPUTS = sizeof inputs / sizeof *inputs };

static void fill_inputs(void) {
    tri_random_fill(TRI_DISTRIBUTION_normal, 3, 0, N, x);
    for (size_t i = 0; i < N; i++) {
        n[i] = (int16_t)tri_random_bits(4, i);
        y[i] = (float)x[N - 1 - i];
    }
}

static void load(tri_gpu_map *map, size_t slot, size_t first, size_t count) {
    const void *from[] = {x + first, n + first, y + first};
    for (size_t k = 0; k < 3; k++)
        if (tri_gpu_map_uses(map, k))
            memcpy(tri_gpu_map_input(map, slot, k), from[k], count * tri_number_bytes(inputs[k].number));
}

/* r = sqrt(x x + k) / y, s = n + i, t a float product. */
static void check_piece(const tri_gpu_map *map, size_t slot, size_t first, size_t count, double k) {
    const double *r = tri_gpu_map_output(map, slot, 0);
    const int32_t *s = tri_gpu_map_output(map, slot, 1);
    const float *t = tri_gpu_map_output(map, slot, 2);
    size_t wrong = 0;
    for (size_t i = first; i < first + count; i++) {
        double root = sqrt(x[i] * x[i] + k);
        wrong += r[i - first] != root / (double)y[i];
        wrong += s[i - first] != n[i] + (int32_t)i;
        wrong += t[i - first] != (float)(y[i] * y[i] * 2.0f);
    }
    CHECK(!wrong, "%zu values from %zu on in slot %zu", wrong, first, slot);
}

static void stream(tri_gpu *gpu) {
    static const char *const outputs[] = {"r", "s", "t"};
    const double k = 0.75;
    tri_gpu_map *map = NULL;
    CHECK_OK(tri_gpu_map_create(
        gpu, "root = sqrt(x * x + k);\n  r = root / y; int s = n + i; float t = y * y * 2.0f;", inputs,
        INPUTS, outputs, 3, &map));
    if (!map) return;
    CHECK(tri_gpu_map_outputs(map) == 3 && tri_gpu_map_number(map, 1) == TRI_INT32 &&
              tri_gpu_map_number(map, 2) == TRI_FLOAT32,
          "the outputs' types");
    CHECK(tri_gpu_map_uses(map, 3) && !tri_gpu_map_uses(map, 4), "which inputs are used");
    for (size_t piece = PIECE; piece; piece = piece == PIECE ? N : 0) {
        CHECK_OK(tri_gpu_map_reserve(map, piece));
        for (size_t slot = 0; slot < TRI_GPU_MAP_SLOTS; slot++)
            memcpy(tri_gpu_map_input(map, slot, 3), &k, sizeof k);
        CHECK_STATUS(tri_gpu_map_start(map, 0, 0, piece + 1), TRI_ERR_ARGUMENT);
        size_t slot = 0;
        for (size_t first = 0, count; first < N; first += count, slot = !slot) {
            count = N - first < piece ? N - first : piece;
            CHECK_OK(tri_gpu_map_start(map, slot, first, 0));
            CHECK_OK(tri_gpu_map_wait(map, slot));
            load(map, slot, first, count);
            CHECK_OK(tri_gpu_map_start(map, slot, first, count));
            /* Meanwhile the host uses the other slot. */
            if (first) check_piece(map, !slot, first - piece, piece, k);
            CHECK_OK(tri_gpu_map_wait(map, slot));
            check_piece(map, slot, first, count, k);
        }
    }
    tri_gpu_map_destroy(&map);
    CHECK(!map, "a destroyed map is NULL");
    tri_gpu_map_destroy(&map);
}

/* Values of every type pass through unchanged. */
static void kinds(tri_gpu *gpu) {
    static const char *const outputs[] = {"b"};
    for (int kind = 0; kind < TRI_NUMBER_COUNT; kind++) {
        tri_gpu_input in = {"a", (tri_number)kind, false};
        tri_gpu_map *map = NULL;
        char text[64];
        size_t bytes = tri_number_bytes(in.number) * 1000;
        unsigned char values[8000];
        snprintf(text, sizeof text, "%s b = a", tri_number_opencl(in.number));
        CHECK_OK(tri_gpu_map_create(gpu, text, &in, 1, outputs, 1, &map));
        if (!map) continue;
        for (size_t i = 0; i < bytes; i++)
            values[i] = (unsigned char)(tri_random_bits(5, i) & 0x3f); /* no NaN among them */
        CHECK_OK(tri_gpu_map_reserve(map, 1000));
        memcpy(tri_gpu_map_input(map, 1, 0), values, bytes);
        CHECK_OK(tri_gpu_map_start(map, 1, 0, 1000));
        CHECK_OK(tri_gpu_map_wait(map, 1));
        CHECK(tri_gpu_map_number(map, 0) == in.number &&
                  memcmp(tri_gpu_map_output(map, 1, 0), values, bytes) == 0,
              "%s", text);
        tri_gpu_map_destroy(&map);
    }
}

typedef struct wrong {
    const char *text, *out[3], *says;
    size_t column; /* 0: the error text has no column */
} wrong;

static void check_wrong(tri_gpu *gpu, const wrong *w) {
    size_t outputs = 0, column = 0;
    while (outputs < 3 && w->out[outputs])
        outputs++;
    tri_gpu_map *map = NULL;
    CHECK_STATUS(tri_gpu_map_create(gpu, w->text, inputs, 2, w->out, outputs, &map), TRI_ERR_ARGUMENT);
    CHECK(!map, "'%s' was taken", w->text);
    const char *said = tri_error_text();
    CHECK(strstr(said, w->says) && !strchr(said, '\n'), "'%s': %s", w->text, said);
    int found = sscanf(said, "column %zu of the expression, at ", &column);
    CHECK(found == (w->column > 0) && column == w->column, "'%s': %s", w->text, said);
    tri_gpu_map_destroy(&map);
}

static const wrong texts[] = {
    {"", {NULL}, "empty", 0},
    {"  ", {NULL}, "empty", 0},
    {"x + z", {"r"}, "unknown name 'z' (inputs: x, n)", 5},
    {"x + y", {"r"}, "unknown name 'y'", 5},
    {"r = x; s = q", {"r", "s"}, "unknown name 'q'", 12},
    {"s = r; r = x", {"r", "s"}, "unknown name 'r'", 5},
    {"(x + n", {"r"}, "unmatched '('", 1},
    {"x + n)", {"r"}, "unmatched ')'", 6},
    {"(x; n)", {"r"}, "unmatched '('", 1},
    {"x[0]", {"r"}, "write x, not x[...]", 2},
    {"x; n", {"r"}, "only the last statement may be without a name", 1},
    {"r = x;; s = n", {"r", "s"}, "statement is empty", 7},
    {"r =", {"r"}, "a value is missing", 4},
    {"r = x +; s = n", {"r"}, "a value is missing", 8},
    {"r = x; r = n", {"r"}, "already assigned", 8},
    {"x = 3.0", {"x"}, "is an input", 1},
    {"float = x", {"r"}, "'float' is a word of the language", 1},
    {"double i = x", {"r"}, "index", 8},
    {"float4 r = x", {"r"}, "not a type", 1},
    {"x + {n}", {"r"}, "not allowed", 5},
    {"x # n", {"r"}, "not allowed", 3},
    {"\"x\"", {"r"}, "not allowed", 1},
    {"x /* n */", {"r"}, "comments", 3},
    {"x // n", {"r"}, "comments", 3},
    {"x + n", {"r", "s"}, "one value for 2 outputs", 0},
    {"r = x + n", {"s"}, "assigns nothing to output 's'", 0},
    {"r = x", {"r", "r"}, "two outputs", 0},
    {"x + * n", {"r"}, "a value is missing", 5},
    {"x + nothing(n)", {"r"}, "unknown function 'nothing'", 5},
    {"s = x; r = sin(s, s)", {"r"}, "sin has 1 argument, not 2", 12},
    {"x % 2", {"r"}, "% needs integers: use fmod(x, y)", 3},
    {"x & 1", {"r"}, "& needs integers", 3},
    {"n << x", {"r"}, "<< needs integers", 3},
    {"~x", {"r"}, "~ needs integers", 1},
    {"r = (float2)(1, 2)", {"r"}, "unknown name 'float2'", 6},
    {"x x", {"r"}, "missing", 3},
    {"x, n", {"r"}, "missing", 2},
    {"x.y", {"r"}, "missing", 2},
    {"x ? 1", {"r"}, "the : of ?", 6},
    {"x = = n", {"r"}, "is an input", 1},
    {"r = x = n", {"r"}, "compare with ==", 7},
    {"x++", {"r"}, "put a space", 2},
    {"r = n += 1", {"r"}, "write NAME", 7},
    {"x->n", {"r"}, "not an operator", 2},
    {"n <: 0 :>", {"r"}, "a value is missing", 4},
    {"x ?\?( 0"
     "?( 0",
     {"r"},
     "a value is missing",
     4},
    {"*(double *)(long)8", {"r"}, "a value is missing", 1},
    {"(double *)n", {"r"}, "unknown name 'double'", 2},
    {"&x", {"r"}, "a value is missing", 1},
    {"__builtin_trap()", {"r"}, "unknown function '__builtin_trap'", 1},
    {"printf(0)", {"r"}, "unknown function 'printf'", 1},
    {"tri_map(1, 2, 3)", {"r"}, "unknown function 'tri_map'", 1},
    {"get_group_id(0)", {"r"}, "unknown function", 1},
    {"tri_at + n17", {"r"}, "unknown name 'tri_at'", 1},
    {"x + __FILE__", {"r"}, "unknown name '__FILE__'", 5},
    {"x + 08", {"r"}, "not a number", 5},
    {"x + 1.5.2", {"r"}, "not a number", 5},
    {"x + 1ull", {"r"}, "not a number", 5},
    {"x + 0x", {"r"}, "not a number", 5},
    {"x + 1e999", {"r"}, "too large a number", 5},
    {"x + 9223372036854775808", {"r"}, "append u", 5},
    {"x + 99999999999999999999", {"r"}, "too large an integer", 5},
    {"as_int(x)", {"r"}, "needs a value of 4 bytes, but this double has 8", 1},
    {"convert_float_sat(x)", {"r"}, "unknown function", 1},
    {"pown(x, x)", {"r"}, "argument 2 of pown is an integer", 1},
    {"popcount(x)", {"r"}, "argument 1 of popcount is an integer", 1},
    {"min(x)", {"r"}, "min has 2 arguments, not 1", 1},
    {"min()", {"r"}, "min has 2 arguments, not 0", 1},
    {"min(x,)", {"r"}, "a value is missing", 7},
    {"fma(x, x, x, x)", {"r"}, "too many arguments", 1},
    {"x\x01", {"r"}, "not allowed", 2},
    {"x + \xc3\x97", {"r"}, "not allowed", 5},
};

static void refused(tri_gpu *gpu) {
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        check_wrong(gpu, &texts[k]);
    tri_gpu_map *map = NULL;
    tri_gpu_input bad[] = {{"2x", TRI_FLOAT64, false}, {"a", TRI_FLOAT64, false}, {"a", TRI_FLOAT64, false}};
    CHECK_STATUS(tri_gpu_map_create(gpu, "1", bad, 1, NULL, 0, &map), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "'2x' is not a name"), "%s", tri_error_text());
    CHECK_STATUS(tri_gpu_map_create(gpu, "1", bad + 1, 2, NULL, 0, &map), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "two inputs"), "%s", tri_error_text());
}

/* Nesting and length: never more of the stack than a limit, and no limit for a flat expression. */
static void long_texts(void) {
    enum { MANY = 20000 };
    static const char *const deep[] = {"(", "-", "(int)", "sin(", "1?", "1?1:"};
    static char text[8 * MANY];
    tri_map_text map;
    for (size_t k = 0; k < sizeof deep / sizeof *deep; k++) {
        *text = 0;
        for (size_t i = 0, at = 0; i < MANY; i++, at += strlen(deep[k]))
            memcpy(text + at, deep[k], strlen(deep[k]) + 1);
        /* -- is an operator of its own. */
        for (char *c = text; *deep[k] == '-' && *c; c += 2)
            c[1] = ' ';
        CHECK_STATUS(tri_map_text_read(text, inputs, 2, NULL, 0, &map), TRI_ERR_ARGUMENT);
        CHECK(strstr(tri_error_text(), "deep"), "%s: %s", deep[k], tri_error_text());
    }
    strcpy(text, "x");
    for (size_t i = 0; i < MANY; i++)
        memcpy(text + 1 + 2 * i, "+x", 3);
    CHECK_OK(tri_map_text_read(text, inputs, 2, NULL, 0, &map));
    tri_map_text_free(&map);
}

/* Copies one of the tokens, which ` separates; returns its length. */
static size_t copy_token(uint64_t choice, char *to) {
    static const char tokens[] =
        "x`n`i`r`1`2.5`0x7f`1u`3l`1e3f`+`-`*`/`%`<<`>>`<`==`&&`||`&`|`^`~`!`?`:`(`)`(int)`,"
        "`;`=` `[`]`{`}`<:`?\?(`#`//`\\`\"`'`sin(`min(`(float)`sizeof `as_long(`M_PI`double `"
        "@`\n`\xff`__asm`goto `convert_int_sat(`fma(`.`->`..`1.e`$";
    const char *token = tokens;
    for (uint64_t skip = choice % 60; skip && strchr(token, '`'); skip--)
        token = strchr(token, '`') + 1;
    size_t length = strcspn(token, "`");
    memcpy(to, token, length);
    to[length] = 0;
    return length;
}

/* Random tokens, and valid expressions with changed characters: accepted or refused with a column. */
static void random_texts(size_t count) {
    static const char *const valid[] = {"float r = sqrt(x * x + n) / 2; int s = n % 7 << 3; r > s ? r : -s",
                                        "a = min(x, (double)n); long b = as_long(a) >> 3 & 0xff; b ^ i",
                                        "(uchar)n + pown(x, 3) * fma(x, 2, M_PI) - sizeof(int)"};
    size_t taken = 0;
    for (size_t k = 0; k < count; k++) {
        char text[400] = "";
        uint64_t r = tri_random_bits(7, k);
        if (k % 2)
            for (size_t at = 0, t = r % 24 + 1; t; t--) {
                at += copy_token(tri_random_bits(k, t), text + at);
            }
        else {
            strcpy(text, valid[r % 3]);
            for (size_t change = 0; change < 1 + r % 4; change++)
                text[tri_random_bits(k, change) % strlen(text)] =
                    (char)(1 + tri_random_bits(k, change + 9) % 255);
        }
        tri_map_text map;
        size_t column = 0;
        tri_status status = tri_map_text_read(text, inputs, 2, NULL, 0, &map);
        if (status == TRI_OK) {
            char *source = tri_map_text_kernel(&map);
            CHECK(source && !strpbrk(source, "@\\'\"$`"), "'%s'", text);
            taken++;
            free(source);
            tri_map_text_free(&map);
            continue;
        }
        CHECK(status == TRI_ERR_ARGUMENT && !strchr(tri_error_text(), '\n'), "'%s': %s", text,
              tri_error_text());
        sscanf(tri_error_text(), "column %zu ", &column);
        CHECK(column <= strlen(text) + 1 && (column || strstr(tri_error_text(), "empty")), "'%s': %s", text,
              tri_error_text());
    }
    CHECK(taken > count / 400 && taken < count / 2, "%zu of %zu texts are expressions", taken, count);
}

int main(void) {
    size_t count;
    if (tri_gpu_list(NULL, 0, &count) != TRI_OK || !count) {
        printf("no OpenCL device: skipped\n");
        return 77;
    }
    fill_inputs();
    long_texts();
    random_texts(20000);
    for (tri_gpu_variant variant = TRI_GPU_VARIANT_ITEM; variant <= TRI_GPU_VARIANT_GROUP; variant++) {
        tri_gpu *gpu = NULL;
        CHECK_OK(tri_gpu_open_variant(NULL, 0, 1, variant, &gpu));
        if (!gpu) continue;
        stream(gpu);
        /* As on a discrete device. */
        gpu->info.unified = false;
        stream(gpu);
        if (variant == TRI_GPU_VARIANT_ITEM) {
            kinds(gpu);
            refused(gpu);
        }
        tri_gpu_close(&gpu);
    }
    return check_result("expressions on devices");
}
