/* The filters that order pixels: median, minimum, maximum. A part of kernels_body.h. */

/* ---- order: floats as integers of the same order ---- */

static void NAME(keys)(const float *from, key *restrict to, size_t count) {
    const key *bits = (const key *)from;
    for (size_t x = 0; x < count; x++)
        to[x] = bits[x] ^ ((bits[x] >> 31) & 0x7fffffff);
}

#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#define LARGER(a, b)  ((a) > (b) ? (a) : (b))
/* The smallest (largest) of each run of `size`: of runs of 2, 4, 8 ... and two that overlap. */
#define RUNS(name, PICK)                                                                                     \
    static void NAME(name##_runs)(key * x, size_t lines, size_t line, size_t step, size_t count,             \
                                  size_t size) {                                                             \
        size_t power = 1;                                                                                    \
        while (power < size) {                                                                               \
            size_t shift = 2 * power <= size ? power : size - power;                                         \
            for (size_t y = 0; y < lines; y++) {                                                             \
                key *to = x + y * line;                                                                      \
                const key *from = to + shift * step;                                                         \
                AHEAD                                                                                        \
                for (size_t i = 0; i < count; i++)                                                           \
                    to[i] = PICK(to[i], from[i]);                                                            \
            }                                                                                                \
            power += shift;                                                                                  \
        }                                                                                                    \
    }                                                                                                        \
    static void NAME(name)(const image_work *w) {                                                            \
        size_t reach = w->stage->reach, size = 2 * reach + 1, columns = w->columns + 2 * reach,              \
               rows = w->rows + 2 * reach, line = columns + size;                                            \
        key *a = (key *)w->scratch;                                                                          \
        memset(a, 0, (rows + size) * line * sizeof *a);                                                      \
        for (size_t y = 0; y < rows; y++)                                                                    \
            NAME(keys)(w->from + y * w->from_line - reach * w->from_line - reach, a + y * line, columns);    \
        NAME(name##_runs)(a, rows, line, line, columns, size);                                               \
        NAME(name##_runs)(a, w->rows, line, 1, columns, size);                                               \
        for (size_t y = 0; y < w->rows; y++)                                                                 \
            NAME(keys)((const float *)(a + y * line), (key *)(w->to + y * w->to_line), w->columns);          \
    }
RUNS(erode, SMALLER)
RUNS(dilate, LARGER)

#define SORT(a, b)                                                                                           \
    {                                                                                                        \
        int32_t less = SMALLER(a, b), more = LARGER(a, b);                                                   \
        (a) = less;                                                                                          \
        (b) = more;                                                                                          \
    }
/* The median of nine: the columns sorted, then the largest of the low ones, the median of the middle ones and
 * the smallest of the high ones; their median. */
static void NAME(median_of_nine)(const key *restrict p, const key *restrict q, const key *restrict r,
                                 key *restrict to, size_t count) {
    for (size_t x = 0; x < count; x++) {
        int32_t a = p[x], b = p[x + 1], c = p[x + 2], d = q[x], e = q[x + 1], f = q[x + 2], g = r[x],
                h = r[x + 1], i = r[x + 2];
        SORT(a, d)
        SORT(b, e)
        SORT(c, f)
        SORT(d, g)
        SORT(e, h)
        SORT(f, i)
        SORT(a, d)
        SORT(b, e)
        SORT(c, f)
        int32_t low = LARGER(LARGER(a, b), c), high = SMALLER(SMALLER(g, h), i);
        SORT(d, e)
        int32_t middle = LARGER(d, SMALLER(e, f));
        SORT(low, middle)
        to[x] = LARGER(low, SMALLER(middle, high));
    }
}

/* By bisection: the smallest value that more than half of the pixels do not exceed. low, high: of all. */
static void NAME(median_by_halves)(const key *a, size_t line, size_t size, key *restrict to, size_t count,
                                   int64_t low, int64_t high) {
    int32_t half = (int32_t)(size * size / 2);
    int steps = 0;
    while (((int64_t)1 << steps) <= high - low)
        steps++;
    for (size_t x = 0; x < count; x += BLOCK) {
        size_t lanes = count - x < BLOCK ? count - x : BLOCK;
        uint32_t base[BLOCK] = {0};
        /* The median is low + base, where base grows from its highest bit down. */
        for (int bit = steps - 1; bit >= 0; bit--) {
            int32_t limit[BLOCK], number[BLOCK] = {0};
            for (size_t i = 0; i < BLOCK; i++) {
                int64_t at = low + (int64_t)base[i] + ((int64_t)1 << bit) - 1;
                limit[i] = at > INT32_MAX ? INT32_MAX : (int32_t)at;
            }
            for (size_t v = 0; v < size; v++)
                for (size_t u = 0; u < size; u++) {
                    const key *from = a + v * line + u + x;
                    for (size_t i = 0; i < BLOCK; i++)
                        number[i] += from[i] <= limit[i];
                }
            for (size_t i = 0; i < BLOCK; i++)
                if (number[i] <= half) base[i] += (uint32_t)1 << bit;
        }
        for (size_t i = 0; i < lanes; i++)
            to[x + i] = (int32_t)(low + (int64_t)base[i]);
    }
}

/* Whether all floats are small whole numbers, which then are their own keys and need few bits. */
static int NAME(whole_keys)(const float *restrict from, key *restrict to, size_t count) {
    const key *bits = (const key *)from; /* -0 is not among them */
    int32_t other = 0;
    for (size_t x = 0; x < count; x++) {
        float v = from[x];
        int32_t inside = bits[x] >= 0 && v <= 65535, whole = (int32_t)(inside ? v : 0);
        other |= (float)whole != v;
        to[x] = whole;
    }
    return !other;
}

static void NAME(median)(const image_work *w) {
    size_t reach = w->stage->reach, size = 2 * reach + 1, columns = w->columns + 2 * reach,
           rows = w->rows + 2 * reach, line = columns + BLOCK;
    key *a = (key *)w->scratch, *line_out = a + rows * line;
    int whole = size > 3;
    for (size_t y = 0; y < rows && whole; y++)
        whole = NAME(whole_keys)(w->from + y * w->from_line - reach * w->from_line - reach, a + y * line,
                                 columns);
    int32_t low = INT32_MAX, high = INT32_MIN;
    for (size_t y = 0; y < rows; y++) {
        const float *from = w->from + y * w->from_line - reach * w->from_line - reach;
        key *restrict to = a + y * line;
        if (!whole) NAME(keys)(from, to, columns);
        if (size > 3)
            for (size_t x = 0; x < columns; x++) {
                low = SMALLER(low, to[x]);
                high = LARGER(high, to[x]);
            }
        memset(to + columns, 0, BLOCK * sizeof *to);
    }
    for (size_t y = 0; y < w->rows; y++) {
        float *to = w->to + y * w->to_line;
        if (size == 3)
            NAME(median_of_nine)(a + y * line, a + (y + 1) * line, a + (y + 2) * line, line_out, w->columns);
        else
            NAME(median_by_halves)(a + y * line, line, size, line_out, w->columns, low, high);
        if (!whole)
            NAME(keys)((const float *)line_out, (key *)to, w->columns);
        else
            for (size_t x = 0; x < w->columns; x++)
                to[x] = (float)line_out[x];
    }
}
