/* Allreduce by recursive doubling (Thakur, Rabenseifner, Gropp 2005, "Optimization of collective
 * communication operations in MPICH", section 4.3).
 *
 * In round k each rank exchanges its partial result with the rank whose number differs in bit k:
 *
 *     round 0   0-1  2-3  4-5  6-7
 *     round 1   0-2  1-3  4-6  5-7
 *     round 2   0-4  1-5  2-6  3-7
 *
 * If p is not a power of two, let q be the power of two below it. The first 2 (p - q) ranks form pairs:
 * the even rank of a pair sends its vector to the odd one and receives the result at the end. Pairs are
 * neighbours, so rank order is kept.
 *
 * Cost: log2(q) x (latency + 2 overheads + bytes + combined bytes); for p > q two more messages and one
 * more combination, of whose latencies only one counts if p - q <= q / 2.
 */
#include "collectives/algorithms/algorithm.h"

/* Conversion between ranks and their numbers among the q exchanging ranks; -1: does not exchange. */
static int to_exchanging(int rank, int pairs) {
    if (rank >= 2 * pairs) return rank - pairs;
    return rank % 2 ? rank / 2 : -1;
}

static int from_exchanging(int number, int pairs) {
    return number < pairs ? 2 * number + 1 : number + pairs;
}

/* The maximum number of messages that leave a node in a round. */
static int far_ones(const tri_subcase *c, int bit, int pairs) {
    int most = 0, far = 0;
    if (c->nodes == 1 || c->irregular) return c->nodes == 1 ? 0 : c->largest;
    for (int rank = 0; rank < c->ranks; rank++) {
        int number = to_exchanging(rank, pairs);
        if (rank % c->largest == 0) far = 0;
        if (number < 0) continue;
        far += from_exchanging(number ^ bit, pairs) / c->largest != rank / c->largest;
        if (far > most) most = far;
    }
    return most;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_cost cost = {0};
    int power = tri_power_of_two(c->ranks), pairs = c->ranks - power;
    for (int bit = 1; bit < power; bit *= 2) {
        if (pairs)
            tri_cost_steps(&cost, c, 1, (double)c->bytes, far_ones(c, bit, pairs), net);
        else
            tri_cost_swap(&cost, c, bit, (double)c->bytes);
        cost.combined_bytes += (double)c->bytes;
    }
    if (pairs) {
        int near = c->nodes == 1 || (!c->irregular && c->largest % 2 == 0);
        int level = near ? TRI_INSIDE : TRI_BETWEEN;
        tri_cost_rounds(&cost, level, 2, (double)c->bytes, near ? c->largest / 2 : 1);
        cost.combined_bytes += (double)c->bytes;
        /* A rank that represents a pair waits longest for the rank whose number differs in every bit. If
         * that rank represents only itself, it is one latency ahead. */
        if (2 * pairs <= power) cost.level[level].latencies--;
    }
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int power = tri_power_of_two(c->size), pairs = c->size - power, me = to_exchanging(c->rank, pairs);
    void *mine = call->scratch, *theirs = tri_unit(c, call->scratch, call->count);
    if (me < 0) {
        TRI_TRY(tri_do_send(c, call->send, call->count, c->rank + 1));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_recv(c, call->recv, call->count, c->rank + 1));
        return tri_do_wait(c);
    }
    TRI_TRY(tri_do_copy(c, mine, call->send, call->count));
    if (me < pairs) {
        TRI_TRY(tri_do_recv(c, theirs, call->count, c->rank - 1));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, theirs, mine, call->count));
    }
    for (int bit = 1; bit < power; bit *= 2) {
        int peer = from_exchanging(me ^ bit, pairs);
        TRI_TRY(tri_do_recv(c, theirs, call->count, peer));
        TRI_TRY(tri_do_send(c, mine, call->count, peer));
        TRI_TRY(tri_do_wait(c));
        if (peer < c->rank) {
            TRI_TRY(tri_do_combine(c, theirs, mine, call->count));
        } else {
            TRI_TRY(tri_do_combine(c, mine, theirs, call->count));
            void *combined = theirs;
            theirs = mine;
            mine = combined;
        }
    }
    if (me < pairs) TRI_TRY(tri_do_send(c, mine, call->count, c->rank - 1));
    TRI_TRY(tri_do_copy(c, call->recv, mine, call->count));
    return tri_do_wait(c);
}

const tri_algorithm tri_allreduce_recursive_doubling = {
    .operation = TRI_ALLREDUCE,
    .name = "recursive_doubling",
    .text = "in round k each rank exchanges its partial result with the rank whose number differs in bit k",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
