#include <math.h>
#include <stdlib.h>

#include "apps/p2p/p2p.h"

enum { LEAST_TO_COMPARE = 3 };

double p2p_limit(double *values, size_t count, double slow) {
    tri_summary s = tri_summarise(values, count);
    /* 1.4826 scales the median deviation of a normal distribution to its standard deviation. */
    return fmax(slow * s.median, s.median + 6 * 1.4826 * s.mad);
}

/* Sets over[i] to values[i] / median beyond the limit, else to 0; NAN: not compared. */
static int compare(size_t count, const double *values, double slow, double *sorted, double *over) {
    size_t known = 0;
    int found = 0;
    for (size_t i = 0; i < count; i++) {
        over[i] = 0;
        if (!isnan(values[i])) sorted[known++] = values[i];
    }
    if (known < LEAST_TO_COMPARE) return 0;
    double limit = p2p_limit(sorted, known, slow), median = tri_quantile(sorted, known, 0.5);
    for (size_t i = 0; i < count; i++)
        if (values[i] > limit) over[i] = values[i] / median, found++;
    return found;
}

int p2p_verdict(int players, const double *seconds, double slow, double *slow_player, double *slow_pair) {
    size_t pairs = p2p_pairs(players), most = pairs + (size_t)players;
    double *values = malloc((2 * most + 1) * sizeof *values), *sorted = values + most;
    if (!values) return -1;
    for (int p = 0; p < players; p++) {
        values[p] = NAN;
        /* fmin ignores NAN. */
        for (int other = 0; other < players; other++)
            if (other != p) values[p] = fmin(values[p], seconds[p2p_pair(players, p, other)]);
    }
    int found = compare((size_t)players, values, slow, sorted, slow_player);
    for (int a = 0; a < players; a++)
        for (int b = a + 1; b < players; b++) {
            size_t pair = p2p_pair(players, a, b);
            values[pair] = slow_player[a] > 0 || slow_player[b] > 0 ? NAN : seconds[pair];
        }
    found += compare(pairs, values, slow, sorted, slow_pair);
    free(values);
    return found;
}
