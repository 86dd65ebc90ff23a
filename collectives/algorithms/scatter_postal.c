/* Scatter on the postal tree (collectives/graphs/postal.h). Each rank receives the blocks of its whole
 * subtree and forwards those that are not its own, as in scatter_binomial.c, but a rank with children left
 * to serve never waits for a latency. The tree's lambda is the one with the least cost: large for small
 * blocks, where a latency equals many messages, and larger still for big blocks, which should travel only
 * once.
 *
 * Subtrees are runs of ranks. If a run wraps around from the last rank to rank 0, its blocks are in two
 * places at the root and take two messages.
 *
 * Cost: the longest path in the tree, found by walking it.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/postal.h"

static int can(const tri_subcase *c) {
    return !c->uneven;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters p = {.radix = tri_postal_lambda(c, (double)c->bytes, 0, net)};
    return p;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_postal_cost(c, p->radix, (double)c->bytes, 0, net);
}

static tri_position position_of(tri_postal *tree, const tri_context *c, const tri_call *call) {
    tri_postal_build(tree, c->size, call->parameters.radix);
    return tri_postal_position(tree, tri_to_virtual(c, c->rank, call->root));
}

/* An inner rank keeps the blocks of its subtree. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    tri_postal tree;
    tri_position position = position_of(&tree, c, call);
    return position.parent < 0 || position.count == 1 ? 0 : tri_run_units(c, call, c->rank, position.count);
}

/* Of `count` ranks from `first` on, the number before the wrap to rank 0. */
static int straight(const tri_context *c, int first, int count) {
    return first + count > c->size ? c->size - first : count;
}

/* One at a time: the first child has the largest subtree and must not share the link with the others. */
static tri_status from_root(tri_context *c, const tri_call *call, const tri_postal *tree,
                            tri_position position) {
    tri_position child;
    while (tri_postal_child(tree, &position, &child)) {
        int peer = tri_from_virtual(c, child.first, call->root), before = straight(c, peer, child.count);
        TRI_TRY(tri_do_send(c, tri_unit(c, call->send, tri_block_start(c, call, peer)),
                            tri_run_units(c, call, peer, before), peer));
        TRI_TRY(tri_do_send(c, call->send, tri_run_units(c, call, 0, child.count - before), peer));
        TRI_TRY(tri_do_wait(c));
    }
    return tri_do_copy(c, call->recv, tri_send_block(c, call, c->rank), tri_block_units(c, call, c->rank));
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_postal tree;
    tri_position position = position_of(&tree, c, call), child;
    if (position.parent < 0) return from_root(c, call, &tree, position);
    int parent = tri_from_virtual(c, position.parent, call->root);
    void *blocks = position.count > 1 ? call->scratch : call->recv;
    /* Two messages from the root, if the blocks wrap around at its buffer's end. */
    int first = position.parent ? position.count : straight(c, c->rank, position.count);
    size_t before = tri_run_units(c, call, c->rank, first);
    TRI_TRY(tri_do_recv(c, blocks, before, parent));
    TRI_TRY(tri_do_recv(c, tri_unit(c, blocks, before), tri_run_units(c, call, 0, position.count - first),
                        parent));
    TRI_TRY(tri_do_wait(c));
    while (tri_postal_child(&tree, &position, &child)) {
        int peer = tri_from_virtual(c, child.first, call->root);
        TRI_TRY(
            tri_do_send(c, tri_unit(c, blocks, tri_run_units(c, call, c->rank, child.first - position.first)),
                        tri_run_units(c, call, peer, child.count), peer));
        TRI_TRY(tri_do_wait(c));
    }
    return tri_do_copy(c, call->recv, blocks, tri_block_units(c, call, c->rank));
}

const tri_algorithm tri_scatter_postal = {
    .operation = TRI_SCATTER,
    .name = "postal",
    .text = "each rank receives the blocks of its subtree of the postal tree and forwards those that are not "
            "its own",
    .can = can,
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
