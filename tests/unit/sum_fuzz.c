/* Random arrays of every kind: compares the kernels at every level, byte by byte, with an accumulator to
 * which elements are added one by one (sum.c compares that with an oracle). The argument is the number of
 * short arrays. */
#include <math.h>
#include <stdlib.h>

#include "base/sum_engine.h"
#include "base/sum_table.h"
#include "check.h"
#include "trireme/random.h"

enum { SHORTEST = 16, LONGEST = 80, LONG = 300000 };
static uint64_t drawn;

static uint64_t draw(void) {
    return tri_random_bits(2026, drawn++);
}

/* A random sign and fraction with exponents from `low` on, `span` of them. */
static double scaled(int low, unsigned span) {
    uint64_t bits = draw();
    double fraction = 1 + (double)(bits >> 12) * 0x1p-52;
    return ldexp(bits & 1 ? -fraction : fraction, low + (int)(draw() % span));
}

/* A kind of array, drawn once per array. */
typedef struct kind {
    uint64_t form, special;
    int low;
    unsigned span;
} kind;

static kind draw_kind(void) {
    kind k = {.form = draw() % 7, .special = draw() % 8, .low = -1074 + (int)(draw() % 2097)};
    k.span = 1 + (unsigned)(draw() % (draw() % 2 ? 40 : 200));
    if (k.low + (int)k.span > 1023) k.low = 1023 - (int)k.span;
    return k;
}

static double element(const kind *k, const double *x, size_t i) {
    static const double specials[] = {0.0, -0.0, INFINITY, -INFINITY, NAN};
    if (k->special == 0 && draw() % 50 == 0) return specials[draw() % 5];
    if (k->special == 1 && draw() % 4 == 0) return specials[draw() % 2];
    switch (k->form) {
    case 0: /* any bits, but for NaN and Inf */
        return scaled(-1074, 2097);
    case 1: /* integers */
        return (double)(int64_t)(draw() >> (k->span % 64));
    case 2: /* mostly cancelled */
        return i % 2 ? -x[i - 1] : scaled(k->low, k->span);
    case 3: /* two sizes, by lane */
        return scaled(i % 4 == 1 ? k->low / 2 : k->low, 1 + k->span / 8);
    case 4: /* near the ends */
        return draw() % 2 ? scaled(-1074, 60) : scaled(1000, 24);
    case 5: /* -0 until late */
        return i < 20 ? -0.0 : scaled(k->low, k->span);
    default:
        return scaled(k->low, k->span);
    }
}

static void one_by_one(tri_moments *m, const double *x, size_t count) {
    tri_moments_clear(m);
    for (size_t i = 0; i < count; i++)
        tri_moments_add_at(TRI_SIMD_plain, m, i, x + i, 1);
    tri_moments_normalise(m);
}

static int same_extreme(const tri_extreme *a, const tri_extreme *b) {
    return a->index == b->index && (a->index == TRI_NO_INDEX || !memcmp(&a->high, &b->high, sizeof a->high));
}

static void compare(const tri_moments *want, const double *x, size_t count, tri_simd level) {
    tri_sum s;
    tri_moments m;
    tri_sum_clear(&s);
    tri_moments_clear(&m);
    tri_sum_engine sum = {.level = level, .sum = tri_accumulator_of_sum(&s)};
    tri_sum_engine moments = {.level = level,
                              .sum = tri_accumulator_of_sum(&m.totals.sum),
                              .squares = tri_accumulator_of_squares(&m.totals.squares),
                              .extremes = &m.extremes};
    tri_sum_engine_run(&sum, 0, x, count);
    tri_sum_engine_run(&moments, 0, x, count);
    tri_sum_normalise(&s);
    tri_moments_normalise(&m);
    const tri_totals *t = &want->totals;
    /* Ignores the two marks for zeros, which the engine does not set. */
    size_t digits = TRI_SUM_DIGITS + TRI_TAIL_NEGATIVE_ZERO;
    CHECK(!memcmp(&s, &t->sum, digits * 8), "sum of %zu, %s", count, tri_simd_name(level));
    CHECK(!memcmp(&m.totals.sum, &t->sum, digits * 8), "sum with moments of %zu, %s", count,
          tri_simd_name(level));
    digits = TRI_SQUARES_DIGITS + TRI_TAIL_NEGATIVE_ZERO;
    CHECK(!memcmp(&m.totals.squares, &t->squares, digits * 8), "squares of %zu, %s", count,
          tri_simd_name(level));
    CHECK(same_extreme(&m.extremes.min, &want->extremes.min), "minimum of %zu, %s", count,
          tri_simd_name(level));
    CHECK(same_extreme(&m.extremes.max, &want->extremes.max), "maximum of %zu, %s", count,
          tri_simd_name(level));
}

static void short_arrays(long arrays) {
    static double x[LONGEST];
    tri_moments want;
    for (long a = 0; a < arrays; a++) {
        kind k = draw_kind();
        size_t count = SHORTEST + draw() % (LONGEST - SHORTEST);
        for (size_t i = 0; i < count; i++)
            x[i] = element(&k, x, i);
        one_by_one(&want, x, count);
        compare(&want, x, count, (tri_simd)(draw() % (tri_simd_best() + 1u)));
    }
}

/* Several chunks in one window, and one element above or below it. */
static void spikes(int arrays) {
    static double x[5 * TRI_CHUNK];
    tri_moments want;
    for (int a = 0; a < arrays; a++) {
        size_t count = 5 * TRI_CHUNK - draw() % TRI_CHUNK;
        int low = -400 + (int)(draw() % 800);
        for (size_t i = 0; i < count; i++)
            x[i] = scaled(low, 5);
        x[draw() % count] = scaled(low - 120 + (int)(draw() % 2) * 125, 120);
        one_by_one(&want, x, count);
        compare(&want, x, count, (tri_simd)(draw() % (tri_simd_best() + 1u)));
    }
}

/* Long arrays whose kind changes, so that windows move and the table is used at times; then the public
 * functions on pieces of them, merged as integers. */
static void long_array(void) {
    static double x[LONG];
    static tri_moments part;
    tri_moments want;
    for (size_t i = 0; i < LONG;) {
        kind k = draw_kind();
        size_t start = i, end = i + 1 + draw() % (draw() % 3 ? 4000 : 90000);
        for (; i < LONG && i < end; i++)
            x[i] = element(&k, x + start, i - start);
    }
    one_by_one(&want, x, LONG);
    for (tri_simd level = 0; level <= tri_simd_best(); level++) {
        compare(&want, x, LONG, level);
        tri_moments merged;
        tri_moments_clear(&merged);
        for (size_t i = 0; i < LONG;) {
            size_t count = draw() % (draw() % 2 ? 300 : 100000);
            if (count > LONG - i) count = LONG - i;
            tri_moments_clear(&part);
            tri_moments_add_at(level, &part, i, x + i, count);
            tri_moments_normalise(&part);
            for (int w = 0; w < TRI_MOMENTS_WORDS; w++)
                ((int64_t *)&merged.totals)[w] += ((int64_t *)&part.totals)[w];
            tri_extremes_merge(&part.extremes, &merged.extremes);
            merged.extremes = part.extremes;
            i += count;
        }
        tri_moments_normalise(&merged);
        CHECK(!memcmp(&merged.totals, &want.totals, sizeof want.totals), "merged, %s", tri_simd_name(level));
        CHECK(same_extreme(&merged.extremes.min, &want.extremes.min), "minimum, %s", tri_simd_name(level));
        CHECK(same_extreme(&merged.extremes.max, &want.extremes.max), "maximum, %s", tri_simd_name(level));
    }
}

/* Enough chunks in one window that the totals of the slices must be emptied; all elements have the largest
 * magnitude of the window. */
static void many_chunks(void) {
    size_t count = (TRI_SPAN_LIMIT + 3) * TRI_CHUNK;
    double *x = malloc(count * sizeof *x);
    tri_moments want;
    if (!x) abort();
    for (int negative = 0; negative < 2; negative++) {
        for (size_t i = 0; i < count; i++)
            x[i] = (negative ? -1 : 1) * (0x1.fffffffffff00p0 + (double)(draw() % 256) * 0x1p-52);
        one_by_one(&want, x, count);
        for (tri_simd level = 0; level <= tri_simd_best(); level++)
            compare(&want, x, count, level);
    }
    free(x);
}

/* A long run of the table: half the elements have one exponent, so that its entries reach their limits; the
 * others have all exponents, with few NaN and Inf. */
static void crowded(void) {
    size_t count = 3 * TRI_TABLE_LIMIT;
    double *x = malloc(count * sizeof *x);
    tri_moments want;
    if (!x) abort();
    for (size_t i = 0; i < count; i++)
        x[i] = draw() % 2 ? scaled(7, 1) : draw() % 65536 ? scaled(-1074, 2097) : draw() % 2 ? INFINITY : NAN;
    one_by_one(&want, x, count);
    for (tri_simd level = 0; level <= tri_simd_best(); level++)
        compare(&want, x, count, level);
    free(x);
}

int main(int argc, char **argv) {
    short_arrays(argc > 1 ? atol(argv[1]) : 200000);
    spikes(400);
    many_chunks();
    crowded();
    for (int i = 0; i < 6; i++)
        long_array();
    return check_result("random arrays");
}
