/* Allgather in which the ranks of a node distribute the blocks of one node while they receive those of the
 * next (the overlapped phases of Kandalla, Subramoni, Santhanaraman, Koop, Panda 2009, "Designing
 * multi-leader-based allgather algorithms for multi-core clusters"). Block i of a node goes to rank i % m
 * of a node of m ranks, which sends it to all other ranks there. Nodes may have different sizes. For 3
 * nodes, seen from node 0:
 *
 *     round 0   receives the blocks of node 2   distributes its own
 *     round 1   receives the blocks of node 1   distributes those of node 2
 *     round 2                                   distributes those of node 1
 *
 * A round may handle several nodes, which saves messages inside the nodes; their blocks are then collected
 * in scratch. If one round handles all nodes, a rank's own block is distributed together with the received
 * ones.
 *
 * Cost, N nodes of m ranks in rounds of k nodes: 1 + (N - 1) / k rounds of the longer of a burst of k
 * messages to other nodes and one of m - 1 messages of k blocks inside; with all nodes in one round, a
 * burst of N - 1 messages, then one of m - 1 messages of N blocks.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1 && !c->split;
}

/* Adds the longest of the things a round may wait for. `inside`: blocks that each local rank distributes;
 * `between`: nodes whose blocks are received. */
static void add_round(tri_cost *cost, const tri_subcase *c, const tri_network *net, double inside,
                      double between) {
    enum { LATE_INSIDE, LATE_BETWEEN, BUSY, FULL_INSIDE, FULL_BETWEEN, REASONS };
    tri_cost why[REASONS] = {0};
    double bytes = (double)c->bytes, peers = c->largest - 1;
    if (inside > 0) {
        why[LATE_INSIDE].level[TRI_INSIDE].latencies = why[FULL_INSIDE].level[TRI_INSIDE].latencies = 1;
        why[LATE_INSIDE].level[TRI_INSIDE].overheads = peers + 1;
        why[LATE_INSIDE].level[TRI_BETWEEN].overheads = between;
        why[FULL_INSIDE].level[TRI_INSIDE].overheads = 2;
        why[LATE_INSIDE].level[TRI_INSIDE].bytes = why[FULL_INSIDE].level[TRI_INSIDE].bytes = inside * bytes;
        why[FULL_INSIDE].level[TRI_INSIDE].rank_bytes = inside * bytes * peers;
        why[FULL_INSIDE].level[TRI_INSIDE].node_bytes = inside * bytes * peers * c->largest;
        why[BUSY].level[TRI_INSIDE].overheads = 2 * peers;
    }
    why[BUSY].level[TRI_BETWEEN].overheads = 2 * between;
    if (between > 0) {
        why[LATE_BETWEEN].level[TRI_BETWEEN].latencies = why[FULL_BETWEEN].level[TRI_BETWEEN].latencies = 1;
        why[LATE_BETWEEN].level[TRI_BETWEEN].overheads = between + 1;
        why[FULL_BETWEEN].level[TRI_BETWEEN].overheads = 2;
        why[LATE_BETWEEN].level[TRI_BETWEEN].bytes = why[FULL_BETWEEN].level[TRI_BETWEEN].bytes = bytes;
        why[FULL_BETWEEN].level[TRI_BETWEEN].rank_bytes = between * bytes;
        why[FULL_BETWEEN].level[TRI_BETWEEN].node_bytes = between * bytes * c->largest;
    }
    int most = 0;
    for (int i = 1; i < REASONS; i++)
        if (tri_cost_time_s(&why[i], net) > tri_cost_time_s(&why[most], net)) most = i;
    tri_cost_add(cost, &why[most]);
}

/* Whether one round handles all of several other nodes. */
static int at_once(int nodes, const tri_parameters *p) {
    return p->pieces == 1 && nodes > 2;
}

/* pieces: groups of other nodes, one per round. */
static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = {0};
    size_t others = (size_t)c->nodes - 1, pieces = (size_t)p->pieces;
    double inside = 1;
    if (at_once(c->nodes, p)) {
        add_round(&cost, c, net, 0, (double)others);
        add_round(&cost, c, net, (double)c->nodes, 0);
        cost.memory_bytes = (double)c->bytes * c->ranks;
        return cost;
    }
    for (size_t round = 0; round <= pieces; round++) {
        double between = round < pieces ? (double)tri_range_block(others, pieces, round).count : 0;
        add_round(&cost, c, net, inside, between);
        inside = between;
    }
    if (pieces < others) cost.memory_bytes = (double)c->bytes * (c->ranks - c->largest);
    return cost;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.pieces = c->nodes - 1};
    if (c->uneven) return best;
    tri_cost total = cost(c, &best, net);
    double best_s = tri_cost_time_s(&total, net);
    /* Steps of one quarter: the cost changes little in between. */
    for (int pieces = 1; pieces < c->nodes - 1; pieces += 1 + pieces / 4) {
        tri_parameters trial = {.pieces = pieces};
        total = cost(c, &trial, net);
        double time_s = tri_cost_time_s(&total, net);
        if (time_s < best_s) best = trial, best_s = time_s;
    }
    return best;
}

/* The nodes of a round, by distance, and the start of their blocks in scratch. Blocks are sorted by the
 * local rank that distributes them, then by node. */
typedef struct batch {
    tri_range distances;
    size_t start;
} batch;

static int gathers(const tri_context *c, const tri_call *call) {
    return call->parameters.pieces < c->shape->nodes - 1;
}

static size_t scratch(const tri_context *c, const tri_call *call) {
    return gathers(c, call) ? (size_t)c->size * call->count : 0;
}

static int size_of(const tri_shape *s, int node) {
    return s->node_start[node + 1] - s->node_start[node];
}
static int node_at(const tri_shape *s, int distance) {
    return (s->node + s->nodes + distance) % s->nodes;
}
static int size_at(const tri_shape *s, size_t distance) {
    return size_of(s, node_at(s, -(int)distance));
}

/* The start of a local rank's blocks. */
static void *run_of(const tri_context *c, const tri_call *call, const batch *b, int local) {
    const tri_shape *s = c->shape;
    size_t blocks = 0;
    for (size_t d = b->distances.first; d < b->distances.first + b->distances.count; d++) {
        int size = size_at(s, d), more = size % s->local_size;
        blocks += (size_t)(size / s->local_size * local + (more < local ? more : local));
    }
    return tri_unit(c, call->scratch, b->start + blocks * call->count);
}

static batch next_batch(const tri_context *c, const tri_call *call, const batch *b, size_t count) {
    batch next = {{b->distances.first + b->distances.count, count}, b->start};
    for (size_t d = b->distances.first; d < next.distances.first; d++)
        if (d) next.start += (size_t)size_at(c->shape, d) * call->count;
    return next;
}

/* Sends the own block to the node at `distance` and receives this rank's share of the blocks of the node
 * at -`distance`: into the receive buffer, or to *gathered. */
static tri_status exchange(tri_context *c, const tri_call *call, int distance, void **gathered) {
    const tri_shape *s = c->shape;
    int to = node_at(s, distance), from = node_at(s, -distance);
    for (int i = s->local_rank; i < size_of(s, from); i += s->local_size) {
        int peer = s->members[s->node_start[from] + i];
        void *block = gathers(c, call) ? *gathered : tri_recv_block(c, call, peer);
        TRI_TRY(tri_do_recv(c, block, tri_recv_count(c, call, peer), peer));
        *gathered = tri_unit(c, *gathered, call->count);
    }
    return tri_do_send(c, tri_recv_block(c, call, c->rank), tri_recv_count(c, call, c->rank),
                       s->members[s->node_start[to] + s->local_rank % size_of(s, to)]);
}

static tri_status get(tri_context *c, const tri_call *call, const batch *b) {
    void *gathered = gathers(c, call) ? run_of(c, call, b, c->shape->local_rank) : NULL;
    size_t d = b->distances.first, end = d + b->distances.count;
    if (d == 0) {
        TRI_TRY(tri_do_copy(c, gathered, call->send, call->count));
        gathered = tri_unit(c, gathered, call->count);
        d++;
    }
    for (; d < end; d++)
        TRI_TRY(exchange(c, call, (int)d, &gathered));
    return TRI_OK;
}

/* Distributes this rank's share of the blocks from the node at `distance` inside its node, and receives
 * the other ranks' shares. */
static tri_status pass_on(tri_context *c, const tri_call *call, int distance) {
    const tri_shape *s = c->shape;
    int from = node_at(s, -distance);
    for (int k = 1; k < s->local_size; k++) {
        int below = (s->local_rank + s->local_size - k) % s->local_size,
            above = (s->local_rank + k) % s->local_size;
        for (int i = below; i < size_of(s, from); i += s->local_size) {
            int rank = s->members[s->node_start[from] + i];
            TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, rank), tri_recv_count(c, call, rank),
                                s->members[s->node_start[s->node] + below]));
        }
        for (int i = s->local_rank; i < size_of(s, from); i += s->local_size) {
            int rank = s->members[s->node_start[from] + i];
            TRI_TRY(tri_do_send(c, tri_recv_block(c, call, rank), tri_recv_count(c, call, rank),
                                s->members[s->node_start[s->node] + above]));
        }
    }
    return TRI_OK;
}

/* The same for all nodes of a batch. */
static tri_status pass_on_batch(tri_context *c, const tri_call *call, const batch *b) {
    const tri_shape *s = c->shape;
    const int *member = s->members + s->node_start[s->node];
    char *mine = run_of(c, call, b, s->local_rank);
    size_t bytes = (size_t)((char *)run_of(c, call, b, s->local_rank + 1) - mine);
    for (int k = 1; k < s->local_size; k++) {
        int below = (s->local_rank + s->local_size - k) % s->local_size,
            above = (s->local_rank + k) % s->local_size;
        char *theirs = run_of(c, call, b, below), *end = run_of(c, call, b, below + 1);
        TRI_TRY(tri_do_recv(c, theirs, (size_t)(end - theirs) / c->unit_bytes, member[below]));
        TRI_TRY(tri_do_send(c, mine, bytes / c->unit_bytes, member[above]));
    }
    return TRI_OK;
}

static tri_status unpack(tri_context *c, const tri_call *call, const batch *b) {
    const tri_shape *s = c->shape;
    void *from = run_of(c, call, b, 0);
    for (int local = 0; local < s->local_size; local++)
        for (size_t d = b->distances.first; d < b->distances.first + b->distances.count; d++)
            for (int i = local; i < size_at(s, d); i += s->local_size) {
                int rank = s->members[s->node_start[node_at(s, -(int)d)] + i];
                TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, rank), from, call->count));
                from = tri_unit(c, from, call->count);
            }
    return TRI_OK;
}

static tri_status run_at_once(tri_context *c, const tri_call *call) {
    batch all = {{0, (size_t)c->shape->nodes}, 0};
    TRI_TRY(get(c, call, &all));
    TRI_TRY(tri_do_wait(c));
    TRI_TRY(pass_on_batch(c, call, &all));
    TRI_TRY(tri_do_wait(c));
    return unpack(c, call, &all);
}

static tri_status run(tri_context *c, const tri_call *call) {
    size_t others = (size_t)c->shape->nodes - 1, pieces = (size_t)call->parameters.pieces;
    batch have = {{0, 1}, 0};
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), call->send, tri_recv_count(c, call, c->rank)));
    if (at_once(c->shape->nodes, &call->parameters)) return run_at_once(c, call);
    for (size_t round = 0; round <= pieces; round++) {
        batch come =
            next_batch(c, call, &have, round < pieces ? tri_range_block(others, pieces, round).count : 0);
        TRI_TRY(get(c, call, &come));
        int gathered = round && gathers(c, call);
        TRI_TRY(gathered ? pass_on_batch(c, call, &have) : pass_on(c, call, (int)have.distances.first));
        TRI_TRY(tri_do_wait(c));
        if (gathered) TRI_TRY(unpack(c, call, &have));
        have = come;
    }
    return TRI_OK;
}

const tri_algorithm tri_allgather_node_by_node = {
    .operation = TRI_ALLGATHER,
    .name = "node_by_node",
    .text = "the ranks of a node distribute the blocks of one node while they receive those of the next",
    .can = can,
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
