/* Scan by doubling distances (Hillis, Steele 1986, "Data parallel algorithms").
 *
 * In round k each rank sends its partial result to the rank 2^k above it; afterwards rank r has the
 * combination of ranks r - 2^(k+1) + 1 to r. For 5 ranks:
 *
 *     round 0   0>1  1>2  2>3  3>4
 *     round 1   0>2  1>3  2>4
 *     round 2   0>4
 *
 * Data arrive from lower ranks, so rank order is kept.
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes + combined bytes).
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    for (int distance = 1; distance < c->ranks; distance *= 2) {
        tri_cost_shift(&cost, c, distance, (double)c->bytes);
        cost.combined_bytes += (double)c->bytes;
    }
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    void *mine = call->scratch, *theirs = tri_unit(c, call->scratch, call->count);
    TRI_TRY(tri_do_copy(c, mine, call->send, call->count));
    for (int distance = 1; distance < c->size; distance *= 2) {
        int hears = c->rank >= distance;
        if (hears) TRI_TRY(tri_do_recv(c, theirs, call->count, c->rank - distance));
        if (c->rank + distance < c->size) TRI_TRY(tri_do_send(c, mine, call->count, c->rank + distance));
        TRI_TRY(tri_do_wait(c));
        if (hears) TRI_TRY(tri_do_combine(c, theirs, mine, call->count));
    }
    return tri_do_copy(c, call->recv, mine, call->count);
}

const tri_algorithm tri_scan_doubling = {
    .operation = TRI_SCAN,
    .name = "doubling",
    .text = "in round k each rank sends its partial result to the rank 2^k above it",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
