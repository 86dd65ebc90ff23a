/* Broadcast on a k-nomial tree (collectives/graphs/tree.h; Bernaschi, Iannello 1998, "Collective
 * communication operations: experimental results vs. theory").
 *
 * In each round every rank that has the data sends it to radix - 1 more ranks. For radix 3 and 9 ranks:
 *
 *     round 0   0>3  0>6
 *     round 1   0>1  0>2  3>4  3>5  6>7  6>8
 *
 * Compared with a binomial tree it trades latencies for overheads; the radix with the least cost is used.
 * A sender waits between rounds, so that messages to nearby ranks do not delay those to distant ones.
 *
 * Cost: log_k(p) x (latency + k overheads + (k - 1) x bytes).
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
    return tri_tree_cost(c, p->radix, &load, net);
}

static tri_status run(tri_context *c, const tri_call *call) {
    int radix = call->parameters.radix, me = tri_to_virtual(c, c->rank, call->root);
    int distance = tri_tree_distance(me, c->size, radix);
    if (me) {
        int parent = tri_tree_parent(me, distance, radix);
        TRI_TRY(tri_do_recv(c, call->recv, call->count, tri_from_virtual(c, parent, call->root)));
        TRI_TRY(tri_do_wait(c));
    }
    for (distance /= radix; distance > 0; distance /= radix) {
        for (int child = me + distance; child < me + radix * distance && child < c->size; child += distance)
            TRI_TRY(tri_do_send(c, call->recv, call->count, tri_from_virtual(c, child, call->root)));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_bcast_knomial = {
    .operation = TRI_BCAST,
    .name = "knomial",
    .text = "in each round every rank that has the data sends it to k - 1 more ranks",
    .tune = tune,
    .cost = cost,
    .run = run,
};
