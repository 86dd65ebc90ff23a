/* Exclusive scan by doubling distances (scan_doubling.c). A rank keeps the combination of lower ranks
 * separate from the one it sends on.
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes + 2 x combined bytes), minus the first of the
 * combinations.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = tri_scan_doubling.cost(c, p, net);
    cost.combined_bytes *= 2;
    if (c->ranks > 1) cost.combined_bytes -= (double)c->bytes;
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 3 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    void *mine = call->scratch, *theirs = tri_unit(c, call->scratch, call->count);
    void *below = tri_unit(c, call->scratch, 2 * call->count);
    TRI_TRY(tri_do_copy(c, mine, call->send, call->count));
    for (int distance = 1; distance < c->size; distance *= 2) {
        int hears = c->rank >= distance;
        if (hears) TRI_TRY(tri_do_recv(c, theirs, call->count, c->rank - distance));
        if (c->rank + distance < c->size) TRI_TRY(tri_do_send(c, mine, call->count, c->rank + distance));
        TRI_TRY(tri_do_wait(c));
        if (!hears) continue;
        TRI_TRY(tri_do_combine(c, theirs, mine, call->count));
        if (distance == 1)
            TRI_TRY(tri_do_copy(c, below, theirs, call->count));
        else
            TRI_TRY(tri_do_combine(c, theirs, below, call->count));
    }
    return tri_do_copy(c, call->recv, below, c->rank ? call->count : 0);
}

const tri_algorithm tri_exscan_doubling = {
    .operation = TRI_EXSCAN,
    .name = "doubling",
    .text = "as in scan, with the combination of lower ranks kept separately",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
