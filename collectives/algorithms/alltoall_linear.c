/* Alltoall with all messages in flight at once, up to a window. In step k each rank sends to the rank k
 * above it and receives from the rank k below.
 *
 * Cost, windows of w: (p - 1) / w x (latency + 2 w overheads) + (p - 1) blocks; a single latency if p - 1
 * <= w. A wider window is never more expensive in this model; the limit keeps the number of pending
 * messages reasonable.
 */
#include "collectives/algorithms/algorithm.h"

enum { WINDOW = 512 };

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    (void)net;
    tri_parameters best = {.radix = c->ranks - 1 < WINDOW ? c->ranks - 1 : WINDOW};
    return best;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = {0};
    for (int first = 1; first < c->ranks; first += p->radix) {
        int messages = c->ranks - first < p->radix ? c->ranks - first : p->radix;
        tri_cost_burst(&cost, c, net, tri_case_level(c), messages, (double)c->bytes, c->largest);
    }
    /* Messages inside a node do not use its link. */
    if (c->nodes > 1) cost.level[TRI_BETWEEN].node_bytes *= (double)(c->ranks - c->largest) / (c->ranks - 1);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), tri_send_block(c, call, c->rank),
                        tri_recv_count(c, call, c->rank)));
    for (int shift = 1; shift < c->size; shift++) {
        int to = (c->rank + shift) % c->size, from = (c->rank - shift + c->size) % c->size;
        TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, from), tri_recv_count(c, call, from), from));
        TRI_TRY(tri_do_send(c, tri_send_block(c, call, to), tri_send_count(c, call, to), to));
        if (shift % call->parameters.radix == 0) TRI_TRY(tri_do_wait(c));
    }
    return tri_do_wait(c);
}

const tri_algorithm tri_alltoall_linear = {
    .operation = TRI_ALLTOALL,
    .name = "linear",
    .text = "all messages are in flight at once, up to a window",
    .tune = tune,
    .cost = cost,
    .run = run,
};
