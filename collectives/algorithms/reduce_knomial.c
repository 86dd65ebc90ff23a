/* Reduction on a k-nomial tree: the broadcast's tree (bcast_knomial.c) with the arrows turned round. For radix 3 and
 * 9 ranks:
 *
 *     round 0   1>0  2>0  4>3  5>3  7>6  8>6
 *     round 1   3>0  6>0
 *
 * What a rank has combined is always a run of consecutive ranks, and what comes are the runs behind it, so the
 * order of the ranks is kept. For operations that do not commute the tree is drawn from rank 0 for every root,
 * and the result takes one more message to the root.
 *
 * Cost: log_k(p) x (latency + k overheads + (k - 1) x bytes + (k - 1) x combined bytes).
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/tree.h"

static tri_tree_load load_of(const tri_subcase *c) {
    tri_tree_load load = {.bytes = (double)c->bytes, .combined = (double)c->bytes};
    return load;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_tree_load load = load_of(c);
    tri_parameters best = {.radix = tri_tree_tune(c, &load, net)};
    return best;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_tree_load load = load_of(c);
    tri_cost cost = tri_tree_cost(c, p->radix, &load, net);
    if (!c->commutes && c->ranks > 1) tri_cost_rounds(&cost, tri_case_level(c), 1, (double)c->bytes, 1);
    return cost;
}

/* One vector for each child of a level, and one for what was combined so far. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return (size_t)call->parameters.radix * call->count;
}

/* Takes what the children of one level have; the combination comes to lie where the last of them was. */
static tri_status take_level(tri_context *c, const tri_call *call, int me, int distance, int top,
                             const void **so_far) {
    int radix = call->parameters.radix;
    /* The combination of the level before lies in the last vector that it used: begin behind it, and go round. */
    size_t first = 0;
    for (int i = 0; i < radix; i++)
        if (*so_far == tri_unit(c, call->scratch, (size_t)i * call->count)) first = (size_t)i + 1;
    size_t slot = first;
    for (int child = me + distance; child < me + radix * distance && child < c->size;
         child += distance, slot++) {
        void *to = tri_unit(c, call->scratch, slot % (size_t)radix * call->count);
        TRI_TRY(tri_do_recv(c, to, call->count, tri_from_virtual(c, child, top)));
    }
    TRI_TRY(tri_do_wait(c));
    for (size_t i = first; i < slot; i++) {
        void *next = tri_unit(c, call->scratch, i % (size_t)radix * call->count);
        TRI_TRY(tri_do_combine(c, *so_far, next, call->count));
        *so_far = next;
    }
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int top = c->commutes ? call->root : 0, me = tri_to_virtual(c, c->rank, top);
    int radix = call->parameters.radix, own = tri_tree_distance(me, c->size, radix);
    const void *so_far = call->send;
    for (int distance = 1; distance < own && distance < c->size; distance *= radix)
        TRI_TRY(take_level(c, call, me, distance, top, &so_far));
    if (me) {
        int parent = tri_from_virtual(c, tri_tree_parent(me, own, radix), top);
        TRI_TRY(tri_do_send(c, so_far, call->count, parent));
        TRI_TRY(tri_do_wait(c));
    }
    if (top == call->root) return me ? TRI_OK : tri_do_copy(c, call->recv, so_far, call->count);
    if (c->rank == top) TRI_TRY(tri_do_send(c, so_far, call->count, call->root));
    if (c->rank == call->root) TRI_TRY(tri_do_recv(c, call->recv, call->count, top));
    return tri_do_wait(c);
}

const tri_algorithm tri_reduce_knomial = {
    .operation = TRI_REDUCE,
    .name = "knomial",
    .text = "each rank combines what k - 1 others have with its own in each round",
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
