/* Arrays of doubles into the accumulators. */
#include "base/sum_engine.h"

/* Below this many elements, adding them one by one is quicker than setting up a window. */
enum { SHORT = 192 };

/* Marks what decides the sign of a zero sum. All but the first few elements need not be looked at. */
static void mark_zeros(tri_words w, const double *x, size_t count) {
    int64_t *tail = tri_words_tail(w);
    for (size_t i = 0; i < count && !tail[TRI_TAIL_OTHERS]; i++) {
        tri_parts p = tri_parts_of(x[i]);
        tail[p.magnitude || !p.negative ? TRI_TAIL_OTHERS : TRI_TAIL_NEGATIVE_ZERO] = 1;
    }
}

void tri_sum_add_array_at(tri_simd level, tri_sum *sum, const double *x, size_t count) {
    if (count < SHORT) {
        for (size_t i = 0; i < count; i++)
            tri_sum_add(sum, x[i]);
        return;
    }
    tri_sum_engine engine = {.level = level, .sum = tri_words_of_sum(sum)};
    mark_zeros(engine.sum, x, count);
    tri_sum_engine_run(&engine, 0, x, count);
}

static void add_moments(tri_simd level, tri_sum *sum, tri_squares *squares, tri_extremes *extremes,
                        uint64_t first, const double *x, size_t count) {
    tri_words s = tri_words_of_sum(sum), q = tri_words_of_squares(squares);
    if (count < SHORT) {
        for (size_t i = 0; i < count; i++) {
            tri_words_add_double(s, x[i]);
            tri_words_add_square(q, x[i]);
            if (x[i] != x[i]) continue;
            tri_extreme_keep(&extremes->min, (tri_extreme){x[i], 0, first + i}, -1);
            tri_extreme_keep(&extremes->max, (tri_extreme){x[i], 0, first + i}, 1);
        }
        return;
    }
    tri_sum_engine engine = {.level = level, .sum = s, .squares = q, .extremes = extremes};
    mark_zeros(s, x, count);
    tri_words_tail(q)[TRI_TAIL_OTHERS] = 1;
    tri_sum_engine_run(&engine, first, x, count);
}

void tri_squares_add_array_at(tri_simd level, tri_squares *squares, const double *x, size_t count) {
    /* The kernels make the sum and the extremes along with the squares; here they go nowhere. */
    tri_sum sum;
    tri_extremes extremes;
    tri_sum_clear(&sum);
    tri_extremes_clear(&extremes);
    add_moments(level, &sum, squares, &extremes, 0, x, count);
}

void tri_moments_add_at(tri_simd level, tri_moments *moments, uint64_t first, const double *x, size_t count) {
    tri_totals *t = &moments->totals;
    t->count += (int64_t)count;
    add_moments(level, &t->sum, &t->squares, &moments->extremes, first, x, count);
}
