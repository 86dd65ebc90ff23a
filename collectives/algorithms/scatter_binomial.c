/* Scatter on a binomial tree (collectives/graphs/tree.h; Thakur, Rabenseifner, Gropp 2005, section 4.2).
 * Each rank receives the blocks of its whole subtree and forwards those that are not its own. For 8 ranks,
 * counted from the root:
 *
 *     round 0   0 -4567> 4
 *     round 1   0 -23> 2   4 -67> 6
 *     round 2   0 -1> 1   2 -3> 3   4 -5> 5   6 -7> 7
 *
 * Subtrees are runs of ranks. If a run wraps around from the last rank to rank 0, its blocks are in two
 * places at the root and take two messages.
 *
 * Cost: log2(p) x (latency + 2 overheads) + (p - 1) blocks.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/tree.h"

static int can(const tri_subcase *c) {
    return !c->uneven;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p;
    tri_tree_load load = {.n_bytes = (double)c->bytes};
    return tri_tree_cost(c, 2, &load, net);
}

/* An inner rank keeps the blocks of its subtree. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    int me = tri_to_virtual(c, c->rank, call->root), distance = tri_tree_distance(me, c->size, 2);
    if (!me || distance == 1) return 0;
    return tri_run_units(c, call, c->rank, tri_tree_ranks(me, distance, c->size));
}

static tri_status from_root(tri_context *c, const tri_call *call) {
    for (int distance = tri_tree_distance(0, c->size, 2) / 2; distance; distance /= 2) {
        int first = tri_from_virtual(c, distance, call->root),
            ranks = tri_tree_ranks(distance, distance, c->size);
        int straight = first + ranks > c->size ? c->size - first : ranks;
        TRI_TRY(tri_do_send(c, tri_unit(c, call->send, tri_block_start(c, call, first)),
                            tri_run_units(c, call, first, straight), first));
        TRI_TRY(tri_do_send(c, call->send, tri_run_units(c, call, 0, ranks - straight), first));
        TRI_TRY(tri_do_wait(c));
    }
    return tri_do_copy(c, call->recv, tri_send_block(c, call, c->rank), tri_block_units(c, call, c->rank));
}

static tri_status run(tri_context *c, const tri_call *call) {
    int me = tri_to_virtual(c, c->rank, call->root), distance = tri_tree_distance(me, c->size, 2);
    if (!me) return from_root(c, call);
    int ranks = tri_tree_ranks(me, distance, c->size);
    int straight = c->rank + ranks > c->size ? c->size - c->rank : ranks;
    int parent = tri_from_virtual(c, me - distance, call->root);
    void *blocks = ranks > 1 ? call->scratch : call->recv;
    size_t before = tri_run_units(c, call, c->rank, straight);
    /* Two messages from the root, if the blocks wrap around at its buffer's end. */
    if (me == distance) {
        TRI_TRY(tri_do_recv(c, blocks, before, parent));
        TRI_TRY(
            tri_do_recv(c, tri_unit(c, blocks, before), tri_run_units(c, call, 0, ranks - straight), parent));
    } else {
        TRI_TRY(tri_do_recv(c, blocks, tri_run_units(c, call, c->rank, ranks), parent));
    }
    TRI_TRY(tri_do_wait(c));
    for (distance /= 2; distance; distance /= 2) {
        if (me + distance >= c->size) continue;
        int child = tri_from_virtual(c, me + distance, call->root);
        size_t skip = tri_run_units(c, call, c->rank, distance);
        TRI_TRY(tri_do_send(c, tri_unit(c, blocks, skip),
                            tri_run_units(c, call, child, tri_tree_ranks(me + distance, distance, c->size)),
                            child));
        TRI_TRY(tri_do_wait(c));
    }
    return tri_do_copy(c, call->recv, blocks, tri_block_units(c, call, c->rank));
}

const tri_algorithm tri_scatter_binomial = {
    .operation = TRI_SCATTER,
    .name = "binomial",
    .text = "each rank receives the blocks of its subtree and forwards those that are not its own",
    .can = can,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
