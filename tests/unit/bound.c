/* The lower bound of the latency of a broadcast, compared with a greedy search and with known closed
 * forms. */
#include <math.h>

#include "tests/check.h"
#include "trireme/algorithms.h"
#include "trireme/select.h"

enum { MOST = 300 };

/* Each new rank receives from the rank that can deliver first, found by trying all. */
static double greedy_s(int ranks, double overhead_s, double latency_s) {
    double known_s[MOST] = {0};
    int told[MOST] = {0};
    for (int n = 1; n < ranks; n++) {
        int best = 0;
        for (int i = 1; i < n; i++)
            if (known_s[i] + overhead_s * (told[i] + 1) < known_s[best] + overhead_s * (told[best] + 1))
                best = i;
        told[best]++;
        known_s[n] = known_s[best] + overhead_s * told[best] + latency_s + overhead_s;
    }
    return known_s[ranks - 1];
}

/* A barrier inside a node has no bytes, so its bound is that of the latency. */
static double bound_s(int ranks, double overhead_s, double latency_s) {
    tri_network net = {.level[TRI_INSIDE] = {.overhead_s = overhead_s, .latency_s = latency_s}};
    tri_case c = {.operation = TRI_BARRIER, .ranks = ranks, .nodes = 1, .largest = ranks};
    return tri_lower_bound_s(&c, &net);
}

int main(void) {
    static const double seconds[] = {0, 0.1e-6, 0.25e-6, 0.7e-6, 1e-6, 3.3e-6, 1};
    enum { COUNT = sizeof seconds / sizeof *seconds };
    for (int i = 0; i < COUNT * COUNT; i++)
        for (int ranks = 1; ranks <= MOST; ranks++) {
            double expected = greedy_s(ranks, seconds[i / COUNT], seconds[i % COUNT]);
            double found = bound_s(ranks, seconds[i / COUNT], seconds[i % COUNT]);
            CHECK(!(found < expected) && !(found > expected), "%d ranks: %a s, not %a s", ranks, found,
                  expected);
        }
    /* One send per second with a delivery time of one second: the numbers of informed ranks are the Fibonacci
     * numbers. The greedy search would take hours for so many ranks. */
    long now = 1, next = 1;
    int time = 0;
    for (; now < 2000000; time++) {
        long sum = now + next;
        now = next;
        next = sum;
    }
    double found = bound_s(2000000, 1, 0);
    CHECK(fabs(found - time) < 0.5, "%g s, not %d s", found, time);
    return check_result("lower bounds");
}
