/* Finds slow ranks and pairs: suspects by comparison, which are then measured again alone, in turn with
 * other pairs. A rank or pair is reported only if every sample exceeds the limit, several times in a row. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/p2p/p2p.h"

enum {
    CLASSES = 2,
    SUSPECT_PAIRS = 3,   /* pairs of a suspect player that are measured again */
    REFERENCE_PAIRS = 5, /* pairs for comparison that are not suspect */
    FIRST_TIMES = 2,     /* repetitions of each check in the first round, which clears most suspects */
    CONFIRM_TIMES = 8,   /* repetitions in later rounds */
    CONFIRMATIONS = 3,   /* rounds in a row in which a slow rank or pair exceeds the limit */
    RECHECKS = 32,       /* suspects measured in one round */
    ROUNDS = 32,
    CHECKS = RECHECKS * (SUSPECT_PAIRS + REFERENCE_PAIRS),
    HOST = 64
};

/* A suspect in one case, with the numbers of the checks of its pairs and of the reference pairs. */
typedef struct recheck {
    size_t suspect;
    int in_case, suspect_pairs, references;
    int suspect_pair[SUSPECT_PAIRS], reference[REFERENCE_PAIRS];
} recheck;

/* The state of the search, on rank 0. A suspect is a player, or players + a pair. */
typedef struct search {
    tri_run *run;
    p2p_state *s;
    int cases; /* combinations of size, kind and class */
    size_t suspects;
    double *excess;     /* excess[case][suspect]: multiple of the median; 0: not suspect */
    int *confirmed;     /* confirmed[suspect]: rounds in a row beyond the limit */
    char (*host)[HOST]; /* host[rank] */
    recheck rechecks[RECHECKS];
    int recheck_count, checks;
    int times; /* repetitions of each check in this round */
    p2p_check_row check[CHECKS];
} search;

int p2p_class(const tri_run *run, const p2p_state *s, int a, int b) {
    const int *node_of = tri_comm_shape(run->comm)->node_of;
    return node_of[s->rank_of[a]] != node_of[s->rank_of[b]];
}

static const double *best_of(const p2p_state *s, int in_case) {
    return s->best_s + (size_t)(in_case / CLASSES) * p2p_pairs(s->players);
}

static double *excess_of(const search *c, int in_case) {
    return c->excess + (size_t)in_case * c->suspects;
}

static bool is_slow(const search *c, size_t suspect) {
    return c->confirmed[suspect] == CONFIRMATIONS;
}

/* The players of a pair, by its index. */
static void players_of(int players, size_t pair, int *a, int *b) {
    for (*a = 0; pair >= (size_t)(players - *a - 1); ++*a)
        pair -= (size_t)(players - *a - 1);
    *b = *a + 1 + (int)pair;
}

/* A pair with a slow player is not reported separately. */
static bool explained(const search *c, size_t suspect) {
    size_t players = (size_t)c->s->players;
    int a, b;
    if (suspect < players) return false;
    players_of(c->s->players, suspect - players, &a, &b);
    return is_slow(c, (size_t)a) || is_slow(c, (size_t)b);
}

static tri_status find_suspects(search *c) {
    int players = c->s->players;
    size_t pairs = p2p_pairs(players);
    double *seconds = malloc((pairs + 1) * sizeof *seconds);
    int found = seconds ? 0 : -1;
    for (int i = 0; i < c->cases && found >= 0; i++) {
        const double *best = best_of(c->s, i);
        for (int a = 0; a < players; a++)
            for (int b = a + 1; b < players; b++) {
                size_t pair = p2p_pair(players, a, b);
                seconds[pair] = p2p_class(c->run, c->s, a, b) == i % CLASSES ? best[pair] : NAN;
            }
        found = p2p_verdict(players, seconds, c->s->slow, excess_of(c, i), excess_of(c, i) + players);
    }
    free(seconds);
    return found < 0 ? tri_fail(TRI_ERR_MEMORY, "no memory to compare %zu pairs", pairs) : TRI_OK;
}

/* The number of this check, added if new. */
static int check_number(search *c, int in_case, int a, int b) {
    p2p_check_row row = {in_case / CLASSES / P2P_KINDS, in_case / CLASSES % P2P_KINDS, a, b};
    for (int i = 0; i < c->checks; i++)
        if (!memcmp(&c->check[i], &row, sizeof row)) return i;
    c->check[c->checks] = row;
    return c->checks++;
}

/* Adds pairs of a player in this class, preferably with players that are not suspect. */
static void add_suspect_pairs(search *c, recheck *to, int player) {
    for (int pass = 0; pass < 2 && !to->suspect_pairs; pass++)
        for (int step = 1; step < c->s->players && to->suspect_pairs < SUSPECT_PAIRS; step++) {
            int other = (player + step) % c->s->players;
            bool fits = p2p_class(c->run, c->s, player, other) == to->in_case % CLASSES;
            if (!fits || (excess_of(c, to->in_case)[other] > 0) != pass) continue;
            int a = player < other ? player : other, b = player < other ? other : player;
            to->suspect_pair[to->suspect_pairs++] = check_number(c, to->in_case, a, b);
        }
}

static bool is_reference(const search *c, int in_case, int a, int b) {
    const double *excess = excess_of(c, in_case), *of_pair = excess + c->s->players;
    return p2p_class(c->run, c->s, a, b) == in_case % CLASSES && !(excess[a] > 0) && !(excess[b] > 0) &&
           !(of_pair[p2p_pair(c->s->players, a, b)] > 0);
}

/* Adds pairs of the same class that are not suspect, spread over the machine, and different ones in each
 * round. */
static void add_references(search *c, recheck *to) {
    size_t found = 0, at = 0, first = (size_t)c->confirmed[to->suspect];
    for (int a = 0; a < c->s->players; a++)
        for (int b = a + 1; b < c->s->players; b++)
            found += is_reference(c, to->in_case, a, b);
    size_t step = found / REFERENCE_PAIRS + !(found / REFERENCE_PAIRS);
    for (int a = 0; a < c->s->players; a++)
        for (int b = a + 1; b < c->s->players && to->references < REFERENCE_PAIRS; b++)
            if (is_reference(c, to->in_case, a, b) && at++ % step == first % step)
                to->reference[to->references++] = check_number(c, to->in_case, a, b);
}

/* Selects suspects, each in its slowest case. */
static void select_suspects(search *c) {
    size_t players = (size_t)c->s->players;
    c->recheck_count = c->checks = 0;
    c->times = FIRST_TIMES;
    for (size_t suspect = 0; suspect < c->suspects && c->recheck_count < RECHECKS; suspect++) {
        recheck next = {.suspect = suspect};
        int a = 0, b = 0;
        double most = 0;
        for (int i = 0; i < c->cases; i++)
            if (excess_of(c, i)[suspect] > most) most = excess_of(c, i)[suspect], next.in_case = i;
        if (most <= 0 || is_slow(c, suspect) || explained(c, suspect)) continue;
        if (suspect >= players) {
            players_of(c->s->players, suspect - players, &a, &b);
            next.suspect_pair[next.suspect_pairs++] = check_number(c, next.in_case, a, b);
        } else {
            add_suspect_pairs(c, &next, (int)suspect);
        }
        add_references(c, &next);
        if (c->confirmed[suspect]) c->times = CONFIRM_TIMES;
        c->rechecks[c->recheck_count++] = next;
    }
}

/* The multiple of the references' time, if all samples of all pairs of the suspect exceed both the limit
 * of the references' best samples and nine tenths of all their samples; otherwise 0. So on a busy machine,
 * where any rank is slow at times, none is reported. Without references no suspect is slow. */
static double times_slow(const search *c, const recheck *now, const double *seconds) {
    double best[REFERENCE_PAIRS], all[REFERENCE_PAIRS * CONFIRM_TIMES], quickest = INFINITY;
    size_t count = 0, references = (size_t)now->references;
    if (!now->references || !now->suspect_pairs) return 0;
    for (int k = 0; k < now->references; k++) {
        best[k] = INFINITY;
        for (int i = 0; i < c->times; i++) {
            all[count] = seconds[now->reference[k] * c->times + i];
            best[k] = fmin(best[k], all[count++]);
        }
    }
    for (int k = 0; k < now->suspect_pairs; k++)
        for (int i = 0; i < c->times; i++)
            quickest = fmin(quickest, seconds[now->suspect_pair[k] * c->times + i]);
    tri_summarise(all, count);
    double limit = fmax(p2p_limit(best, references, c->s->slow), tri_quantile(all, count, 0.9));
    return quickest > limit ? quickest / tri_quantile(best, references, 0.5) : 0;
}

static void evaluate(search *c, const double *seconds) {
    for (int i = 0; i < c->recheck_count; i++) {
        size_t suspect = c->rechecks[i].suspect;
        double times = times_slow(c, &c->rechecks[i], seconds);
        c->confirmed[suspect] = times > 0 ? c->confirmed[suspect] + 1 : 0;
        /* From now on only the measurement alone counts. */
        for (int other = 0; c->confirmed[suspect] == CONFIRMATIONS && other < c->cases; other++)
            excess_of(c, other)[suspect] = 0;
        excess_of(c, c->rechecks[i].in_case)[suspect] = times;
    }
}

/* Describes a slow rank or pair and its multiple of the others' time, measured alone. */
static void describe(search *c, size_t suspect, char *text, size_t room) {
    int players = c->s->players, a, b, worst = 0;
    char size[TRI_SIZE_TEXT];
    for (int i = 0; i < c->cases; i++)
        if (excess_of(c, i)[suspect] > excess_of(c, worst)[suspect]) worst = i;
    tri_size_format(c->s->bytes[worst / CLASSES / P2P_KINDS], size);
    double times = excess_of(c, worst)[suspect];
    if (suspect < (size_t)players) {
        int rank = c->s->rank_of[suspect];
        snprintf(text, room, "rank %d on %s (%.3g x at %s)", rank, c->host[rank], times, size);
    } else {
        players_of(players, suspect - (size_t)players, &a, &b);
        snprintf(text, room, "ranks %d on %s and %d on %s with each other (%.3g x at %s)", c->s->rank_of[a],
                 c->host[c->s->rank_of[a]], c->s->rank_of[b], c->host[c->s->rank_of[b]], times, size);
    }
}

static void report_slow(search *c) {
    p2p_state *s = c->s;
    enum { NAMED = 5 };
    size_t at = 0;
    *s->slow_text = 0;
    s->slow_found = 0;
    for (size_t suspect = 0; suspect < c->suspects; suspect++) {
        char one[256];
        if (!is_slow(c, suspect) || explained(c, suspect) || ++s->slow_found > NAMED) continue;
        describe(c, suspect, one, sizeof one);
        at += (size_t)snprintf(s->slow_text + at, sizeof s->slow_text - at, "%s%s", at ? ", " : "", one);
    }
    if (s->slow_found > NAMED)
        snprintf(s->slow_text + at, sizeof s->slow_text - at, ", and %d more", s->slow_found - NAMED);
}

static tri_status start(search *c) {
    c->cases = c->s->sizes * P2P_KINDS * CLASSES;
    c->suspects = (size_t)c->s->players + p2p_pairs(c->s->players);
    if (tri_comm_rank(c->run->comm)) return TRI_OK;
    c->excess = calloc((size_t)c->cases * c->suspects, sizeof *c->excess);
    c->confirmed = calloc(c->suspects, sizeof *c->confirmed);
    c->host = malloc((size_t)tri_comm_size(c->run->comm) * sizeof *c->host);
    if (!c->excess || !c->confirmed || !c->host)
        return tri_fail(TRI_ERR_MEMORY, "no memory to compare %zu pairs", c->suspects);
    return find_suspects(c);
}

static tri_status recheck_all(search *c, double *seconds) {
    int root = tri_comm_rank(c->run->comm) == 0;
    char host[HOST];
    snprintf(host, sizeof host, "%s", tri_comm_host(c->run->comm));
    TRI_TRY(tri_agree(c->run->comm, start(c)));
    TRI_TRY(tri_gather(host, HOST, MPI_CHAR, c->host, HOST, MPI_CHAR, 0, c->run->comm));
    for (int round = 0; round < ROUNDS; round++) {
        if (root) select_suspects(c);
        TRI_TRY(tri_bcast(&c->checks, 1, MPI_INT, 0, c->run->comm));
        if (!c->checks) break;
        TRI_TRY(tri_bcast(c->check, (size_t)c->checks * 4, MPI_INT, 0, c->run->comm));
        TRI_TRY(tri_bcast(&c->times, 1, MPI_INT, 0, c->run->comm));
        TRI_TRY(p2p_measure_alone(c->run, c->s, c->check, c->checks, c->times, seconds));
        if (root) evaluate(c, seconds);
    }
    if (root) report_slow(c);
    return TRI_OK;
}

tri_status p2p_find_slow(tri_run *run, p2p_state *s) {
    search *c = calloc(1, sizeof *c);
    double *seconds = calloc((size_t)CHECKS * CONFIRM_TIMES, sizeof *seconds);
    tri_status status = c && seconds ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %d checks", CHECKS);
    status = tri_agree(run->comm, status);
    if (status == TRI_OK) {
        c->run = run;
        c->s = s;
        status = recheck_all(c, seconds);
        free(c->excess);
        free(c->confirmed);
        free(c->host);
    }
    free(seconds);
    free(c);
    return status;
}
