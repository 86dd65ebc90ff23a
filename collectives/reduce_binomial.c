/* Reduction on a binomial tree: the broadcast's tree (bcast_binomial.c) with the arrows turned round.
 *
 *     round 0   1>0  3>2  5>4  7>6
 *     round 1   2>0  6>4
 *     round 2   4>0
 *
 * What a rank has combined is always a run of consecutive ranks, and what it receives is the run behind it,
 * so the order of the ranks is kept. For operations that do not commute the tree is drawn from rank 0 for
 * every root, and the result takes one more message to the root.
 *
 * Cost: log2(p) x (latency + 2 overheads + bytes + combined bytes).
 */
#include "collectives/algorithm.h"

static tri_cost cost(const tri_case *c, const tri_parameters *p, const tri_net *net) {
    (void)p, (void)net;
    tri_cost price = {0};
    int level = tri_case_level(c), rounds = tri_log2_up(c->ranks);
    int messages = rounds + (!c->commutes && c->ranks > 1);
    price.level[level].latencies = messages;
    price.level[level].overheads = 2 * messages;
    price.level[level].bytes = (double)c->bytes * messages;
    price.combined_bytes = (double)c->bytes * rounds;
    return price;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    (void)c;
    return 2 * call->count;
}

static tri_status run(tri_context *c, const tri_call *call) {
    int top = c->commutes ? call->root : 0, me = tri_to_virtual(c, c->rank, top);
    const void *so_far = call->send;
    void *next = call->scratch, *spare = tri_unit(c, call->scratch, call->count);
    for (int distance = 1; distance < c->size; distance *= 2) {
        if (me & distance) {
            TRI_TRY(tri_do_send(c, so_far, call->count, tri_from_virtual(c, me - distance, top)));
            TRI_TRY(tri_do_wait(c));
            break;
        }
        if (me + distance >= c->size) continue;
        TRI_TRY(tri_do_recv(c, next, call->count, tri_from_virtual(c, me + distance, top)));
        TRI_TRY(tri_do_wait(c));
        TRI_TRY(tri_do_combine(c, so_far, next, call->count));
        so_far = next;
        next = spare;
        spare = (void *)so_far;
    }
    if (top == call->root) return me ? TRI_OK : tri_do_copy(c, call->recv, so_far, call->count);
    if (c->rank == top) TRI_TRY(tri_do_send(c, so_far, call->count, call->root));
    if (c->rank == call->root) TRI_TRY(tri_do_recv(c, call->recv, call->count, top));
    return tri_do_wait(c);
}

const tri_algorithm tri_reduce_binomial = {
    .operation = TRI_REDUCE,
    .name = "binomial",
    .text = "pairs combine, then pairs of pairs; half of the ranks are done after each round",
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
