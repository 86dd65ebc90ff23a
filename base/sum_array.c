/* Arrays of doubles into the accumulators. */
#include "base/sum_integers.h"
void tri_sum_add_array_at(tri_simd level, tri_sum *sum, const double *x, size_t count) {
    (void)level;
    for (size_t i = 0; i < count; i++)
        tri_sum_add(sum, x[i]);
}
void tri_squares_add_array_at(tri_simd level, tri_squares *squares, const double *x, size_t count) {
    (void)level;
    for (size_t i = 0; i < count; i++)
        tri_squares_add(squares, x[i]);
}
void tri_moments_add_at(tri_simd level, tri_moments *moments, uint64_t first, const double *x, size_t count) {
    tri_sum_add_array_at(level, &moments->totals.sum, x, count);
    tri_squares_add_array_at(level, &moments->totals.squares, x, count);
    moments->totals.count += (int64_t)count;
    for (size_t i = 0; i < count; i++)
        if (x[i] == x[i]) {
            tri_extreme e = {x[i], 0, first + i};
            tri_extremes both = {e, e};
            tri_extremes_merge(&moments->extremes, &both);
        }
}
