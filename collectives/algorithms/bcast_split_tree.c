/* Pipelined broadcast on a split binary tree (Pjesivac-Grbovic et al. 2007, "Performance analysis of MPI
 * collective operations", section 3). The first half of the vector travels in pieces down one binary tree,
 * the second half down another one of the same shape; finally the ranks with the same position in both
 * trees exchange their halves. Counted from the root, one tree has the odd and the other the even ranks.
 * For 7 ranks and the halves a b:
 *
 *     0 -a> 1    1 -a> 3    1 -a> 5
 *     0 -b> 2    2 -b> 4    2 -b> 6
 *     1 -ab- 2   3 -ab- 4   5 -ab- 6
 *
 * A rank without partner gets the other half from the root.
 *
 * Cost, s pieces of each half: the path of the first piece, log2(p) x (latency + 3 overheads + bytes / s),
 * then (s - 1) x (latency + 3 overheads + bytes / s), and an exchange of half the vector.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/graphs/pipeline.h"

enum { SMALLEST_PIECE_BYTES = 512, MOST_PIECES = 1000000 };

static int can(const tri_subcase *c) {
    return c->ranks > 2;
}

/* `times` consecutive pairs of sends, one piece to each of two children; the second send starts one
 * overhead after the first. A node all of whose ranks have children on other nodes sends the most. */
static tri_cost pairs_of(const tri_subcase *c, double times, double bytes, int overheads) {
    tri_cost cost = {0};
    int level = tri_case_level(c);
    cost.level[level].latencies = times;
    cost.level[level].overheads = overheads * times;
    cost.level[level].bytes = times * bytes;
    cost.level[level].rank_bytes = 2 * times * bytes;
    cost.level[level].node_bytes = 2 * times * bytes * (c->nodes > 1 ? c->largest : c->ranks / 2);
    return cost;
}

/* The most expensive path below a position of a tree. */
static tri_cost path_below(const tri_subcase *c, int position, int positions, double bytes,
                           const tri_network *net) {
    tri_cost best = {0};
    for (int child = 2 * position + 1; child <= 2 * position + 2 && child < positions; child++) {
        tri_cost path = pairs_of(c, 1, bytes, child == 2 * position + 1 ? 2 : 3);
        tri_cost below = path_below(c, child, positions, bytes, net);
        tri_cost_add(&path, &below);
        if (tri_case_time_s(&path, c, net) > tri_case_time_s(&best, c, net)) best = path;
    }
    return best;
}

/* The first piece's path to the end of a tree, and the following pieces. */
static tri_cost one_tree(const tri_subcase *c, int positions, int pieces, int overheads,
                         const tri_network *net) {
    double bytes = (double)c->bytes / pieces;
    int others = pieces / 2 - 1, level = tri_case_level(c);
    tri_cost cost = pairs_of(c, 1, bytes, overheads), path = path_below(c, 0, positions, bytes, net);
    tri_cost rest = pairs_of(c, others, bytes, 3);
    if (bytes <= net->eager_bytes) rest.level[level].latencies = 0;
    tri_cost_add(&cost, &path);
    tri_cost_add(&cost, &rest);
    return cost;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost odd = one_tree(c, c->ranks / 2, p->pieces, 2, net);
    tri_cost even = one_tree(c, (c->ranks - 1) / 2, p->pieces, 3, net);
    /* Of the exchanging pairs, those at the ends of a node span two nodes. */
    int far = c->nodes == 1 ? 0 : c->largest == 1 || c->largest % 2 ? 1 : 2;
    tri_cost_steps(&even, c, 1, (double)c->bytes / 2, far, net);
    /* A rank without partner does not wait for the other tree. */
    return tri_case_time_s(&odd, c, net) > tri_case_time_s(&even, c, net) ? odd : even;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.pieces = 2};
    double best_s = 0;
    size_t most = c->bytes / SMALLEST_PIECE_BYTES;
    for (size_t pairs = 1; pairs == 1 || (2 * pairs <= most && pairs <= MOST_PIECES);
         pairs += 1 + pairs / 4) {
        tri_parameters trial = {.pieces = 2 * (int)pairs};
        tri_cost total = cost(c, &trial, net);
        double time_s = tri_case_time_s(&total, c, net);
        if (pairs == 1 || time_s < best_s) best = trial, best_s = time_s;
    }
    return best;
}

/* The contiguous pieces first .. first + count - 1. */
static tri_range run_of(const tri_call *call, int first, int count) {
    tri_range from = tri_piece(call, first), to = tri_piece(call, first + count - 1);
    tri_range run = {.first = from.first, .count = to.first + to.count - from.first};
    return run;
}

static tri_status send_run(tri_context *c, const tri_call *call, tri_range run, int to) {
    return tri_do_send(c, tri_unit(c, call->recv, run.first), run.count, tri_from_virtual(c, to, call->root));
}

static tri_status recv_run(tri_context *c, const tri_call *call, tri_range run, int from) {
    return tri_do_recv(c, tri_unit(c, call->recv, run.first), run.count,
                       tri_from_virtual(c, from, call->root));
}

static tri_status at_root(tri_context *c, const tri_call *call) {
    int half = call->parameters.pieces / 2;
    for (int k = 0; k < half; k++) {
        TRI_TRY(send_run(c, call, tri_piece(call, k), 1));
        if (c->size > 2) TRI_TRY(send_run(c, call, tri_piece(call, half + k), 2));
        TRI_TRY(tri_do_wait(c));
    }
    if (c->size % 2 == 0) TRI_TRY(send_run(c, call, run_of(call, half, half), c->size - 1));
    return tri_do_wait(c);
}

static tri_status run(tri_context *c, const tri_call *call) {
    if (c->size < 2) return TRI_OK; /* smaller node than the algorithm was chosen for */
    int me = tri_to_virtual(c, c->rank, call->root), half = call->parameters.pieces / 2;
    if (!me) return at_root(c, call);
    int tree = me % 2 ? 0 : 1, position = (me - 1) / 2, mine = tree * half, other = half - mine;
    int parent = position ? 2 * ((position - 1) / 2) + 1 + tree : 0;
    for (int k = 0; k <= half; k++) {
        if (k < half) TRI_TRY(recv_run(c, call, tri_piece(call, mine + k), parent));
        for (int child = 2 * position + 1; k && child <= 2 * position + 2; child++) {
            int to = 2 * child + 1 + tree;
            if (to < c->size) TRI_TRY(send_run(c, call, tri_piece(call, mine + k - 1), to));
        }
        TRI_TRY(tri_do_wait(c));
    }
    int partner = tree ? me - 1 : me + 1;
    if (partner == c->size) {
        TRI_TRY(recv_run(c, call, run_of(call, other, half), 0));
    } else {
        TRI_TRY(recv_run(c, call, run_of(call, other, half), partner));
        TRI_TRY(send_run(c, call, run_of(call, mine, half), partner));
    }
    return tri_do_wait(c);
}

const tri_algorithm tri_bcast_split_tree = {
    .operation = TRI_BCAST,
    .name = "split_tree",
    .text = "each half of the vector travels down its own binary tree, then partners in both trees exchange "
            "halves",
    .can = can,
    .tune = tune,
    .cost = cost,
    .run = run,
};
