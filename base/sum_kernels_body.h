/* The kernels. One file per SIMD level includes this, with TRI_KERNELS set to the name of the table of
 * kernels. sum_kernels.h has the contracts and the method. Internal. */
#include <float.h>
#include <math.h>

#include "base/sum_kernels.h"
#include "base/sum_vector.h"
#include "trireme/sum.h"

_Static_assert(FLT_EVAL_METHOD == 0, "a double operation must round to double");
#ifdef __FAST_MATH__
#error "-ffast-math breaks error-free transformations"
#endif

enum {
    /* Vectors held in registers at a time, found by measurement. A wider row takes several passes over the
     * chunk. */
    TOGETHER = WIDTH == 4 ? 4 : 2,
    STRIDE = WIDTH * TOGETHER,
    /* Prefetch distances, found by measurement: longer for loops with more arithmetic. */
    AHEAD_BYTES = 2048,
    AHEAD_PLAIN_BYTES = 1024
};

/* Prefetches a row, once per cache line. An address past the end is harmless, but is outside the object and
 * must be computed as an integer. */
INLINE void fetch_ahead(const double *x, uintptr_t ahead_bytes) {
    for (uintptr_t line = 0; line < TRI_LANES * sizeof *x; line += 64)
        __builtin_prefetch((const void *)((uintptr_t)x + ahead_bytes + line), 0, 3);
}

/* Adds r to the slice and leaves the remainder in r. */
INLINE void extract(vec *slice, vec *r) {
    vec sum = *slice + *r;
    *r -= sum - *slice;
    *slice = sum;
}

INLINE void load_biases(vec *registers, const tri_slice *slices, int count, int lane) {
#pragma GCC unroll 8
    for (int s = 0; s < count; s++)
#pragma GCC unroll 8
        for (int u = 0; u < TOGETHER; u++)
            registers[s * TOGETHER + u] = load(slices[s].bias + lane + u * WIDTH);
}

INLINE void keep(double (*kept)[TRI_LANES], const vec *registers, int count, int lane) {
#pragma GCC unroll 8
    for (int s = 0; s < count; s++)
#pragma GCC unroll 8
        for (int u = 0; u < TOGETHER; u++)
            store(kept[s] + lane + u * WIDTH, registers[s * TOGETHER + u]);
}

/* Adds the registers to the totals, after all lanes have succeeded. */
INLINE void commit(tri_slice *slices, double (*kept)[TRI_LANES], int count) {
    for (int s = 0; s < count; s++)
        for (int lane = 0; lane < TRI_LANES; lane += WIDTH) {
            ivec total, bits = (ivec)load(kept[s] + lane) - (ivec)load(slices[s].bias + lane);
            memcpy(&total, slices[s].total + lane, sizeof total);
            total += bits;
            memcpy(slices[s].total + lane, &total, sizeof total);
        }
}

INLINE int sum_by(const double *x, size_t rows, const int slices, tri_sum_window *window) {
    double kept[TRI_SUM_SLICES][TRI_LANES];
    for (int lane = 0; lane < TRI_LANES; lane += STRIDE) {
        vec s[TRI_SUM_SLICES * TOGETHER], limit[TOGETHER];
        ivec residue = {0}, outside = {0};
        load_biases(s, window->sum, slices, lane);
#pragma GCC unroll 8
        for (int u = 0; u < TOGETHER; u++)
            limit[u] = (vec){0};
        for (size_t row = 0; row < rows; row++) {
            const double *at = x + row * TRI_LANES;
            if (lane == 0) fetch_ahead(at, AHEAD_BYTES);
#pragma GCC unroll 8
            for (int u = 0; u < TOGETHER; u++) {
                vec r = load(at + lane + u * WIDTH);
                limit[u] = larger_magnitude(r, limit[u]);
#pragma GCC unroll 8
                for (int k = 0; k < slices; k++)
                    extract(&s[k * TOGETHER + u], &r);
                residue |= (ivec)r;
            }
        }
#pragma GCC unroll 8
        for (int u = 0; u < TOGETHER; u++)
            outside |= (ivec)(limit[u] >= load(window->limit + lane + u * WIDTH));
        /* A residue of -0 has only the sign bit set. */
        if (any_bit((residue & INT64_MAX) | outside)) return 0;
        keep(kept, s, slices, lane);
    }
    commit(window->sum, kept, slices);
    return 1;
}

static int sum(const double *x, size_t rows, int slices, tri_sum_window *window) {
    switch (slices) {
    case 2:
        return sum_by(x, rows, 2, window);
    case 3:
        return sum_by(x, rows, 3, window);
    default:
        return sum_by(x, rows, 4, window);
    }
}

INLINE void reduce_extremes(vec min, vec max, double *min_out, double *max_out) {
    for (int i = 0; i < WIDTH; i++) {
        if (min[i] < *min_out) *min_out = min[i];
        if (max[i] > *max_out) *max_out = max[i];
    }
}

/* A square is product + error, two doubles. The product goes to all slices but the last. The error, below
 * 2^-53 of it, goes to all but the first. */
INLINE int moments_by(const double *x, size_t rows, const int slices, const int square_slices,
                      tri_sum_window *window, double *min_out, double *max_out) {
    double kept[TRI_SUM_SLICES][TRI_LANES], kept_square[TRI_SQUARE_SLICES][TRI_LANES];
    *min_out = INFINITY, *max_out = -INFINITY;
    for (int lane = 0; lane < TRI_LANES; lane += STRIDE) {
        vec s[TRI_SUM_SLICES * TOGETHER], q[TRI_SQUARE_SLICES * TOGETHER], min[TOGETHER], max[TOGETHER];
        ivec residue = {0}, outside = {0};
        load_biases(s, window->sum, slices, lane);
        load_biases(q, window->square, square_slices, lane);
#pragma GCC unroll 8
        for (int u = 0; u < TOGETHER; u++)
            min[u] = fill(INFINITY), max[u] = fill(-INFINITY);
        for (size_t row = 0; row < rows; row++) {
            const double *at = x + row * TRI_LANES;
            if (lane == 0) fetch_ahead(at, AHEAD_BYTES);
#pragma GCC unroll 8
            for (int u = 0; u < TOGETHER; u++) {
                vec r = load(at + lane + u * WIDTH), product = r * r, error = square_error(r, product);
                min[u] = smaller(r, min[u]);
                max[u] = larger(r, max[u]);
#pragma GCC unroll 8
                for (int k = 0; k < slices; k++)
                    extract(&s[k * TOGETHER + u], &r);
#pragma GCC unroll 8
                for (int k = 0; k < square_slices - 1; k++)
                    extract(&q[k * TOGETHER + u], &product);
#pragma GCC unroll 8
                for (int k = 1; k < square_slices; k++)
                    extract(&q[k * TOGETHER + u], &error);
                residue |= (ivec)r | (ivec)product | (ivec)error;
            }
        }
#pragma GCC unroll 8
        for (int u = 0; u < TOGETHER; u++) {
            vec limit = load(window->limit + lane + u * WIDTH);
            outside |= (ivec)(max[u] >= limit) | (ivec)(min[u] <= -limit);
            reduce_extremes(min[u], max[u], min_out, max_out);
        }
        if (any_bit((residue & INT64_MAX) | outside)) return 0;
        keep(kept, s, slices, lane);
        keep(kept_square, q, square_slices, lane);
    }
    commit(window->sum, kept, slices);
    commit(window->square, kept_square, square_slices);
    return 1;
}

static int moments(const double *x, size_t rows, int slices, int square_slices, tri_sum_window *window,
                   double *min, double *max) {
    if (slices == 3) return moments_by(x, rows, 3, 5, window, min, max);
    if (square_slices == 4) return moments_by(x, rows, 2, 4, window, min, max);
    return moments_by(x, rows, 2, 3, window, min, max);
}

static void lane_limits(const double *x, size_t rows, double limits[TRI_LANES]) {
    for (int lane = 0; lane < TRI_LANES; lane += WIDTH) {
        vec limit = {0};
        for (size_t row = 0; row < rows; row++)
            limit = larger_magnitude(load(x + row * TRI_LANES + lane), limit);
        store(limits + lane, limit);
    }
}

static void extremes(const double *x, size_t count, double *min_out, double *max_out) {
    vec min = fill(INFINITY), max = fill(-INFINITY);
    size_t i = 0;
    for (; count - i >= WIDTH; i += WIDTH) {
        vec r = load(x + i);
        min = smaller(r, min);
        max = larger(r, max);
    }
    *min_out = INFINITY, *max_out = -INFINITY;
    reduce_extremes(min, max, min_out, max_out);
    for (; i < count; i++) {
        if (x[i] < *min_out) *min_out = x[i];
        if (x[i] > *max_out) *max_out = x[i];
    }
}

static size_t find(const double *x, size_t count, double value) {
    size_t i = 0;
    for (vec wanted = fill(value); count - i >= WIDTH; i += WIDTH)
        if (any_bit((ivec)(load(x + i) == wanted))) break;
    while (i < count && x[i] != value)
        i++;
    return i;
}

INLINE vec choose(ivec mask, double value, vec otherwise) {
    return (vec)(((ivec)fill(value) & mask) | ((ivec)otherwise & ~mask));
}

INLINE void bins_of(const tri_bins *b, vec v, int32_t bin[WIDTH]) {
    typedef int32_t narrow __attribute__((vector_size(4 * WIDTH)));
    double end = b->count;
    /* Adding and subtracting this rounds to the nearest integer, without a conversion. */
    const double integer = 0x1.8p52;
    vec at = larger(smaller(v * b->slope - b->offset, fill(end - 1)), fill(0)) + integer - integer;
    at -= choose((ivec)(v < b->start + at * b->step), 1, fill(0)); /* below the first edge: -1 */
    at = choose((ivec)(v > b->high), end + TRI_ABOVE, at);
    at = choose((ivec)(v != v), /* NOLINT(misc-redundant-expression): a NaN differs from itself */
                end + TRI_NOT_A_NUMBER, at);
    narrow result = __builtin_convertvector(at, narrow);
    memcpy(bin, &result, sizeof result);
}

static void bins(const tri_bins *all, const double *x, size_t count, int32_t *bin) {
    const tri_bins b = *all; /* no store to `bin` changes it */
    size_t i = 0;
    for (; count - i >= WIDTH; i += WIDTH)
        bins_of(&b, load(x + i), bin + i);
    for (; i < count; i++) {
        int32_t result[WIDTH];
        bins_of(&b, fill(x[i]), result);
        bin[i] = result[0];
    }
}

/* The sum of one block in the order that trireme/sum.h defines. */
INLINE double add_lanes(const double *x, size_t count) {
    enum { VECTORS = TRI_ORDERED_LANES / WIDTH };
    vec s[VECTORS];
    size_t done = 0;
#pragma GCC unroll 16
    for (int v = 0; v < VECTORS; v++)
        s[v] = fill(-0.0);
    for (; count - done >= TRI_ORDERED_LANES; done += TRI_ORDERED_LANES) {
        fetch_ahead(x + done, AHEAD_PLAIN_BYTES);
        fetch_ahead(x + done + TRI_LANES, AHEAD_PLAIN_BYTES);
#pragma GCC unroll 16
        for (int v = 0; v < VECTORS; v++)
            s[v] += load(x + done + v * WIDTH);
    }
    if (done < count) {
        /* Adding -0 changes no sum. */
        double rest[TRI_ORDERED_LANES];
        for (int i = 0; i < TRI_ORDERED_LANES; i++)
            rest[i] = done < count ? x[done++] : -0.0;
        for (int v = 0; v < VECTORS; v++)
            s[v] += load(rest + v * WIDTH);
    }
#pragma GCC unroll 4
    for (int half = VECTORS / 2; half > 0; half /= 2)
#pragma GCC unroll 8
        for (int v = 0; v < half; v++)
            s[v] += s[v + half];
    double lanes[WIDTH];
    store(lanes, s[0]);
#pragma GCC unroll 4
    for (int half = WIDTH / 2; half > 0; half /= 2)
#pragma GCC unroll 8
        for (int i = 0; i < half; i++)
            lanes[i] += lanes[i + half];
    return lanes[0];
}

static double ordered_block(const double *x, size_t count) {
    double sum = add_lanes(x, count);
    return sum == sum ? sum : (double)NAN;
}

static double plain(const double *x, size_t count) {
    return count ? add_lanes(x, count) : 0.0;
}

const tri_sum_kernels TRI_KERNELS = {.sum = sum,
                                     .moments = moments,
                                     .lane_limits = lane_limits,
                                     .extremes = extremes,
                                     .find = find,
                                     .bins = bins,
                                     .plain = plain,
                                     .ordered_block = ordered_block};
