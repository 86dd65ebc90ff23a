/* Allreduce by recursive multiplying (Ruefenacht, Bull, Booth 2017, "Generalisation of recursive doubling
 * for allreduce: now with simulation", section 3): recursive doubling (allreduce_recursive_doubling.c)
 * with groups of k ranks per round. For radix 3 and 9 ranks:
 *
 *     round 0   0-1-2  3-4-5  6-7-8
 *     round 1   0-3-6  1-4-7  2-5-8
 *
 * The groups of the last round may be smaller. Ranks that do not fit pair up with a neighbour first, as in
 * recursive doubling. A group combines adjacent runs of ranks, so rank order is kept.
 *
 * Cost: log_k(q) x (latency + k overheads, or 2 (k - 1) overheads if that is more, + (k - 1) x (bytes +
 * combined bytes)); for p > q two more messages and one more combination.
 */
#include "collectives/algorithms/algorithm.h"

/* Number of ranks that exchange: the largest radix^m x f <= size with f < radix. */
static int exchanging(int size, int radix) {
    int power = 1;
    while (power <= size / radix)
        power *= radix;
    return size / power * power;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = {0};
    int fit = exchanging(c->ranks, p->radix), rest = fit != c->ranks;
    double bytes = (double)c->bytes;
    for (int distance = 1, group; distance < fit; distance *= group) {
        group = fit / distance < p->radix ? fit / distance : p->radix;
        int inside = c->nodes == 1 || (!c->irregular && !rest && c->largest % (distance * group) == 0);
        int level = inside ? TRI_INSIDE : TRI_BETWEEN;
        tri_cost_burst(&cost, c, net, level, group - 1, bytes, c->largest);
        cost.combined_bytes += bytes * (group - 1);
    }
    if (rest) {
        tri_cost_rounds(&cost, tri_case_level(c), 2, bytes, 1);
        cost.combined_bytes += bytes;
    }
    return cost;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.radix = 2};
    double best_s = 0;
    for (int radix = 2; radix == 2 || (radix <= 32 && radix <= c->ranks); radix++) {
        tri_parameters trial = {.radix = radix};
        tri_cost total = cost(c, &trial, net);
        double time_s = tri_case_time_s(&total, c, net);
        if (radix == 2 || time_s < best_s) best = trial, best_s = time_s;
    }
    return best;
}

/* The own vector, one for each other rank of a group, and a spare one. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return (size_t)(call->parameters.radix + 1) * call->count;
}

static int to_number(int rank, int pairs) {
    if (rank >= 2 * pairs) return rank - pairs;
    return rank % 2 ? rank / 2 : -1;
}

static int to_rank(int number, int pairs) {
    return number < pairs ? 2 * number + 1 : number + pairs;
}

/* Exchanges vector `mine` of the scratch with the rest of the group and combines all in rank order. The
 * result ends up in the last operand's vector. */
static tri_status one_round(tri_context *c, const tri_call *call, int number, int distance, int group,
                            int pairs, size_t *mine) {
    int position = number / distance % group, first = number - position * distance;
    size_t vectors = (size_t)call->parameters.radix + 1;
    for (int i = 0; i < group; i++) {
        if (i == position) continue;
        int peer = to_rank(first + i * distance, pairs);
        /* Cyclic in scratch, after the own vector, in rank order. */
        size_t at = (*mine + 1 + (size_t)(i < position ? i : i - 1)) % vectors;
        TRI_TRY(tri_do_recv(c, tri_unit(c, call->scratch, at * call->count), call->count, peer));
    }
    for (int i = 1; i < group; i++) {
        int peer = to_rank(first + (position + i) % group * distance, pairs);
        TRI_TRY(tri_do_send(c, tri_unit(c, call->scratch, *mine * call->count), call->count, peer));
    }
    TRI_TRY(tri_do_wait(c));
    size_t so_far = position ? (*mine + 1) % vectors : *mine;
    for (int i = 1; i < group; i++) {
        size_t next = i == position ? *mine : (*mine + 1 + (size_t)(i < position ? i : i - 1)) % vectors;
        TRI_TRY(tri_do_combine(c, tri_unit(c, call->scratch, so_far * call->count),
                               tri_unit(c, call->scratch, next * call->count), call->count));
        so_far = next;
    }
    *mine = so_far;
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int radix = call->parameters.radix, fit = exchanging(c->size, radix), pairs = c->size - fit;
    int number = to_number(c->rank, pairs);
    if (number < 0) {
        TRI_TRY(tri_do_send(c, call->send, call->count, c->rank + 1));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_recv(c, call->recv, call->count, c->rank + 1));
        return tri_do_wait(c);
    }
    size_t mine = 0;
    TRI_TRY(tri_do_copy(c, call->scratch, call->send, call->count));
    if (number < pairs) {
        void *theirs = tri_unit(c, call->scratch, call->count);
        TRI_TRY(tri_do_recv(c, theirs, call->count, c->rank - 1));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, theirs, call->scratch, call->count));
    }
    for (int distance = 1, group; distance < fit; distance *= group) {
        group = fit / distance < radix ? fit / distance : radix;
        TRI_TRY(one_round(c, call, number, distance, group, pairs, &mine));
    }
    const void *result = tri_unit(c, call->scratch, mine * call->count);
    if (number < pairs) TRI_TRY(tri_do_send(c, result, call->count, c->rank - 1));
    TRI_TRY(tri_do_copy(c, call->recv, result, call->count));
    return tri_do_wait(c);
}

const tri_algorithm tri_allreduce_recursive_multiplying = {
    .operation = TRI_ALLREDUCE,
    .name = "recursive_multiplying",
    .text = "groups of k ranks exchange their partial results, then groups of groups",
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
