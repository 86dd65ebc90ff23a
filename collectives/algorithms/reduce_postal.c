/* Reduction on the postal tree (collectives/graphs/postal.h): the messages of bcast_postal.c in reverse.
 *
 * A rank always holds the combination of a run of consecutive ranks and receives that of the next run, so
 * rank order is kept. For operations that do not commute, the tree is always rooted at rank 0, and the
 * result takes one more message to the root.
 *
 * Cost: the longest path in the tree, and a combination for each message on it.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/postal.h"

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters p = {.radix = tri_postal_lambda(c, 0, (double)c->bytes, net)};
    return p;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = tri_postal_cost(c, p->radix, 0, (double)c->bytes, net);
    cost.combined_bytes = (double)c->bytes * tri_log2_up(c->ranks);
    if (!c->commutes && c->ranks > 1) tri_cost_rounds(&cost, tri_case_level(c), 1, (double)c->bytes, 1);
    return cost;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    tri_postal tree;
    tri_postal_build(&tree, c->size, call->parameters.radix);
    int top = c->commutes ? call->root : 0, children[TRI_POSTAL_STEPS], count = 0;
    tri_position position = tri_postal_position(&tree, tri_to_virtual(c, c->rank, top)), child;
    int parent = position.parent;
    while (tri_postal_child(&tree, &position, &child))
        children[count++] = child.first;
    const void *so_far = call->send;
    void *next = call->scratch, *spare = tri_unit(c, call->scratch, call->count);
    while (count) {
        TRI_TRY(tri_do_recv(c, next, call->count, tri_from_virtual(c, children[--count], top)));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, so_far, next, call->count));
        so_far = next;
        next = spare;
        spare = (void *)so_far;
    }
    if (parent >= 0) TRI_TRY(tri_do_send(c, so_far, call->count, tri_from_virtual(c, parent, top)));
    TRI_TRY(tri_do_wait(c));
    if (top == call->root) return parent < 0 ? tri_do_copy(c, call->recv, so_far, call->count) : TRI_OK;
    if (c->rank == top) TRI_TRY(tri_do_send(c, so_far, call->count, call->root));
    if (c->rank == call->root) TRI_TRY(tri_do_recv(c, call->recv, call->count, top));
    return tri_do_wait(c);
}

const tri_algorithm tri_reduce_postal = {
    .operation = TRI_REDUCE,
    .name = "postal",
    .text = "the broadcast on the postal tree in reverse",
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
