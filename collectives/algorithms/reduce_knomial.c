/* Reduction on a k-nomial tree: the tree of bcast_knomial.c with the messages reversed. For radix 3 and 9
 * ranks:
 *
 *     round 0   1>0  2>0  4>3  5>3  7>6  8>6
 *     round 1   3>0  6>0
 *
 * A rank always holds the combination of a run of consecutive ranks and receives those of the next runs,
 * so rank order is kept. For operations that do not commute, the tree is always rooted at rank 0, and the
 * result takes one more message to the root.
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

/* A vector for each child of a level, and one for the partial result. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return (size_t)call->parameters.radix * call->count;
}

/* Receives and combines the partial results of the children of one level. The result ends up in the last
 * child's vector. */
static tri_status take_level(tri_context *c, const tri_call *call, int me, int distance, int top,
                             const void **so_far) {
    int radix = call->parameters.radix;
    /* The partial result is in the last vector used: continue after it, cyclically. */
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
    .text = "in each round a rank combines the partial results of k - 1 others with its own",
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
