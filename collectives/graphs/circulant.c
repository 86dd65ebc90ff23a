#include "collectives/graphs/circulant.h"

enum { SMALLEST_PIECE_BYTES = 512, MOST_PIECES = 1000000 };

/* The remaining skips as a linked list in descending order, and the last rank reached. */
typedef struct search {
    const int *skip;
    int next[TRI_CIRCULANT_ROUNDS + 1], before[TRI_CIRCULANT_ROUNDS + 1];
    int last;
    int *found; /* pieces by round */
} search;

static void unlink_skip(search *s, int e) {
    if (s->before[e] >= 0) s->next[s->before[e]] = s->next[e];
    if (s->next[e] >= 0) s->before[s->next[e]] = s->before[e];
}

/* Follows paths to rank r that start at `at` and use the skips from e down. Records for each round from k
 * on the skip that delivers a new piece. Returns the first round still open. */
static int follow(search *s, int r, int at, int e, int k) {
    for (; e >= 0; e = s->next[e]) {
        if (at + s->skip[e] > r - s->skip[k] || at + s->skip[e] >= s->last) continue;
        if (at + s->skip[e] <= r - s->skip[k + 1]) k = follow(s, r, at + s->skip[e], e, k);
        if (at > r - s->skip[k + 1]) return k;
        s->last = at + s->skip[e];
        s->found[k++] = e;
        unlink_skip(s, e);
    }
    return k;
}

/* The first skip on the canonical path from the root to a rank, which gives the first piece it receives. q
 * for the root. */
static int first_piece(const tri_circulant *plan, int rank) {
    for (int k = plan->q - 1; k >= 0; k--) {
        if (plan->skip[k] == rank) return k;
        if (plan->skip[k] < rank) rank -= plan->skip[k];
    }
    return plan->q;
}

static void receives(const tri_circulant *plan, int rank, int piece[TRI_CIRCULANT_ROUNDS]) {
    int found[TRI_CIRCULANT_ROUNDS + 1] = {0}, q = plan->q, first = first_piece(plan, rank);
    search s = {.skip = plan->skip, .last = 2 * plan->size, .found = found};
    for (int e = 0; e <= q; e++)
        s.next[e] = e - 1, s.before[e] = e == q ? -1 : e + 1;
    unlink_skip(&s, first);
    follow(&s, plan->size + rank, 0, first == q ? s.next[q] : q, 0);
    for (int k = 0; k < q; k++)
        piece[k] = found[k] == q ? first : found[k] - q;
}

void tri_circulant_plan(tri_circulant *plan, int size, int rank, int pieces) {
    *plan = (tri_circulant){.size = size, .pieces = pieces, .q = tri_log2_up(size), .rank = rank};
    int q = plan->q;
    plan->skip[q + 1] = 4 * size; /* larger than any path */
    plan->skip[q] = size;
    for (int k = q - 1; k >= 0; k--)
        plan->skip[k] = (plan->skip[k + 1] + 1) / 2;
    plan->idle = (q - (pieces - 1) % q) % q;
    receives(plan, rank, plan->mine);
    for (int k = 0; k < q; k++)
        receives(plan, (rank + plan->skip[k]) % size, plan->theirs[k]);
}

int tri_circulant_end(const tri_circulant *plan) {
    return plan->pieces - 1 + plan->q + plan->idle;
}

/* The piece of a round, from a rank's schedule of one phase. Numbers beyond the last piece mean the last
 * piece, which is received only once. */
static int piece_of(const tri_circulant *plan, const int *piece, int round) {
    int q = plan->q, last = plan->pieces - 1, number = piece[round % q] + round / q * q - plan->idle;
    if (number < last) return number;
    for (int earlier = round - 1; earlier >= plan->idle && earlier > round - 2 * q; earlier--)
        if (piece[earlier % q] + earlier / q * q - plan->idle >= last) return -1;
    return last;
}

int tri_circulant_recv(const tri_circulant *plan, int round, int *from) {
    *from = (plan->rank - plan->skip[round % plan->q] + plan->size) % plan->size;
    return plan->rank ? piece_of(plan, plan->mine, round) : -1;
}

int tri_circulant_send(const tri_circulant *plan, int round, int *to) {
    *to = (plan->rank + plan->skip[round % plan->q]) % plan->size;
    return *to ? piece_of(plan, plan->theirs[round % plan->q], round) : -1;
}

tri_cost tri_circulant_cost(const tri_subcase *c, int pieces, const tri_network *net) {
    tri_cost cost = {0};
    if (c->ranks < 2) return cost;
    int q = tri_log2_up(c->ranks), level = tri_case_level(c), skip = c->ranks;
    double rounds = pieces - 1 + q, bytes = (double)c->bytes / pieces;
    if (pieces > 1 && tri_pieces_pile_up(c, level, bytes, 2, net)) bytes = (double)c->bytes * q / rounds;
    for (int k = 0; k < q; k++) {
        skip = (skip + 1) / 2;
        int senders = c->nodes == 1 || skip > c->largest ? c->largest : skip;
        tri_cost_rounds(&cost, level, rounds / q, bytes, senders);
    }
    return cost;
}

tri_parameters tri_circulant_tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.pieces = 1};
    double best_s = 0;
    /* Smaller pieces do not pay. Steps of one eighth: the cost changes little in between. */
    size_t most = c->bytes / SMALLEST_PIECE_BYTES;
    for (size_t pieces = 1; pieces == 1 || (pieces <= most && pieces <= MOST_PIECES);
         pieces += 1 + pieces / 8) {
        tri_cost cost = tri_circulant_cost(c, (int)pieces, net);
        double time_s = tri_case_time_s(&cost, c, net);
        if (pieces == 1 || time_s < best_s) best.pieces = (int)pieces, best_s = time_s;
    }
    return best;
}
