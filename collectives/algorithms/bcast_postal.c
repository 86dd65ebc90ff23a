/* Broadcast on the postal tree (postal.h): everybody who has the data sends on and on.
 *
 * Cost: that of the longest path in the tree, by walking it; about log2(p) steps of one overhead more than the
 * lambda of one message, where a message is long under way for its overhead.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/postal.h"

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters p = {.radix = tri_postal_lambda(c, 0, (double)c->bytes, net)};
    return p;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    return tri_postal_cost(c, p->radix, 0, (double)c->bytes, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_postal tree;
    tri_postal_build(&tree, c->size, call->parameters.radix);
    tri_position position = tri_postal_position(&tree, tri_to_virtual(c, c->rank, call->root)), child;
    if (position.parent >= 0) {
        TRI_TRY(tri_do_recv(c, call->recv, call->count, tri_from_virtual(c, position.parent, call->root)));
        TRI_TRY(tri_do_wait(c));
    }
    /* One behind the other: the first child has the most to do, and must not share the way with the rest. */
    while (tri_postal_child(&tree, &position, &child)) {
        TRI_TRY(tri_do_send(c, call->recv, call->count, tri_from_virtual(c, child.first, call->root)));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_postal = {
    .operation = TRI_BCAST,
    .name = "postal",
    .text = "everybody who has the data sends on and on; ranks that are reached early serve more others",
    .tune = tune,
    .cost = cost,
    .run = run,
};
