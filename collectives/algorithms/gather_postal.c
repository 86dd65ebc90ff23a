/* Gather on the postal tree: the messages of scatter_postal.c in reverse.
 *
 * Cost: the longest path in the tree, found by walking it.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/postal.h"

static int can(const tri_subcase *c) {
    return !c->uneven;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_network up = tri_postal_up(net);
    return tri_scatter_postal.tune(c, &up);
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_network up = tri_postal_up(net);
    return tri_scatter_postal.cost(c, p, &up);
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    return tri_scatter_postal.scratch(c, call);
}

/* Of `count` ranks from `first` on, the number before the wrap to rank 0. */
static int straight(const tri_context *c, int first, int count) {
    return first + count > c->size ? c->size - first : count;
}

static tri_status at_root(tri_context *c, const tri_call *call, const tri_postal *tree,
                          tri_position position) {
    tri_position child;
    while (tri_postal_child(tree, &position, &child)) {
        int peer = tri_from_virtual(c, child.first, call->root), before = straight(c, peer, child.count);
        TRI_TRY(tri_do_recv(c, tri_unit(c, call->recv, tri_block_start(c, call, peer)),
                            tri_run_units(c, call, peer, before), peer));
        TRI_TRY(tri_do_recv(c, call->recv, tri_run_units(c, call, 0, child.count - before), peer));
    }
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_block_units(c, call, c->rank)));
    return tri_do_wait(c);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_postal tree;
    tri_postal_build(&tree, c->size, call->parameters.radix);
    tri_position position = tri_postal_position(&tree, tri_to_virtual(c, c->rank, call->root)), child;
    if (position.parent < 0) return at_root(c, call, &tree, position);
    int parent = tri_from_virtual(c, position.parent, call->root), count = position.count;
    const void *blocks = count > 1 ? call->scratch : call->send;
    while (tri_postal_child(&tree, &position, &child)) {
        int peer = tri_from_virtual(c, child.first, call->root);
        TRI_TRY(
            tri_do_recv(c, tri_unit(c, blocks, tri_run_units(c, call, c->rank, child.first - position.first)),
                        tri_run_units(c, call, peer, child.count), peer));
    }
    if (count > 1) TRI_TRY(tri_do_copy(c, call->scratch, call->send, tri_block_units(c, call, c->rank)));
    TRI_TRY(tri_do_wait(c));
    /* Two messages to the root, if the blocks wrap around at its buffer's end. */
    int first = position.parent ? count : straight(c, c->rank, count);
    size_t before = tri_run_units(c, call, c->rank, first);
    TRI_TRY(tri_do_send(c, blocks, before, parent));
    TRI_TRY(tri_do_send(c, tri_unit(c, blocks, before), tri_run_units(c, call, 0, count - first), parent));
    return tri_do_wait(c);
}

const tri_algorithm tri_gather_postal = {
    .operation = TRI_GATHER,
    .name = "postal",
    .text = "each rank collects the blocks of its subtree of the postal tree and sends them to its parent",
    .can = can,
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
