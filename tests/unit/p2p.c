/* The tournament and the verdict of apps/p2p. */
#include "apps/p2p/p2p.h"

#include <math.h>
#include <string.h>

#include "check.h"

static void tournament(int players) {
    static int met[64][64];
    memset(met, 0, sizeof met);
    for (int round = 0; round < p2p_rounds(players); round++)
        for (int me = 0; me < players; me++) {
            int partner = p2p_partner(players, round, me);
            if (partner < 0) continue;
            CHECK(partner < players && partner != me, "%d players, round %d: %d meets %d", players, round, me,
                  partner);
            CHECK(p2p_partner(players, round, partner) == me, "%d players, round %d: %d", players, round, me);
            met[me][partner]++;
        }
    size_t pair = 0;
    for (int a = 0; a < players; a++)
        for (int b = a + 1; b < players; b++) {
            CHECK(met[a][b] == 1 && met[b][a] == 1, "%d players: %d and %d met %d times", players, a, b,
                  met[a][b]);
            CHECK(p2p_pair(players, a, b) == pair++, "pair %d, %d", a, b);
        }
    CHECK(pair == p2p_pairs(players), "%d players", players);
}

enum { PLAYERS = 8, PAIRS = PLAYERS * (PLAYERS - 1) / 2 };
static double seconds[PAIRS], slow_player[PLAYERS], slow_pair[PAIRS];

/* Noise of up to a third. */
static void healthy(void) {
    for (size_t pair = 0; pair < PAIRS; pair++)
        seconds[pair] = 1e-6 * (1 + 0.3 * ((double)(pair * 7 % 11) / 11));
}

static int suspects(int players) {
    return p2p_verdict(players, seconds, 2, slow_player, slow_pair);
}

static void limits(void) {
    double still[] = {3, 3, 3, 3}, scattered[] = {1, 5, 2, 4, 3};
    CHECK(p2p_limit(still, 4, 2) == 6, "twice the median");
    /* The median is 3, the deviations from it 2, 2, 1, 1, 0: their median is 1. */
    double limit = p2p_limit(scattered, 5, 2);
    CHECK(fabs(limit - (3 + 6 * 1.4826)) < 1e-12, "%.17g", limit);
}

static void verdicts(void) {
    healthy();
    CHECK(suspects(PLAYERS) == 0, "a healthy machine is suspect");

    size_t odd_one = p2p_pair(PLAYERS, 1, 2);
    seconds[odd_one] *= 4;
    CHECK(suspects(PLAYERS) == 1, "one slow pair");
    for (size_t pair = 0; pair < PAIRS; pair++)
        CHECK((slow_pair[pair] > 2) == (pair == odd_one), "pair %zu: %g", pair, slow_pair[pair]);
    for (int p = 0; p < PLAYERS; p++)
        CHECK(slow_player[p] == 0, "player %d", p);

    healthy();
    for (int other = 0; other < PLAYERS; other++)
        if (other != 5) seconds[p2p_pair(PLAYERS, other, 5)] *= 10;
    CHECK(suspects(PLAYERS) == 1, "one slow player");
    for (int p = 0; p < PLAYERS; p++)
        CHECK((slow_player[p] > 5) == (p == 5), "player %d: %g", p, slow_player[p]);

    /* Two ranks of one slow node are fast only with each other, and those samples are not comparable. */
    healthy();
    for (int other = 0; other < 6; other++)
        seconds[p2p_pair(PLAYERS, other, 6)] *= 10, seconds[p2p_pair(PLAYERS, other, 7)] *= 10;
    seconds[p2p_pair(PLAYERS, 6, 7)] = NAN;
    CHECK(suspects(PLAYERS) == 2 && slow_player[6] > 0 && slow_player[7] > 0, "two slow players");

    /* One slow rank of three: two of the three pairs are slow. */
    for (int pair = 0; pair < 3; pair++)
        seconds[pair] = pair == 0 ? 1e-6 : 1e-4;
    CHECK(suspects(3) == 1 && fabs(slow_player[2] - 100) < 1e-9, "player 2 of 3: %g", slow_player[2]);

    /* Two ranks, or pairs without samples, cannot be compared. */
    CHECK(suspects(2) == 0, "two players");
    for (int pair = 0; pair < PAIRS; pair++)
        seconds[pair] = NAN;
    CHECK(suspects(PLAYERS) == 0, "nothing is known");
}

int main(void) {
    for (int players = 0; players <= 33; players++)
        tournament(players);
    limits();
    verdicts();
    return check_result("p2p");
}
