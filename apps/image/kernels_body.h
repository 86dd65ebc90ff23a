/* The filters, for one SIMD level: NAME(x) is defined before. Loops that the compiler makes vectors of. All
 * levels give the same bits: no operation depends on the width of a vector. */
#include <math.h>
#include <string.h>

#include "apps/image/image.h"

typedef int32_t key __attribute__((may_alias));
enum { BLOCK = 32 };

#define EACH_ROW                                                                                             \
    for (size_t y = 0; y < w->rows; y++) {                                                                   \
        const float *restrict from = w->from + y * w->from_line;                                             \
        float *restrict to = w->to + y * w->to_line;
#define EACH_PIXEL                                                                                           \
    EACH_ROW                                                                                                 \
    for (size_t x = 0; x < w->columns; x++)
#define END_ROW }

/* ---- of one pixel ---- */

static void NAME(copy)(const image_work *w) {
    EACH_ROW
    memcpy(to, from, w->columns * sizeof *to);
    END_ROW
}

static void NAME(invert)(const image_work *w) {
    float white = w->plan->range;
    EACH_PIXEL to[x] = white - from[x];
    END_ROW
}

static void NAME(gamma)(const image_work *w) {
    float white = w->plan->range;
    const float *table = w->plan->gamma[w->number];
    double gamma = w->stage->p[0];
    EACH_PIXEL {
        float v = from[x];
        size_t whole = table && v >= 0 && v <= white ? (size_t)v : 0;
        to[x] = table && (float)whole == v ? table[whole] : image_gamma(gamma, white, v);
    }
    END_ROW
}

static void NAME(levels)(const image_work *w) {
    float white = w->plan->range, low = (float)w->stage->p[0],
          factor = (float)((double)white / (w->stage->p[1] - w->stage->p[0]));
    EACH_PIXEL {
        float v = (from[x] - low) * factor;
        v = v < 0 ? 0 : v;
        to[x] = v > white ? white : v;
    }
    END_ROW
}

static void NAME(threshold)(const image_work *w) {
    float white = w->plan->range, limit = (float)w->stage->p[0];
    EACH_PIXEL to[x] = from[x] > limit ? white : 0;
    END_ROW
}

static void NAME(field)(const image_work *w) {
    const image_chain *chain = w->plan->chain;
    size_t columns = chain->field.columns, plane = columns * chain->field.rows * (size_t)w->plane;
    float mean = chain->field_mean;
    EACH_ROW
    size_t at = plane + ((size_t)w->box.top + y) * columns + (size_t)w->box.left;
    const float *restrict flat = chain->flat + at, *restrict dark = chain->dark + at;
    for (size_t x = 0; x < w->columns; x++) {
        float light = flat[x] - dark[x];
        to[x] = light > 0 ? (from[x] - dark[x]) / light * mean : 0;
    }
    END_ROW
}

/* ---- of one pixel of several planes ---- */

static void NAME(gray)(const image_work *w) {
    for (size_t y = 0; y < w->rows; y++) {
        const float *restrict r = w->all_from[0] + y * w->from_line;
        float *restrict to = w->all_to[0] + y * w->to_line;
        if (w->planes < 3) {
            memcpy(to, r, w->columns * sizeof *to);
            continue;
        }
        const float *restrict g = w->all_from[1] + y * w->from_line, *restrict b =
                                                                         w->all_from[2] + y * w->from_line;
        for (size_t x = 0; x < w->columns; x++)
            to[x] = 0.2125F * r[x] + 0.7154F * g[x] + 0.0721F * b[x];
    }
}

/* The first half of the planes and the same plane of the second half. */
#define EACH_PAIR                                                                                            \
    for (int p = 0; p < w->planes / 2; p++)                                                                  \
        for (size_t y = 0; y < w->rows; y++) {                                                               \
            const float *restrict a = w->all_from[p] + y * w->from_line,                                     \
                                  *restrict b = w->all_from[p + w->planes / 2] + y * w->from_line;           \
            float *restrict to = w->all_to[p] + y * w->to_line;                                              \
            if (p >= image_colours(w->planes / 2)) {                                                         \
                memcpy(to, a, w->columns * sizeof *to);                                                      \
                continue;                                                                                    \
            }                                                                                                \
            for (size_t x = 0; x < w->columns; x++)
static void NAME(sharpen)(const image_work *w) {
    float amount = (float)w->stage->p[0];
    EACH_PAIR to[x] = a[x] + amount * (a[x] - b[x]);
}
}

static void NAME(minus)(const image_work *w) {
    EACH_PAIR to[x] = a[x] - b[x];
}
}

static void NAME(above)(const image_work *w) {
    float offset = (float)w->stage->p[0], white = w->plan->range;
    EACH_PAIR to[x] = a[x] > b[x] - offset ? white : 0;
}
}

/* What a loop reads lies at or behind what it writes: vectors do not change it. */
#if defined(__clang__)
#define AHEAD
#else
#define AHEAD _Pragma("GCC ivdep")
#endif

/* ---- weighted sums ---- */

/* to[x] = k[0] c[x] + the sum over j of k[j] (c[x - j step] + c[x + j step]), j upwards; four at a time, as
 * a row is read and written for each time. */
static void NAME(taps)(float *restrict to, const float *restrict c, size_t step, const float *restrict k,
                       size_t reach, size_t count) {
    float own = k[0];
    size_t j = 1;
    for (size_t x = 0; x < count; x++)
        to[x] = own * c[x];
    for (; j + 3 <= reach; j += 4) {
        const float *a = c + j * step, *b = c - j * step;
        const float *a1 = a + step, *b1 = b - step, *a2 = a1 + step, *b2 = b1 - step, *a3 = a2 + step,
                    *b3 = b2 - step;
        float k0 = k[j], k1 = k[j + 1], k2 = k[j + 2], k3 = k[j + 3];
        for (size_t x = 0; x < count; x++)
            to[x] = (((to[x] + k0 * (b[x] + a[x])) + k1 * (b1[x] + a1[x])) + k2 * (b2[x] + a2[x])) +
                    k3 * (b3[x] + a3[x]);
    }
    for (; j <= reach; j++) {
        const float *a = c + j * step, *b = c - j * step;
        float kj = k[j];
        for (size_t x = 0; x < count; x++)
            to[x] += kj * (b[x] + a[x]);
    }
}

static void NAME(gauss)(const image_work *w) {
    size_t reach = w->stage->reach, wide_columns = w->columns + 2 * reach;
    const float *k = w->stage->weights;
    float *line = w->scratch;
    EACH_ROW
    NAME(taps)(line, from - reach, w->from_line, k, reach, wide_columns);
    NAME(taps)(to, line + reach, 1, k, reach, w->columns);
    END_ROW
}

/* sum[i] becomes the sum of x[i .. i + size), in the order of a binary tree that depends on size only; x is
 * lost. step: from one element of the sum to the next. */
static void NAME(runs)(float *restrict x, float *restrict sum, size_t lines, size_t line, size_t step,
                       size_t count, size_t size) {
    /* x has the sums of runs of `power` elements; `sum` those of the `have` last ones of the binary form. */
    size_t have = 0;
    for (size_t power = 1; power <= size; power *= 2) {
        if (size & power) {
            for (size_t y = 0; y < lines; y++) {
                float *restrict s = sum + y * line;
                const float *restrict from = x + y * line + have * step;
                if (have)
                    for (size_t i = 0; i < count; i++)
                        s[i] += from[i];
                else
                    memcpy(s, from, count * sizeof *s);
            }
            have += power;
        }
        if (2 * power > size) break;
        for (size_t y = 0; y < lines; y++) {
            float *to = x + y * line;
            const float *from = to + power * step;
            AHEAD
            for (size_t i = 0; i < count; i++)
                to[i] += from[i];
        }
    }
}

static void NAME(box)(const image_work *w) {
    size_t reach = w->stage->reach, size = 2 * reach + 1, columns = w->columns + 2 * reach,
           rows = w->rows + 2 * reach;
    /* Two arrays with `size` more rows than are read, and as many columns: what lies beyond is not used. */
    size_t line = columns + size, plane = (rows + size) * line;
    float *a = w->scratch, *b = a + plane, factor = (float)(1.0 / ((double)size * (double)size));
    memset(a, 0, 2 * plane * sizeof *a);
    for (size_t y = 0; y < rows; y++)
        memcpy(a + y * line, w->from + y * w->from_line - reach * w->from_line - reach, columns * sizeof *a);
    NAME(runs)(a, b, rows, line, line, columns, size);
    NAME(runs)(b, a, w->rows, line, 1, columns, size);
    for (size_t y = 0; y < w->rows; y++)
        for (size_t x = 0; x < w->columns; x++)
            w->to[y * w->to_line + x] = a[y * line + x] * factor;
}

#include "apps/image/kernels_order.h"

/* ---- differences ---- */

static void NAME(sobel)(const image_work *w) {
    size_t line = w->from_line;
    EACH_ROW
    const float *restrict a = from - line, *restrict b = from + line;
    const float *aw = a - 1, *ae = a + 1, *fw = from - 1, *fe = from + 1, *bw = b - 1, *be = b + 1;
    for (size_t x = 0; x < w->columns; x++) {
        float down = ((aw[x] + ae[x]) + 2 * a[x]) - ((bw[x] + be[x]) + 2 * b[x]),
              right = ((aw[x] + bw[x]) + 2 * fw[x]) - ((ae[x] + be[x]) + 2 * fe[x]);
        to[x] = sqrtf((down * down + right * right) * 0.03125F);
    }
    END_ROW
}

static void NAME(laplace)(const image_work *w) {
    size_t line = w->from_line;
    EACH_ROW
    const float *above = from - line, *below = from + line, *west = from - 1, *east = from + 1;
    for (size_t x = 0; x < w->columns; x++)
        to[x] = ((above[x] + below[x]) + (west[x] + east[x])) - 4 * from[x];
    END_ROW
}

/* The gradient where it is at least as large as at both points beside it in its direction, and at least LOW;
 * else 0. */
static void NAME(crest)(const image_work *w) {
    size_t line = w->from_line, columns = w->columns + 2, plane = (w->rows + 2) * columns;
    float *down = w->scratch, *right = down + plane, *size = right + plane,
          low = (float)(w->stage->p[0] * (double)w->plan->range);
    for (size_t y = 0; y < w->rows + 2; y++) {
        const float *c = w->from + y * line - line - 1, *a = c - line, *b = c + line;
        float *restrict d = down + y * columns, *restrict r = right + y * columns,
                        *restrict s = size + y * columns;
        const float *aw = a - 1, *ae = a + 1, *cw = c - 1, *ce = c + 1, *bw = b - 1, *be = b + 1;
        for (size_t x = 0; x < columns; x++) {
            d[x] = ((bw[x] + be[x]) + 2 * b[x]) - ((aw[x] + ae[x]) + 2 * a[x]);
            r[x] = ((ae[x] + be[x]) + 2 * ce[x]) - ((aw[x] + bw[x]) + 2 * cw[x]);
            s[x] = sqrtf(d[x] * d[x] + r[x] * r[x]);
        }
    }
    for (size_t y = 0; y < w->rows; y++)
        for (size_t x = 0; x < w->columns; x++) {
            size_t at = (y + 1) * columns + x + 1;
            float i = down[at], j = right[at], ai = fabsf(i), aj = fabsf(j), m = size[at], *to = w->to;
            to[y * w->to_line + x] = 0;
            if (m < low || m <= 0) continue;
            /* Towards the larger part straight, and the diagonal on the side of the gradient. */
            size_t straight = ai > aj ? columns : 1, diagonal = columns + 1, other = columns - 1;
            bool same = (i >= 0) == (j >= 0) || i == 0 || j == 0;
            float k = ai > aj ? aj / ai : ai / aj;
            const float *c = size + at;
            float one = c[straight], two = *(c - straight);
            float one_far = same      ? c[diagonal]
                            : ai > aj ? c[other]
                                      : *(c - other),
                  two_far = same      ? *(c - diagonal)
                            : ai > aj ? *(c - other)
                                      : c[other];
            if (one_far * k + one * (1 - k) <= m && two_far * k + two * (1 - k) <= m)
                to[y * w->to_line + x] = m;
        }
}

/* ---- shape ---- */

static void NAME(resize)(const image_work *w) {
    const image_axis *down = &w->plan->axis[w->number][0], *right = &w->plan->axis[w->number][1];
    size_t columns = (size_t)(w->source.right - w->source.left);
    float *restrict line = w->scratch;
    for (size_t y = 0; y < w->rows; y++) {
        size_t i = (size_t)w->box.top + y, first = down->first[i] - (size_t)w->source.top;
        const float *k = down->weight + i * down->most;
        for (size_t n = 0; n < down->count[i]; n++) {
            const float *restrict from = w->from + (first + n) * w->from_line;
            for (size_t x = 0; x < columns; x++)
                line[x] = n ? line[x] + k[n] * from[x] : k[n] * from[x];
        }
        for (size_t x = 0; x < w->columns; x++) {
            size_t j = (size_t)w->box.left + x;
            const float *from = line + right->first[j] - (size_t)w->source.left,
                        *weight = right->weight + j * right->most;
            float sum = weight[0] * from[0];
            for (size_t n = 1; n < right->count[j]; n++)
                sum += weight[n] * from[n];
            w->to[y * w->to_line + x] = sum;
        }
    }
}

static void NAME(rotate)(const image_work *w) {
    int angle = (int)w->stage->p[0];
    size_t line = w->from_line;
    for (size_t y = 0; y < w->rows; y++)
        for (size_t x = 0; x < w->columns; x++)
            w->to[y * w->to_line + x] = angle == 90 ? w->from[x * line + w->rows - 1 - y]
                                        : angle == 180
                                            ? w->from[(w->rows - 1 - y) * line + w->columns - 1 - x]
                                        : angle == 270 ? w->from[(w->columns - 1 - x) * line + y]
                                                       : w->from[y * line + x];
}

/* ---- between files and planes ---- */

#define LOAD(TYPE)                                                                                           \
    {                                                                                                        \
        const TYPE *restrict x = from;                                                                       \
        if (channels == 1)                                                                                   \
            for (size_t i = 0; i < count; i++)                                                               \
                to[0][i] = (float)x[i];                                                                      \
        else                                                                                                 \
            for (int c = 0; c < channels; c++)                                                               \
                for (size_t i = 0; i < count; i++)                                                           \
                    to[c][i] = (float)x[i * (size_t)channels + (size_t)c];                                   \
        break;                                                                                               \
    }
static void NAME(load)(const void *from, image_type type, int channels, size_t count, float *const to[]) {
    switch (type) {
    case IMAGE_U1:
        LOAD(uint8_t)
    case IMAGE_U2:
        LOAD(uint16_t)
    default:
        LOAD(float)
    }
}

/* Rounded to the nearest, halves to even, cut at both ends; NaN is 0. */
#define CUT(x, MOST)                                                                                         \
    /* Adding and subtracting 2^23 rounds. */                                                                \
    (int32_t)(((x) > 0 ? (x) < (MOST) ? (x) : (MOST) : 0) + 8388608.0F - 8388608.0F)
#define STORE(TYPE, MOST)                                                                                    \
    {                                                                                                        \
        TYPE *restrict x = to;                                                                               \
        const float *restrict v = from[0];                                                                   \
        if (channels == 1)                                                                                   \
            for (size_t i = 0; i < count; i++)                                                               \
                x[i] = (TYPE)CUT(v[i], MOST);                                                                \
        for (int c = 0; c < channels && channels > 1; c++) {                                                 \
            v = from[c];                                                                                     \
            for (size_t i = 0; i < count; i++)                                                               \
                x[i * (size_t)channels + (size_t)c] = (TYPE)CUT(v[i], MOST);                                 \
        }                                                                                                    \
        break;                                                                                               \
    }
static void NAME(store)(const float *const from[], image_type type, int channels, size_t count, void *to) {
    switch (type) {
    case IMAGE_U1:
        STORE(uint8_t, 255.0F)
    case IMAGE_U2:
        STORE(uint16_t, 65535.0F)
    default: {
        float *x = to;
        for (int c = 0; c < channels; c++)
            for (size_t i = 0; i < count; i++)
                x[i * (size_t)channels + (size_t)c] = from[c][i];
    }
    }
}

extern const image_kernels NAME(kernels);
#define ROW(name) [IMAGE_K_##name] = NAME(name),
const image_kernels NAME(kernels) = {.run = {IMAGE_KERNELS(ROW)}, .load = NAME(load), .store = NAME(store)};
#undef ROW
