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
    const char *said = tri_error_text(), *mark = strstr(said, "^ ");
    CHECK(strstr(said, w->says), "'%s': %s", w->text, said);
    int found = sscanf(said, "column %zu of the expression:\n", &column);
    CHECK(found == (w->column > 0) && column == w->column, "'%s': %s", w->text, said);
    if (!w->column || !mark) return;
    const char *line = mark;
    while (line > said && line[-1] != '\n')
        line--;
    /* Both lines are indented by two spaces. */
    CHECK((size_t)(mark - line) == column + 1, "'%s': the mark is elsewhere:\n%s", w->text, said);
    tri_gpu_map_destroy(&map);
}

static void refused(tri_gpu *gpu) {
    static const wrong texts[] = {
        {"", {NULL}, "empty", 0},
        {"  ", {NULL}, "empty", 0},
        {"x + z", {"r"}, "unknown name 'z' (inputs: x, n)", 5},
        {"x + y", {"r"}, "unknown name 'y'", 5},
        {"r = x; s = q", {"r", "s"}, "unknown name 'q'", 12},
        {"s = r; r = x", {"r", "s"}, "unknown name 'r'", 5},
        {"(x + n", {"r"}, "unmatched '('", 1},
        {"x + n)", {"r"}, "unmatched ')'", 6},
        {"x[0]", {"r"}, "write x, not x[...]", 2},
        {"x; n", {"r"}, "assign this to a name", 1},
        {"r = x;; s = n", {"r", "s"}, "empty statement", 7},
        {"r =", {"r"}, "missing value", 4},
        {"r = x; r = n", {"r"}, "already assigned", 8},
        {"x = 3.0", {"x"}, "is an input", 1},
        {"float = x", {"r"}, "keyword of OpenCL C", 1},
        {"double i = x", {"r"}, "index", 8},
        {"tri_a = x", {"r"}, "may not begin", 1},
        {"x + {n}", {"r"}, "not allowed in an expression", 5},
        {"x # n", {"r"}, "not allowed in an expression", 3},
        {"x /* n */", {"r"}, "comments", 3},
        {"x + n", {"r", "s"}, "one value for 2 outputs", 0},
        {"r = x + n", {"s"}, "assigns nothing to output 's'", 0},
        {"r = x", {"r", "r"}, "two outputs", 0},
        {"x + * n", {"r"}, "indirection", 5},
        {"x + nothing(n)", {"r"}, "'nothing'", 5},
        {"s = x; r = sin(s, s)", {"r"}, "no matching function", 12},
        {"x % 2", {"r"}, "invalid operands", 3},
        {"r = (float2)(1, 2)", {"r"}, "incompatible type", 5},
        {"x x", {"r"}, "expected", 3},
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
        check_wrong(gpu, &texts[k]);
    tri_gpu_map *map = NULL;
    tri_gpu_input bad[] = {{"2x", TRI_FLOAT64, false}, {"a", TRI_FLOAT64, false}, {"a", TRI_FLOAT64, false}};
    CHECK_STATUS(tri_gpu_map_create(gpu, "1", bad, 1, NULL, 0, &map), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "'2x' is not a name"), "%s", tri_error_text());
    CHECK_STATUS(tri_gpu_map_create(gpu, "1", bad + 1, 2, NULL, 0, &map), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "two inputs"), "%s", tri_error_text());
}

/* Logs of other vendors' compilers, and the excerpt from a long expression. */
static void logs(void) {
    static const char *const logs[] = {
        "<kernel>:%zu:5: error: bad thing\n  x + z\n    ^\n1 error generated.",
        "1:%zu:5: error: bad thing",
        "warning: :%zu:1: other thing\nerror: /tmp/a b.cl:%zu:5: bad thing",
        "/tmp/comgr-1/input/CompileSource:%zu:5: fatal error: bad thing",
        "error: /tmp/x.cl:%zu:5 <Spelling=/usr/a.h:1:2>: bad thing",
    };
    tri_map_text text;
    CHECK_OK(tri_map_text_read("x + n", inputs, 2, NULL, 0, &text));
    char *kernel = tri_map_text_kernel(&text);
    CHECK(kernel, "no kernel");
    for (size_t k = 0; k < sizeof logs / sizeof *logs; k++) {
        char log[300];
        size_t line = text.statement[0].line;
        snprintf(log, sizeof log, logs[k], line, line);
        CHECK_STATUS(tri_map_text_blame(&text, log), TRI_ERR_ARGUMENT);
        CHECK(!strcmp(tri_error_text(), "column 5 of the expression:\n  x + n\n      ^ bad thing"), "%s:\n%s",
              log, tri_error_text());
    }
    CHECK_STATUS(tri_map_text_blame(&text, "it is the weather\nand more"), TRI_ERR_ARGUMENT);
    CHECK(strstr(tri_error_text(), "rejects the expression: it is the weather") &&
              !strchr(tri_error_text(), '\n'),
          "%s", tri_error_text());
    free(kernel);
    tri_map_text_free(&text);

    char sum[600] = "x";
    for (size_t at = 1; at < 500; at += 4)
        memcpy(sum + at, " + x", 5);
    strcat(sum, " + zz + x + x");
    CHECK_STATUS(tri_map_text_read(sum, inputs, 2, NULL, 0, &text), TRI_ERR_ARGUMENT);
    const char *shown = strchr(tri_error_text(), '\n'), *mark = strstr(tri_error_text(), "^ ");
    CHECK(shown && mark && !strncmp(shown, "\n  ...", 6), "%s", tri_error_text());
    if (!shown || !mark) return;
    const char *below = strchr(shown + 1, '\n');
    CHECK(!strncmp(shown + (mark - below), "zz", 2), "%s", tri_error_text());
}

int main(void) {
    size_t count;
    if (tri_gpu_list(NULL, 0, &count) != TRI_OK || !count) {
        printf("no OpenCL device: skipped\n");
        return 77;
    }
    fill_inputs();
    logs();
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
