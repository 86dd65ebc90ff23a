/* Exact sums at every SIMD level, compared with an oracle with one counter per binary digit. */
#include "trireme/sum.h"

#include <float.h>
#include <stdlib.h>

#include "check.h"
#include "trireme/random.h"
#include "unit/oracle.h"

static oracle sum_oracle, square_oracle;

static void against_oracle(const char *what, const double *x, size_t count) {
    oracle_clear(&sum_oracle);
    oracle_clear(&square_oracle);
    for (size_t i = 0; i < count; i++) {
        oracle_add(&sum_oracle, x[i]);
        oracle_add_square(&square_oracle, x[i]);
    }
    double sum = oracle_round(&sum_oracle), square = oracle_round(&square_oracle);
    for (tri_simd level = 0; level <= tri_simd_best(); level++) {
        tri_sum s = {{0}};
        tri_squares q = {{0}};
        tri_sum_add_array_at(level, &s, x, count);
        tri_squares_add_array_at(level, &q, x, count);
        CHECK(same_bits(tri_sum_round(&s), sum), "%s, %zu terms, %s: %a instead of %a", what, count,
              tri_simd_name(level), tri_sum_round(&s), sum);
        CHECK(same_bits(tri_squares_round(&q), square), "squares of %s, %zu terms, %s: %a instead of %a",
              what, count, tri_simd_name(level), tri_squares_round(&q), square);
    }
}

#define AGAINST_ORACLE(...)                                                                                  \
    do {                                                                                                     \
        const double terms[] = {__VA_ARGS__};                                                                \
        against_oracle(#__VA_ARGS__, terms, sizeof terms / sizeof *terms);                                   \
    } while (0)

static void by_hand(void) {
    tri_sum s = {{0}};
    CHECK(same_bits(tri_sum_round(&s), 0.0), "the empty sum is %a", tri_sum_round(&s));
    tri_sum_add(&s, -0.0);
    CHECK(same_bits(tri_sum_round(&s), -0.0), "-0 is %a", tri_sum_round(&s));
    tri_sum_add(&s, 0.0);
    CHECK(same_bits(tri_sum_round(&s), 0.0), "-0 + 0 is %a", tri_sum_round(&s));

    AGAINST_ORACLE(1, 0x1p-53);                      /* half: down to even */
    AGAINST_ORACLE(1, 0x1p-53, 0x1p-1074);           /* a little more than half */
    AGAINST_ORACLE(1, 0x1.8p-52);                    /* half: up to even */
    AGAINST_ORACLE(1, 0x1.8p-52, -0x1p-1074);        /* a little less */
    AGAINST_ORACLE(DBL_MAX, 0x1p969);                /* below half of the last digit: DBL_MAX */
    AGAINST_ORACLE(DBL_MAX, 0x1p970);                /* half: overflow */
    AGAINST_ORACLE(DBL_MAX, 0x1p970, -0x1p-1074);    /* just not */
    AGAINST_ORACLE(DBL_MAX, DBL_MAX, -DBL_MAX, 1.0); /* only a partial sum overflows */
    AGAINST_ORACLE(-DBL_MAX, -DBL_MAX);
    AGAINST_ORACLE(DBL_TRUE_MIN, DBL_TRUE_MIN, -DBL_MIN);
    AGAINST_ORACLE(DBL_MIN, -DBL_TRUE_MIN);
    AGAINST_ORACLE(DBL_TRUE_MIN, -DBL_TRUE_MIN);
    AGAINST_ORACLE(1e308, 1, -1e308, 1e-308);
    AGAINST_ORACLE(INFINITY, -1e308);
    AGAINST_ORACLE(-INFINITY, DBL_MAX, DBL_MAX);
    AGAINST_ORACLE(INFINITY, -INFINITY);
    AGAINST_ORACLE(NAN, INFINITY);
    AGAINST_ORACLE(-0.0, -0.0);
    AGAINST_ORACLE(0x1p-537, 0x1.8p-537); /* squares at the lowest bit */
    AGAINST_ORACLE(0x1p512, 1);           /* square overflows */
}

enum { LONG = 20000 };
static double x[LONG], y[LONG];

static double any_double(uint64_t i) {
    uint64_t bits = tri_random_bits(99, i);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void distributions(void) {
    for (int d = 0; d < TRI_DISTRIBUTION_COUNT; d++) {
        tri_random_fill((tri_distribution)d, 5, 0, LONG, x);
        for (size_t count = 0; count <= LONG; count = count * 5 / 3 + 1)
            against_oracle(tri_distribution_name((tri_distribution)d), x + count % 3,
                           count < LONG ? count : 0);
    }
}

int main(void) {
    by_hand();
    distributions();
    for (int i = 0; i < LONG; i++)
        y[i] = any_double((uint64_t)i);
    against_oracle("any bits", y, LONG);
    return check_result("exact sums");
}
