#include "apps/p2p/p2p.h"

int p2p_rounds(int players) {
    return players < 2 ? 0 : players % 2 ? players : players - 1;
}

/* The players are on a circle of odd size; if their number is even, the last one is outside it. In round r
 * players whose positions add up to r modulo the size are partners. The player that would be its own
 * partner gets the one outside, or is idle. */
int p2p_partner(int players, int round, int me) {
    int places = players % 2 ? players : players - 1, apart = players - 1;
    if (players % 2 == 0 && me == apart) {
        /* The solution of 2 x = round modulo the size of the circle. */
        return round % 2 ? (round + places) / 2 % places : round / 2;
    }
    int partner = ((round - me) % places + places) % places;
    if (partner != me) return partner;
    return players % 2 ? -1 : apart;
}

size_t p2p_pairs(int players) {
    return players < 2 ? 0 : (size_t)players * (size_t)(players - 1) / 2;
}

size_t p2p_pair(int players, int a, int b) {
    int lower = a < b ? a : b, upper = a < b ? b : a;
    size_t before = (size_t)lower * (size_t)(2 * players - lower - 1) / 2;
    return before + (size_t)(upper - lower - 1);
}
