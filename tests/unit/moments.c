/* Statistics: quotients and roots of exact sums, integers, extremes, special values, histograms. */
#include "trireme/moments.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "trireme/random.h"
#include "unit/oracle.h"

/* Whether |q - r| <= ulp(r) / 2 for the exact q = a / n, tested in integers as 2 |a - n r| <= n ulp(r). `r`
 * is finite and not zero. */
static void check_quotient(const char *what, const double *x, size_t count, uint64_t n, double r) {
    static oracle o, bound;
    int exponent;
    oracle_clear(&o);
    for (size_t i = 0; i < count; i++)
        for (int twice = 0; twice < 2; twice++)
            oracle_add(&o, x[i]);
    uint64_t magnitude = oracle_split(r, &exponent);
    oracle_add_integer(&o, (oracle_wide)magnitude * n, exponent + 1, r > 0 ? -1 : 1);
    bound = o;
    int sign = oracle_carry(&bound);
    if (sign == 0) return;
    int unit = exponent > -1074 ? exponent : -1074;
    oracle_add_integer(&o, n, unit, -sign);
    sign *= oracle_carry(&o);
    CHECK(sign <= 0, "%s / %llu is not nearest: %a", what, (unsigned long long)n, r);
}

static void means(void) {
    enum { MOST = 300 };
    static double x[MOST];
    static const uint64_t divisors[] = {1, 2, 3, 7, 299, 1000003, UINT64_MAX, UINT64_C(1) << 63};
    for (int d = 0; d < TRI_DISTRIBUTION_COUNT; d++)
        for (size_t count = 1; count < MOST; count += 23) {
            tri_random_fill((tri_distribution)d, count, 0, count, x);
            tri_sum s;
            tri_sum_clear(&s);
            tri_sum_add_array(&s, x, count);
            for (size_t i = 0; i < sizeof divisors / sizeof *divisors; i++)
                check_quotient(tri_distribution_name((tri_distribution)d), x, count, divisors[i],
                               tri_sum_divide(&s, divisors[i]));
        }
    tri_sum s;
    tri_sum_clear(&s);
    CHECK(isnan(tri_sum_divide(&s, 0)), "divided by 0");
    tri_sum_add(&s, 3 * DBL_TRUE_MIN);
    CHECK(tri_sum_divide(&s, 2) == 2 * DBL_TRUE_MIN, "1.5 units are 2: %a", tri_sum_divide(&s, 2));
    CHECK(tri_sum_divide(&s, 6) == 0, "0.5 units are 0: %a", tri_sum_divide(&s, 6));
    CHECK(tri_sum_divide(&s, 5) == DBL_TRUE_MIN, "0.6 units are 1: %a", tri_sum_divide(&s, 5));
    tri_sum_add(&s, -6 * DBL_TRUE_MIN);
    CHECK(same_bits(tri_sum_divide(&s, UINT64_MAX), -0.0), "a small negative one: %a",
          tri_sum_divide(&s, UINT64_MAX));
}

/* r is the nearest double to the root of a = sum of x^2 if and only if (2 r - u)^2 <= 4 a <= (2 r + u)^2,
 * with u = ulp(r) (powers of two also need that of the binade below). */
static void check_root(const double *x, size_t count, double r) {
    static oracle o;
    int exponent;
    uint64_t magnitude = oracle_split(r, &exponent);
    if (exponent < -1074) magnitude >>= -1074 - exponent, exponent = -1074;
    for (int side = -1; side <= 1; side += 2) {
        oracle_wide edge = 2 * (oracle_wide)magnitude + (side > 0 ? 1 : (oracle_wide)-1);
        oracle_clear(&o);
        for (size_t i = 0; i < count; i++)
            for (int four = 0; four < 4; four++)
                oracle_add_square(&o, x[i]);
        oracle_add_integer(&o, edge * edge, 2 * exponent, -1);
        CHECK(side * oracle_carry(&o) <= 0, "root of the squares of %zu terms is not nearest: %a", count, r);
    }
}

static void roots(void) {
    enum { MOST = 40 };
    static double x[MOST];
    for (uint64_t seed = 0; seed < 400; seed++) {
        size_t count = 1 + seed % MOST;
        tri_random_fill((tri_distribution)(seed % 4), seed, 0, count, x);
        if (seed % 3 == 1)
            for (size_t i = 0; i < count; i++)
                x[i] = ldexp(x[i], -1074 + (int)(seed % 60)); /* subnormal */
        tri_squares q;
        tri_squares_clear(&q);
        tri_squares_add_array(&q, x, count);
        double r = tri_squares_root(&q);
        if (r > 0) check_root(x, count, r);
    }
    tri_squares q;
    tri_squares_clear(&q);
    CHECK(same_bits(tri_squares_root(&q), 0.0), "the root of nothing");
    tri_squares_add(&q, 0x3p600);
    tri_squares_add(&q, -0x4p600);
    CHECK(isinf(tri_squares_round(&q)) && tri_squares_root(&q) == 0x5p600,
          "a norm of squares that overflow: %a", tri_squares_root(&q));
    tri_squares_clear(&q);
    tri_squares_add(&q, DBL_TRUE_MIN);
    CHECK(tri_squares_round(&q) == 0 && tri_squares_root(&q) == DBL_TRUE_MIN, "the smallest norm");
    tri_squares_clear(&q);
    for (int i = 0; i < 4; i++)
        tri_squares_add(&q, DBL_MAX);
    CHECK(isinf(tri_squares_root(&q)), "a norm of 2 DBL_MAX");
}

/* Small integers: n S2 - S1^2 fits a machine word, and long double rounds the quotient. */
static void variances(void) {
    for (uint64_t seed = 0; seed < 200; seed++) {
        size_t n = 2 + seed % 100;
        double x[102];
        int64_t s1 = 0, s2 = 0;
        for (size_t i = 0; i < n; i++) {
            int64_t v = (int64_t)(tri_random_bits(seed, i) % 2001) - 1000;
            x[i] = ldexp((double)v, -3), s1 += v, s2 += v * v;
        }
        for (uint64_t ddof = 0; ddof < 2; ddof++) {
            tri_moments m;
            tri_statistics out;
            tri_moments_clear(&m);
            tri_moments_add(&m, 0, x, n);
            tri_moments_statistics(&m, ddof, &out);
            int64_t above = (int64_t)n * s2 - s1 * s1, below = (int64_t)(n * (n - ddof)) * 64;
            double want = (double)above / (double)below; /* both exact, so rounded once */
            CHECK(same_bits(out.variance, want), "variance of %zu: %a, not %a", n, out.variance, want);
            CHECK(fabs(out.deviation / sqrt(want) - 1) < 3e-16 || want == 0, "deviation %a", out.deviation);
        }
    }
    /* cancellation that ruins the textbook formula in doubles */
    double far[] = {1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16};
    tri_moments m;
    tri_statistics out;
    tri_moments_clear(&m);
    tri_moments_add(&m, 0, far, 4);
    tri_moments_statistics(&m, 1, &out);
    CHECK(out.variance == 30 && out.mean == 1e9 + 10, "%a %a", out.variance, out.mean);
    tri_moments_statistics(&m, 4, &out);
    CHECK(isnan(out.variance) && isnan(out.deviation), "no degrees of freedom");
}

static void integers(void) {
    static const int64_t s[] = {INT64_MIN, -1, 5, INT64_MAX, INT64_MAX - 1, INT64_MIN};
    static const uint64_t u[] = {UINT64_MAX - 1, 3, UINT64_MAX, UINT64_MAX, 3};
    tri_moments m;
    tri_statistics out;
    tri_moments_clear(&m);
    tri_moments_add_i64(&m, 10, s, 6);
    tri_moments_statistics(&m, 0, &out);
    CHECK(out.sum == 1, "-2^64 + (2^64 - 3) + 4 is 1: %a", out.sum);
    CHECK(out.min.index == 10 && out.min.high == -0x1p63 && out.min.low == 0, "minimum");
    CHECK(out.max.index == 13 && out.max.high == 0x1p63 && out.max.low == -1, "maximum %g %g", out.max.high,
          out.max.low);
    tri_moments_clear(&m);
    tri_moments_add_u64(&m, 0, u, 5);
    tri_moments_statistics(&m, 0, &out);
    CHECK(out.max.index == 2 && out.max.high == 0x1p64 && out.max.low == -1, "maximum");
    CHECK(out.min.index == 1 && out.min.high == 3, "minimum");
    CHECK(out.sum == 3 * 0x1p64, "3 * 2^64 + 2: %a", out.sum);
    tri_sum a;
    tri_sum_clear(&a);
    tri_sum_add_u64(&a, u, 5);
    for (int i = 0; i < 3; i++)
        tri_sum_add(&a, -0x1p64);
    CHECK(tri_sum_round(&a) == 2, "what is left is 2: %a", tri_sum_round(&a));
    tri_squares q;
    tri_squares_clear(&q);
    tri_squares_add_i64(&q, s, 1);
    tri_squares_add_u64(&q, u + 1, 1);
    CHECK(tri_squares_round(&q) == 0x1p126, "2^126 + 9: %a", tri_squares_round(&q));
}

static void specials(void) {
    enum { COUNT = 1000 };
    static double x[COUNT];
    tri_random_fill(TRI_DISTRIBUTION_normal, 8, 0, COUNT, x);
    x[400] = NAN, x[500] = INFINITY, x[600] = -INFINITY, x[700] = -INFINITY;
    for (tri_simd level = 0; level <= tri_simd_best(); level++) {
        tri_moments m;
        tri_statistics out;
        tri_moments_clear(&m);
        tri_moments_statistics(&m, 0, &out);
        CHECK(out.count == 0 && same_bits(out.sum, 0.0) && isnan(out.mean) && isnan(out.variance) &&
                  out.norm == 0 && isnan(out.min.high) && out.min.index == TRI_NO_INDEX,
              "nothing");
        tri_moments_add_at(level, &m, 7, x, COUNT);
        tri_moments_statistics(&m, 0, &out);
        CHECK(out.count == COUNT && out.nan == 1 && out.positive_inf == 1 && out.negative_inf == 2, "counts");
        CHECK(isnan(out.sum) && isnan(out.mean) && isnan(out.norm) && isnan(out.variance), "NaN in all");
        CHECK(out.min.index == 607 && out.min.high == -INFINITY && out.max.index == 507, "extremes");
        tri_moments_clear(&m);
        tri_moments_add_at(level, &m, 0, x + 450, COUNT - 450);
        tri_moments_statistics(&m, 0, &out);
        CHECK(isnan(out.sum) && out.norm == INFINITY && out.nan == 0, "Inf and -Inf");
        tri_moments_clear(&m);
        tri_moments_add_at(level, &m, 0, x + 550, COUNT - 550);
        tri_moments_statistics(&m, 0, &out);
        CHECK(out.sum == -INFINITY && out.mean == -INFINITY && out.norm == INFINITY && isnan(out.deviation),
              "-Inf");
    }
}

static void histograms(void) {
    double x[] = {0, 0.1, 0.25, 0.999, 1, 1.0001, -1e-300, NAN, INFINITY, -INFINITY, 0.5, -0.0};
    int64_t counts[4] = {0}, below = 0, above = 0, nan = 0;
    CHECK_OK(tri_histogram_add(x, 12, 0, 1, 4, counts, &below, &above, &nan));
    CHECK(counts[0] == 3 && counts[1] == 1 && counts[2] == 1 && counts[3] == 2, "%d %d %d %d", (int)counts[0],
          (int)counts[1], (int)counts[2], (int)counts[3]);
    CHECK(below == 2 && above == 2 && nan == 1, "%d %d %d", (int)below, (int)above, (int)nan);
    CHECK_STATUS(tri_histogram_add(x, 1, 1, 1, 4, counts, &below, &above, &nan), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_histogram_add(x, 1, 0, NAN, 4, counts, &below, &above, &nan), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_histogram_add(x, 1, 0, 1, 0, counts, &below, &above, &nan), TRI_ERR_ARGUMENT);
}

enum { BIN_COUNT = 5003, BINS_MOST = 5000 };

/* Normal numbers over the range and beyond, its edges and the numbers beside them. */
static void fill_bins(double low, double high, size_t bins, double x[BIN_COUNT]) {
    tri_random_fill(TRI_DISTRIBUTION_normal, bins, 0, BIN_COUNT, x);
    for (size_t i = 0; i < BIN_COUNT; i++)
        x[i] = (low / 2 + high / 2) + x[i] * (high / 2 - low / 2);
    for (size_t i = 0; i + 3 < BIN_COUNT / 2; i += 3) {
        double edge = tri_histogram_edge(low, high, bins, i * 7 % (bins + 1));
        x[i] = edge, x[i + 1] = nextafter(edge, INFINITY), x[i + 2] = nextafter(edge, -INFINITY);
    }
    x[BIN_COUNT - 4] = NAN, x[BIN_COUNT - 3] = low, x[BIN_COUNT - 2] = high, x[BIN_COUNT - 1] = -0.0;
}

/* By definition: the last edge that is not above the element, of edges that do not decrease. */
static void many_in_bins(double low, double high, size_t bins) {
    static double x[BIN_COUNT], edge[BINS_MOST + 1];
    static int64_t want[BINS_MOST + 3], counts[BINS_MOST];
    fill_bins(low, high, bins, x);
    memset(want, 0, sizeof want);
    for (size_t k = 0; k <= bins; k++) {
        edge[k] = tri_histogram_edge(low, high, bins, k);
        CHECK(k ? edge[k] >= edge[k - 1] : edge[k] == low, "edge %zu of [%g, %g]", k, low, high);
    }
    CHECK(edge[bins] == high, "the last edge of [%g, %g]", low, high);
    for (size_t i = 0; i < BIN_COUNT; i++) {
        size_t bin = bins - 1;
        while (bin && x[i] < edge[bin])
            bin--;
        want[x[i] < low ? bins : x[i] > high ? bins + 1 : isnan(x[i]) ? bins + 2 : bin]++;
    }
    for (tri_simd level = 0; level <= tri_simd_best(); level++) {
        int64_t outside[3] = {0};
        memset(counts, 0, sizeof counts);
        setenv("TRIREME_SIMD", tri_simd_name(level), 1);
        CHECK_OK(
            tri_histogram_add(x, BIN_COUNT / 2, low, high, bins, counts, outside, outside + 1, outside + 2));
        CHECK_OK(tri_histogram_add(x + BIN_COUNT / 2, BIN_COUNT - BIN_COUNT / 2, low, high, bins, counts,
                                   outside, outside + 1, outside + 2));
        CHECK(!memcmp(counts, want, bins * sizeof *want), "%zu bins over [%g, %g], %s", bins, low, high,
              tri_simd_name(level));
        CHECK(!memcmp(outside, want + bins, sizeof outside), "outside of %zu bins over [%g, %g], %s", bins,
              low, high, tri_simd_name(level));
    }
    unsetenv("TRIREME_SIMD");
}

/* Ranges of ordinary width, wider than the largest double, and with more bins than doubles. */
static void bins_by_edges(void) {
    const double ranges[][2] = {{-1.5, 2.25},    {-1e300, 1e300},  {-DBL_MAX, DBL_MAX},
                                {0, DBL_MAX},    {1e16, 1e16 + 4}, {0, 300 * DBL_TRUE_MIN},
                                {-1, 1 + 1e-10}, {1, 1 + 1e-12},   {-3 * DBL_MIN, DBL_MIN},
                                {0.1, 0.7},      {-1e-300, 1e-9},  {1e15 + 0.5, 1e15 + 300}};
    const size_t bins[] = {1, 2, 7, 100, 2048, BINS_MOST};
    for (size_t r = 0; r < sizeof ranges / sizeof *ranges; r++)
        for (size_t b = 0; b < sizeof bins / sizeof *bins; b++)
            many_in_bins(ranges[r][0], ranges[r][1], bins[b]);
    for (uint64_t i = 0; i < 300; i++) {
        double a = ldexp((double)tri_random_bits(8, 4 * i) * 0x1p-64 - 0.5,
                         (int)(tri_random_bits(8, 4 * i + 1) % 1900) - 950),
               w = fabs(a) * ldexp(1 + (double)tri_random_bits(8, 4 * i + 2) * 0x1p-64, -(int)(i % 60) + 5);
        if (a + w > a && isfinite(a + w)) many_in_bins(a, a + w, 1 + tri_random_bits(8, 4 * i + 3) % 300);
    }
}

static void levels(void) {
    tri_simd level;
    CHECK_OK(tri_simd_parse("avx2", &level));
    CHECK(level == TRI_SIMD_avx2, "%d", level);
    CHECK_STATUS(tri_simd_parse("sse9", &level), TRI_ERR_ARGUMENT);
    setenv("TRIREME_SIMD", "plain", 1);
    CHECK(tri_simd_level() == TRI_SIMD_plain, "the variable");
    setenv("TRIREME_SIMD", "avx512", 1);
    CHECK(tri_simd_level() == tri_simd_best() || tri_simd_best() < TRI_SIMD_avx512, "never above the best");
    unsetenv("TRIREME_SIMD");
    CHECK(tri_simd_level() == tri_simd_best(), "no variable");
}

int main(void) {
    means();
    roots();
    variances();
    integers();
    specials();
    histograms();
    bins_by_edges();
    levels();
    return check_result("moments");
}
