/* Ordered sums, compared with a second implementation of their definition; plain sums, within their error
 * bound. */
#include <float.h>
#include <stdlib.h>

#include "check.h"
#include "trireme/random.h"
#include "trireme/sum.h"
#include "unit/oracle.h"

enum { BLOCK = TRI_ORDERED_BLOCK, LANES = TRI_ORDERED_LANES, MOST = 23 * BLOCK + 77 };
static double x[MOST];

static double block(const double *b, size_t count) {
    double lane[LANES];
    for (size_t l = 0; l < LANES; l++) {
        lane[l] = -0.0;
        for (size_t i = l; i < count; i += LANES)
            lane[l] += b[i];
    }
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return isnan(lane[0]) ? NAN : lane[0];
}

/* The tree over blocks first ... first + 2^level - 1. */
static double tree(size_t count, size_t first, int level) {
    if (level == 0) {
        size_t left = count - first * BLOCK;
        return block(x + first * BLOCK, left < BLOCK ? left : BLOCK);
    }
    double left = tree(count, first, level - 1);
    return left + tree(count, first + ((size_t)1 << (level - 1)), level - 1);
}

/* The sum of the rest is added to that of the largest complete tree. */
static double defined(size_t count) {
    size_t blocks = (count + BLOCK - 1) / BLOCK, first[64];
    int level[64], trees = 0;
    for (size_t done = 0; done < blocks; trees++) {
        level[trees] = 0;
        while ((size_t)2 << level[trees] <= blocks - done)
            level[trees]++;
        first[trees] = done;
        done += (size_t)1 << level[trees];
    }
    if (!trees) return 0;
    double sum = tree(count, first[trees - 1], level[trees - 1]);
    for (int t = trees - 2; t >= 0; t--)
        sum = tree(count, first[t], level[t]) + sum;
    return isnan(sum) ? NAN : sum;
}

/* In pieces of random numbers of blocks, each with its own list of nodes. */
static double by_parts(tri_simd level, size_t count, uint64_t seed) {
    tri_ordered all, part;
    tri_ordered_clear(&all);
    for (size_t done = 0; done < count;) {
        size_t take = BLOCK * (1 + tri_random_bits(seed, done) % 7);
        if (take > count - done) take = count - done;
        tri_ordered_clear(&part);
        CHECK_OK(tri_ordered_add_at(level, &part, done / BLOCK, x + done, take));
        CHECK_OK(tri_ordered_append(&all, part.node, part.count));
        done += take;
    }
    return tri_ordered_result(&all);
}

static void vectors(void) {
    static const size_t counts[] = {0,          1,        5,         LANES - 1, LANES,          LANES + 1,
                                    BLOCK - 1,  BLOCK,    BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 33, 8 * BLOCK,
                                    16 * BLOCK, MOST - 5, MOST};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        double want = defined(counts[c]);
        for (tri_simd level = 0; level <= tri_simd_best(); level++)
            for (uint64_t seed = 0; seed < 3; seed++) {
                double sum = by_parts(level, counts[c], seed);
                CHECK(same_bits(sum, want), "%zu elements, %s: %a instead of %a", counts[c],
                      tri_simd_name(level), sum, want);
            }
    }
}

static void plain(void) {
    double magnitude = 0;
    tri_sum exact;
    tri_sum_clear(&exact);
    for (size_t i = 0; i < MOST; i++) {
        magnitude += fabs(x[i]);
        tri_sum_add(&exact, x[i]);
    }
    for (tri_simd level = 0; level <= tri_simd_best(); level++) {
        double error = fabs(tri_sum_plain_at(level, x, MOST) - tri_sum_round(&exact));
        size_t terms = MOST / LANES;
        CHECK(error <= (double)terms * DBL_EPSILON * magnitude, "%s: off by %g", tri_simd_name(level), error);
        CHECK(same_bits(tri_sum_plain_at(level, x, 0), 0.0), "nothing");
        CHECK(tri_sum_plain_at(level, x, 1) == x[0], "one element");
    }
}

static void mistakes(void) {
    tri_ordered o;
    tri_ordered_clear(&o);
    CHECK(same_bits(tri_ordered_result(&o), 0.0), "nothing");
    CHECK_OK(tri_ordered_add(&o, 6, x, 2 * BLOCK));
    CHECK(o.count == 1 && o.node[0].level == 1 && o.node[0].index == 3, "an aligned run is one node");
    CHECK_STATUS(tri_ordered_add(&o, 7, x, BLOCK), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_ordered_add(&o, 9, x, BLOCK), TRI_ERR_ARGUMENT);
    tri_ordered_node gap[2] = {{0, 8, 1.0}, {0, 10, 1.0}};
    CHECK_STATUS(tri_ordered_append(&o, gap, 2), TRI_ERR_ARGUMENT);
    CHECK(o.count == 1, "a list with a gap left something");
    /* the longest list: from block 1 to the last block but one */
    tri_ordered_clear(&o);
    for (uint64_t level = 0; level < 63; level++) {
        tri_ordered_node node = {level, 1, 1.0};
        CHECK_OK(tri_ordered_append(&o, &node, 1));
    }
    for (uint64_t level = 63; level-- > 0;) {
        tri_ordered_node node = {level, (UINT64_C(2) << (63 - level)) - 2, 1.0};
        CHECK_OK(tri_ordered_append(&o, &node, 1));
    }
    CHECK(o.count == 126 && tri_ordered_result(&o) == 126, "%zu nodes", o.count);
}

int main(void) {
    for (int d = 0; d < TRI_DISTRIBUTION_COUNT; d++) {
        tri_random_fill((tri_distribution)d, 3, 0, MOST, x);
        vectors();
        plain();
    }
    for (size_t i = 0; i < MOST; i++)
        x[i] = -0.0;
    vectors();
    tri_random_fill(TRI_DISTRIBUTION_normal, 3, 0, MOST, x);
    x[2 * BLOCK + 1] = -NAN;
    x[5 * BLOCK] = INFINITY;
    x[5 * BLOCK + 1] = -INFINITY;
    vectors();
    mistakes();
    return check_result("ordered and plain sums");
}
