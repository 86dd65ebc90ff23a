#include "base/sum_array.h"

#include "base/sum_engine.h"

/* Below this many elements, adding them one by one is faster than setting up a window. */
enum { SHORT = 192 };

/* Sets the marks that decide the sign of a zero sum. Reads only the first few elements of usual data. */
static void mark_zeros(tri_accumulator a, const double *x, size_t count) {
    int64_t *tail = tri_accumulator_tail(a);
    for (size_t i = 0; i < count && !tail[TRI_TAIL_OTHERS]; i++) {
        tri_double_fields f = tri_double_fields_of(x[i]);
        tail[f.magnitude || !f.negative ? TRI_TAIL_OTHERS : TRI_TAIL_NEGATIVE_ZERO] = 1;
    }
}

void tri_accumulator_add_array(tri_simd level, tri_accumulator sum, const double *x, size_t count) {
    if (count < SHORT) {
        for (size_t i = 0; i < count; i++)
            tri_accumulator_add_double(sum, x[i]);
        return;
    }
    tri_sum_engine engine = {.level = level, .sum = sum};
    mark_zeros(sum, x, count);
    tri_sum_engine_run(&engine, 0, x, count);
}

void tri_accumulator_add_moments(tri_simd level, tri_accumulator sum, tri_accumulator squares,
                                 tri_extremes *extremes, uint64_t first, const double *x, size_t count) {
    if (count < SHORT) {
        for (size_t i = 0; i < count; i++) {
            tri_accumulator_add_double(sum, x[i]);
            tri_accumulator_add_square(squares, x[i]);
            if (x[i] != x[i]) continue;
            tri_extreme_keep(&extremes->min, (tri_extreme){x[i], 0, first + i}, -1);
            tri_extreme_keep(&extremes->max, (tri_extreme){x[i], 0, first + i}, 1);
        }
        return;
    }
    tri_sum_engine engine = {.level = level, .sum = sum, .squares = squares, .extremes = extremes};
    mark_zeros(sum, x, count);
    tri_accumulator_tail(squares)[TRI_TAIL_OTHERS] = 1;
    tri_sum_engine_run(&engine, first, x, count);
}
