/* Broadcast on the postal tree (collectives/graphs/postal.h). Every rank that has the data keeps sending
 * it.
 *
 * Cost: the longest path in the tree, found by walking it; about log2(p) steps. If a message's latency is
 * long compared with its overhead, the steps cost little more than an overhead and there are fewer
 * latencies than in a binomial tree.
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
    /* One at a time: the first child has the largest subtree and must not share the link with the others. */
    while (tri_postal_child(&tree, &position, &child)) {
        TRI_TRY(tri_do_send(c, call->recv, call->count, tri_from_virtual(c, child.first, call->root)));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_postal = {
    .operation = TRI_BCAST,
    .name = "postal",
    .text = "every rank that has the data keeps sending it; ranks reached early serve more ranks",
    .tune = tune,
    .cost = cost,
    .run = run,
};
