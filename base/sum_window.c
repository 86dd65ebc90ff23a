/* The windows of exponents that the kernels use: set, moved, emptied. */
#include "base/sum_window.h"

enum {
    SLACK_BITS =
        1, /* margin above the largest element, so that a slightly larger one does not move the window */
    ALIKE_BITS = 8,    /* lanes that differ by less share a window, and are emptied together */
    MEMORY_BITS = 20,  /* a window moves down only if it is more than this too high */
    TOP_OF_SUM = 1016, /* 1.5 * 2^(top + 7) is finite */
    TOP_OF_SQUARES = 508
};

/* 2^exponent for a normal result. */
static double power(int exponent) {
    uint64_t bits = (uint64_t)(exponent + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static int slice_unit(int top, int slice) {
    return top - TRI_SLICE_BITS * (slice + 1);
}

static void empty_slice(tri_slice *slice, const tri_sum_window *window, int scale, int index,
                        tri_accumulator into) {
    tri_accumulator_reserve(into, TRI_LANES);
    for (int lane = 0; lane < TRI_LANES;) {
        /* Adds neighbouring lanes with the same window first. */
        int top = window->top[lane];
        tri_i128 total = 0;
        for (; lane < TRI_LANES && window->top[lane] == top; lane++) {
            total += slice->total[lane];
            slice->total[lane] = 0;
        }
        tri_accumulator_add(into, (tri_u128)(total < 0 ? -total : total), slice_unit(scale * top, index),
                            total < 0);
    }
}

void tri_sum_window_empty(tri_sum_engine *e) {
    for (int s = 0; s < e->slices; s++)
        empty_slice(e->window.sum + s, &e->window, 1, s, e->sum);
    if (e->squares.word)
        for (int s = 0; s < e->square_slices; s++)
            empty_slice(e->window.square + s, &e->window, 2, s, e->squares);
    e->chunks = 0;
}

static void set_slice(tri_slice *slice, const tri_sum_window *window, int scale, int index) {
    for (int lane = 0; lane < TRI_LANES; lane++) {
        slice->bias[lane] = 1.5 * power(slice_unit(scale * window->top[lane], index) + 52);
        slice->total[lane] = 0;
    }
}

/* The smallest t with |x| < 2^t for all |x| <= limit; limit > 0. Subnormal limits are far below any
 * window. */
static int exponent_above(double limit) {
    uint64_t bits;
    memcpy(&bits, &limit, sizeof bits);
    return (int)(bits >> 52) - 1022;
}

int tri_sum_window_measure(const tri_sum_engine *e, const double *x, size_t rows, int top[TRI_LANES]) {
    double limits[TRI_LANES];
    e->kernels->lane_limits(x, rows, limits);
    int highest = -1022;
    for (int lane = 0; lane < TRI_LANES; lane++) {
        int exponent = exponent_above(limits[lane]);
        if (limits[lane] > 0 && exponent > highest) highest = exponent;
    }
    for (int lane = 0; lane < TRI_LANES; lane++) {
        int exponent = limits[lane] > 0 ? exponent_above(limits[lane]) : highest;
        top[lane] = (highest - exponent < ALIKE_BITS ? highest : exponent) + SLACK_BITS;
    }
    return highest + SLACK_BITS <= (e->squares.word ? TOP_OF_SQUARES : TOP_OF_SUM);
}

void tri_sum_window_set(tri_sum_engine *e, const int top[TRI_LANES]) {
    /* The lowest slice must not reach below the subnormals. With squares, neither must the square of the
     * lowest bit in the sum's slices: then a square and its error are exact whenever the sum leaves no
     * residue. */
    int lowest = TRI_SLICE_BITS * e->slices - (e->squares.word ? 537 : 1074);
    for (int lane = 0; lane < TRI_LANES; lane++) {
        int now = top[lane], before = e->window.top[lane];
        if (e->ready && before > now) now = before < now + MEMORY_BITS ? before : now + MEMORY_BITS;
        if (now < lowest) now = lowest;
        e->window.top[lane] = now;
        e->window.limit[lane] = power(now);
    }
    for (int s = 0; s < e->slices; s++)
        set_slice(e->window.sum + s, &e->window, 1, s);
    if (e->squares.word)
        for (int s = 0; s < e->square_slices; s++)
            set_slice(e->window.square + s, &e->window, 2, s);
    e->ready = 1;
}
