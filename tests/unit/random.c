/* Random vectors: fixed bits, independence of the starting point, moments. */
#include "trireme/random.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "check.h"

enum { COUNT = 200000 };
static double whole[COUNT], part[COUNT];

static void any_split(tri_distribution d) {
    tri_random_fill(d, 42, 0, COUNT, whole);
    for (size_t first = 0, step = 1; first < COUNT; first += step, step = step * 3 + 1) {
        size_t count = step < COUNT - first ? step : COUNT - first;
        tri_random_fill(d, 42, first, count, part);
        CHECK(!memcmp(part, whole + first, count * sizeof *part), "%s from %zu", tri_distribution_name(d),
              first);
    }
}

static void moments(tri_distribution d, double mean, double deviation) {
    tri_random_fill(d, 7, 0, COUNT, whole);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < COUNT; i++)
        sum += whole[i];
    double m = sum / COUNT;
    for (size_t i = 0; i < COUNT; i++)
        squares += (whole[i] - m) * (whole[i] - m);
    double s = sqrt(squares / COUNT);
    CHECK(fabs(m - mean) < 5 * deviation / sqrt(COUNT), "%s: mean %g", tri_distribution_name(d), m);
    CHECK(fabs(s / deviation - 1) < 0.02, "%s: standard deviation %g", tri_distribution_name(d), s);
}

int main(void) {
    for (int d = 0; d < TRI_DISTRIBUTION_COUNT; d++)
        any_split((tri_distribution)d);
    moments(TRI_DISTRIBUTION_uniform, 0.5, sqrt(1.0 / 12));
    moments(TRI_DISTRIBUTION_normal, 0, 1);

    tri_random_fill(TRI_DISTRIBUTION_wide, 1, 0, COUNT, whole);
    int low = 0, high = 0, exponent;
    for (size_t i = 0; i < COUNT; i++) {
        frexp(whole[i], &exponent);
        low = exponent < low ? exponent : low;
        high = exponent > high ? exponent : high;
    }
    CHECK(low == -300 && high == 299, "wide has exponents %d to %d", low, high);

    tri_random_fill(TRI_DISTRIBUTION_cancel, 1, 0, 4, whole);
    CHECK(whole[0] > 0x1p99 && whole[0] == -whole[2] && whole[1] < 1 && whole[3] < 1, "%g %g", whole[0],
          whole[2]);

    tri_distribution d;
    CHECK_OK(tri_distribution_parse("wide", &d));
    CHECK(d == TRI_DISTRIBUTION_wide, "%d", d);
    CHECK_STATUS(tri_distribution_parse("gamma", &d), TRI_ERR_ARGUMENT);
    return check_result("random numbers");
}
