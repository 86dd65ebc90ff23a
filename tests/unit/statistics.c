/* Summaries of samples, compared with values computed by hand. */
#include "trireme/statistics.h"

#include <math.h>

#include "check.h"

int main(void) {
    double odd[] = {9, 1, 3, 100, 2};
    tri_summary s = tri_summarise(odd, 5);
    CHECK(s.min == 1 && s.median == 3 && s.max == 100, "%g %g %g", s.min, s.median, s.max);
    CHECK(s.mad == 2, "deviations 0 1 2 6 97: %g", s.mad);
    CHECK(s.low == 1 && s.high == 100, "five values give no narrower interval: %g %g", s.low, s.high);

    double even[] = {4, 1, 2, 10};
    s = tri_summarise(even, 4);
    CHECK(s.median == 3, "%g", s.median);
    CHECK(s.mad == 1.5, "deviations 1 1 2 7: %g", s.mad);

    double one[] = {7};
    s = tri_summarise(one, 1);
    CHECK(s.median == 7 && s.mad == 0 && s.low == 7 && s.high == 7, "%g %g", s.median, s.mad);
    CHECK(tri_summarise(one, 0).count == 0, "an empty sample");

    double many[100];
    for (int i = 0; i < 100; i++)
        many[i] = (i * 37) % 100;
    s = tri_summarise(many, 100);
    CHECK(s.median == 49.5 && s.mad == 25, "%g %g", s.median, s.mad);
    /* n = 100: the 40th and the 61st of the sorted values (Le Boudec, table of order statistics) */
    CHECK(s.low == 39 && s.high == 60, "%g %g", s.low, s.high);
    CHECK(tri_quantile(many, 100, 0) == 0 && tri_quantile(many, 100, 1) == 99, "ends");
    CHECK(fabs(tri_quantile(many, 100, 0.25) - 24.75) < 1e-12, "%g", tri_quantile(many, 100, 0.25));
    return check_result("statistics");
}
