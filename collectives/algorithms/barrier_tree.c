/* Barrier on a k-nomial tree (collectives/graphs/tree.h). Each rank signals its parent when its whole
 * subtree has entered; then the release travels down the same tree.
 *
 * Cost: 2 log_k(p) x (latency + k overheads).
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/tree.h"

static tri_tree_load load_of(const tri_subcase *c) {
    tri_tree_load load = {.bytes = (double)c->bytes};
    return load;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_tree_load load = load_of(c);
    tri_parameters best = {.radix = tri_tree_tune(c, &load, net)};
    return best;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_tree_load load = load_of(c);
    tri_cost cost = tri_tree_cost(c, p->radix, &load, net), down = cost;
    tri_cost_add(&cost, &down);
    return cost;
}

/* A byte for each child of a level. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return (size_t)call->parameters.radix;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int radix = call->parameters.radix, own = tri_tree_distance(c->rank, c->size, radix);
    for (int distance = 1; distance < own && distance < c->size; distance *= radix) {
        size_t slot = 0;
        for (int i = 1; i < radix && c->rank + i * distance < c->size; i++)
            TRI_TRY(tri_do_recv(c, tri_unit(c, call->scratch, slot++), 1, c->rank + i * distance));
        TRI_TRY(tri_do_wait(c));
    }
    if (c->rank) {
        int parent = tri_tree_parent(c->rank, own, radix);
        TRI_TRY(tri_do_send(c, call->send, 1, parent));
        TRI_TRY(tri_do_wait(c));
    }
    tri_call down = *call;
    down.root = 0;
    return tri_bcast_knomial.run(c, &down);
}

const tri_algorithm tri_barrier_tree = {
    .operation = TRI_BARRIER,
    .name = "tree",
    .text =
        "each rank signals its parent when its subtree has entered, then the release travels down the tree",
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
