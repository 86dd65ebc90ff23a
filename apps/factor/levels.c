/* The levels of curves: level t excludes factors of t digits with the usual probability of 63 %. */
#include "apps/factor/factor.h"

enum { SMALL_METHODS = 2, EXPECTED_SIZES = FACTOR_LEVELS };

/* B1 and curves of each level. Expected numbers of curves for factors of 15, 20, ... 65 digits with
 * parametrisation 1 and the default B2: from 35 digits on those of `ecm -v`; below, and where it prints none,
 * by Dickman's function, which agrees with `ecm -v` within 5 %. */
typedef struct bounds {
    double b1;
    double expected[EXPECTED_SIZES];
} bounds;
static const double never = 1e30;
static const bounds levels[FACTOR_LEVELS] = {
    {2e3, {28, 926, 6.2e4, 7e6, 3.3e9, 1e30, 1e30, 1e30, 1e30, 1e30, 1e30}},
    {11e3, {7.1, 81, 1683, 5.4e4, 3967858, 2.5e8, 2e10, 1e30, 1e30, 1e30, 1e30}},
    {5e4, {3.7, 23, 241, 3714, 88265, 2402639, 8.1e7, 3.3e9, 2.3e11, 1e30, 1e30}},
    {25e4, {2.3, 9.2, 57, 493, 6022, 87544, 1534319, 3.1e7, 7.5e8, 2e10, 1e30}},
    {1e6, {1.8, 5.2, 23, 138, 1071, 10283, 118226, 1565171, 2.4e7, 3.9e8, 7.7e9}},
    {3e6, {1.6, 3.7, 13, 62, 374, 2753, 24017, 241048, 2713723, 3.4e7, 4.8e8}},
    {11e6, {1.4, 2.8, 8, 30, 138, 788, 5208, 39497, 336066, 3167410, 3.2e7}},
    {43e6, {1.3, 2.2, 5.3, 17, 61, 278, 1459, 8704, 57844, 419970, 3346252}},
    {11e7, {1.2, 1.9, 4.3, 12, 38, 151, 692, 3583, 20479, 128305, 872747}},
    {26e7, {1.1, 1.7, 3.5, 8.9, 25, 91, 373, 1709, 8656, 47888, 288516}},
    {85e7, {1.1, 1.6, 2.9, 6.5, 17, 52, 185, 737, 3220, 15391, 78923}},
};

size_t factor_level_curves(int level) {
    return (size_t)levels[level].expected[level] + SMALL_METHODS;
}

double factor_level_b1(int level) {
    return levels[level].b1;
}

int factor_level_digits(int level) {
    return FACTOR_FIRST_DIGITS + level * FACTOR_STEP_DIGITS;
}

int factor_level_of(int digits) {
    int level = 0;
    while (level < FACTOR_LEVELS && factor_level_digits(level) < digits)
        level++;
    return level;
}

factor_curve factor_curve_at(size_t seed, int level, size_t number) {
    /* p - 1 with 10 B1 and p + 1 with 5 B1 take about as long as a few curves. */
    if (number == 0) return (factor_curve){FACTOR_PM1, 10 * levels[level].b1, 0};
    if (number == 1) return (factor_curve){FACTOR_PP1, 5 * levels[level].b1, 0};
    const uint64_t sigmas = 4294967291u, first = 6; /* parametrisation 1 takes sigmas of 32 bits */
    uint64_t bits = tri_random_bits(seed, ((uint64_t)level << 32) + number);
    return (factor_curve){FACTOR_ECM, levels[level].b1, (uint32_t)(bits % (sigmas - first) + first)};
}

double factor_curve_worth(int level, int digits) {
    int size = (digits - FACTOR_FIRST_DIGITS) / FACTOR_STEP_DIGITS;
    double expected = levels[level].expected[size];
    return expected < never ? 1 / expected : 0;
}

size_t factor_curves_at_once(int level, size_t digits) {
    /* Measured: 0.18 s at B1 = 50000 and 100 digits; products grow with the square of the words. */
    double words = (double)digits / 19 + 1;
    double seconds = 0.18 * levels[level].b1 / 5e4 * (words * words + 10) / (6.3 * 6.3 + 10), wanted = 0.5;
    double count = wanted / seconds;
    return count > 50 ? 50 : count < 1 ? 1 : (size_t)count;
}

void factor_before_sieve(size_t digits, int *level, size_t *count) {
    /* About a tenth of the time of the sieve. */
    *level = digits <= 52 ? 0 : digits <= 68 ? 1 : 2;
    *count = digits <= 42   ? 8
             : digits <= 52 ? factor_level_curves(0)
             : digits <= 62 ? 20
             : digits <= 68 ? factor_level_curves(1)
             : digits <= 75 ? 40
                            : factor_level_curves(2);
}
