/* Gather on a binomial tree: the tree of scatter_binomial.c with the messages reversed.
 *
 *     round 0   1 -1> 0   3 -3> 2   5 -5> 4   7 -7> 6
 *     round 1   2 -23> 0   6 -67> 4
 *     round 2   4 -4567> 0
 *
 * Cost: log2(p) x (latency + 2 overheads) + (p - 1) blocks.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/tree.h"

static int can(const tri_subcase *c) {
    return !c->uneven;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_scatter_binomial.cost(c, p, net);
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    return tri_scatter_binomial.scratch(c, call);
}

static tri_status at_root(tri_context *c, const tri_call *call) {
    for (int distance = 1; distance < c->size; distance *= 2) {
        int first = tri_from_virtual(c, distance, call->root),
            ranks = tri_tree_ranks(distance, distance, c->size);
        int straight = first + ranks > c->size ? c->size - first : ranks;
        TRI_TRY(tri_do_recv(c, tri_unit(c, call->recv, tri_block_start(c, call, first)),
                            tri_run_units(c, call, first, straight), first));
        TRI_TRY(tri_do_recv(c, call->recv, tri_run_units(c, call, 0, ranks - straight), first));
        TRI_TRY(tri_do_wait(c));
    }
    return tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_block_units(c, call, c->rank));
}

static tri_status run(tri_context *c, const tri_call *call) {
    int me = tri_to_virtual(c, c->rank, call->root), own = tri_tree_distance(me, c->size, 2);
    if (!me) return at_root(c, call);
    int ranks = tri_tree_ranks(me, own, c->size);
    const void *blocks = ranks > 1 ? call->scratch : call->send;
    if (ranks > 1) TRI_TRY(tri_do_copy(c, call->scratch, call->send, tri_block_units(c, call, c->rank)));
    for (int distance = 1; distance < own; distance *= 2) {
        if (me + distance >= c->size) continue;
        int child = tri_from_virtual(c, me + distance, call->root);
        TRI_TRY(tri_do_recv(c, tri_unit(c, blocks, tri_run_units(c, call, c->rank, distance)),
                            tri_run_units(c, call, child, tri_tree_ranks(me + distance, distance, c->size)),
                            child));
        TRI_TRY(tri_do_wait(c));
    }
    int straight = c->rank + ranks > c->size ? c->size - c->rank : ranks;
    int parent = tri_from_virtual(c, me - own, call->root);
    size_t before = tri_run_units(c, call, c->rank, straight);
    /* Two messages to the root, if the blocks wrap around at its buffer's end. */
    if (me == own) {
        TRI_TRY(tri_do_send(c, blocks, before, parent));
        TRI_TRY(
            tri_do_send(c, tri_unit(c, blocks, before), tri_run_units(c, call, 0, ranks - straight), parent));
    } else {
        TRI_TRY(tri_do_send(c, blocks, tri_run_units(c, call, c->rank, ranks), parent));
    }
    return tri_do_wait(c);
}

const tri_algorithm tri_gather_binomial = {
    .operation = TRI_GATHER,
    .name = "binomial",
    .text = "each rank collects the blocks of its subtree and sends them to its parent",
    .can = can,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
