/* Exact sums of 64-bit integers. Each call adds in a few machine words, and adds these to the accumulator at
 * its end.
 * */
#include "base/sum_integers.h"

tri_integer_totals tri_integers_add_i64(const int64_t *x, size_t count) {
    tri_integer_totals t = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t magnitude = x[i] < 0 ? -(uint64_t)x[i] : (uint64_t)x[i];
        tri_u128 square = (tri_u128)magnitude * magnitude;
        if (x[i] < 0)
            t.negative += magnitude;
        else
            t.positive += magnitude;
        t.squares_low += (uint64_t)square;
        t.squares_high += (uint64_t)(square >> 64);
    }
    return t;
}

tri_integer_totals tri_integers_add_u64(const uint64_t *x, size_t count) {
    tri_integer_totals t = {0};
    for (size_t i = 0; i < count; i++) {
        tri_u128 square = (tri_u128)x[i] * x[i];
        t.positive += x[i];
        t.squares_low += (uint64_t)square;
        t.squares_high += (uint64_t)(square >> 64);
    }
    return t;
}

void tri_integers_deposit_sum(tri_integer_totals t, size_t count, tri_sum *sum) {
    tri_accumulator w = tri_accumulator_of_sum(sum);
    if (count) tri_accumulator_tail(w)[TRI_TAIL_OTHERS] = 1;
    tri_accumulator_reserve(w, 2);
    tri_accumulator_add(w, t.positive, 0, 0);
    tri_accumulator_add(w, t.negative, 0, 1);
}

void tri_integers_deposit_squares(tri_integer_totals t, size_t count, tri_squares *squares) {
    tri_accumulator w = tri_accumulator_of_squares(squares);
    if (count) tri_accumulator_tail(w)[TRI_TAIL_OTHERS] = 1;
    tri_accumulator_reserve(w, 2);
    tri_accumulator_add(w, t.squares_low, 0, 0);
    tri_accumulator_add(w, t.squares_high, 64, 0);
}

void tri_sum_add_i64(tri_sum *sum, const int64_t *x, size_t count) {
    tri_integers_deposit_sum(tri_integers_add_i64(x, count), count, sum);
}

void tri_sum_add_u64(tri_sum *sum, const uint64_t *x, size_t count) {
    tri_integers_deposit_sum(tri_integers_add_u64(x, count), count, sum);
}

void tri_squares_add_i64(tri_squares *squares, const int64_t *x, size_t count) {
    tri_integers_deposit_squares(tri_integers_add_i64(x, count), count, squares);
}

void tri_squares_add_u64(tri_squares *squares, const uint64_t *x, size_t count) {
    tri_integers_deposit_squares(tri_integers_add_u64(x, count), count, squares);
}
