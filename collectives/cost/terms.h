/* Terms for stating costs. */
#ifndef TRI_COLLECTIVES_COST_TERMS_H
#define TRI_COLLECTIVES_COST_TERMS_H

#include "trireme/cost.h"

/* A case as the choice sees it: the fields of tri_case, and what a composed algorithm adds if the case is
 * that of a stage. */
typedef struct tri_subcase {
    tri_operation operation;
    int ranks, nodes;
    int largest;
    int irregular;
    size_t bytes;
    int uneven;
    int commutes;
    size_t unit_bytes;
    int shared, single_copy, mapped, cores;
    int split;       /* the blocks divide one vector; some may be one unit shorter */
    int fewer;       /* other groups that run the same stage concurrently have fewer ranks */
    int sharing;     /* ranks per node that run the same stage concurrently, in separate groups; 0 means 1 */
    int nonblocking; /* stages do not overlap */
} tri_subcase;

static inline tri_subcase tri_subcase_of(const tri_case *c) {
    tri_subcase out = {.operation = c->operation,
                       .ranks = c->ranks,
                       .nodes = c->nodes,
                       .largest = c->largest,
                       .irregular = c->irregular,
                       .bytes = c->bytes,
                       .uneven = c->uneven,
                       .commutes = c->commutes,
                       .unit_bytes = c->unit_bytes,
                       .shared = c->shared,
                       .single_copy = c->single_copy,
                       .mapped = c->mapped,
                       .cores = c->cores};
    return out;
}

/* Level of messages between arbitrary ranks: between nodes if there are several. */
static inline int tri_case_level(const tri_subcase *c) {
    return c->nodes > 1 ? TRI_BETWEEN : TRI_INSIDE;
}

/* Level of messages between ranks r and r + distance, where r has no bit below `distance` set: binomial
 * trees and butterflies from rank 0. */
static inline int tri_distance_level(const tri_subcase *c, int distance) {
    return c->nodes > 1 && (c->irregular || c->largest % (2 * distance)) ? TRI_BETWEEN : TRI_INSIDE;
}

static inline double tri_larger(double a, double b) {
    return a > b ? a : b;
}

/* A cost is stated for a single group. This adds the other groups that use the nodes' links concurrently. */
static inline tri_cost tri_cost_concurrent(const tri_cost *cost, const tri_subcase *c) {
    tri_cost all = *cost;
    double *link = &all.level[TRI_BETWEEN].node_bytes;
    if (c->sharing > 1) *link = c->sharing * tri_larger(*link, all.level[TRI_BETWEEN].bytes);
    return all;
}
/* The time of that cost. */
static inline double tri_case_time_s(const tri_cost *cost, const tri_subcase *c, const tri_network *net) {
    tri_cost all = tri_cost_concurrent(cost, c);
    return tri_cost_time_s(&all, net);
}

/* Sequential composition. */
static inline void tri_cost_add(tri_cost *sum, const tri_cost *more) {
    for (int level = 0; level < TRI_LEVELS; level++) {
        double bytes = sum->level[level].bytes, more_bytes = more->level[level].bytes;
        sum->level[level].latencies += more->level[level].latencies;
        sum->level[level].overheads += more->level[level].overheads;
        sum->level[level].bytes = bytes + more_bytes;
        sum->level[level].duplex_bytes += more->level[level].duplex_bytes;
        sum->level[level].rank_bytes = tri_larger(sum->level[level].rank_bytes, bytes) +
                                       tri_larger(more->level[level].rank_bytes, more_bytes);
        sum->level[level].node_bytes = tri_larger(sum->level[level].node_bytes, bytes) +
                                       tri_larger(more->level[level].node_bytes, more_bytes);
    }
    sum->memory_bytes += more->memory_bytes;
    sum->combined_bytes += more->combined_bytes;
    sum->flags += more->flags;
    sum->slot_bytes += more->slot_bytes;
    sum->single_copies += more->single_copies;
    sum->single_copy_bytes += more->single_copy_bytes;
}

/* One of `shares` equal shares of a cost. */
static inline tri_cost tri_cost_divided(const tri_cost *cost, int shares) {
    tri_cost one = *cost;
    for (int level = 0; level < TRI_LEVELS; level++) {
        one.level[level].latencies /= shares;
        one.level[level].overheads /= shares;
        one.level[level].bytes /= shares;
        one.level[level].rank_bytes /= shares;
        one.level[level].node_bytes /= shares;
        one.level[level].duplex_bytes /= shares;
    }
    one.memory_bytes /= shares;
    one.combined_bytes /= shares;
    one.flags /= shares;
    one.slot_bytes /= shares;
    one.single_copies /= shares;
    one.single_copy_bytes /= shares;
    return one;
}

/* Several nodes, each with the same number of ranks, more than one. */
static inline int tri_case_even_nodes(const tri_subcase *c) {
    return c->nodes > 1 && c->largest > 1 && c->ranks == c->nodes * c->largest;
}

/* The same, with equal blocks. */
static inline int tri_case_even_blocks(const tri_subcase *c) {
    return tri_case_even_nodes(c) && !c->uneven && !c->split;
}
/* The same, and the blocks of a node are contiguous. */
static inline int tri_case_even_runs(const tri_subcase *c) {
    return tri_case_even_blocks(c) && !c->irregular;
}

/* The cases of stages that run among one rank of each node, among the ranks of equal local rank (all lanes
 * concurrently), and inside each node. */
static inline tri_subcase tri_case_of_nodes(const tri_subcase *c, tri_operation operation, size_t bytes) {
    tri_subcase stage = *c;
    stage.operation = operation;
    stage.bytes = bytes;
    stage.ranks = c->nodes;
    stage.largest = 1;
    stage.irregular = stage.split = 0;
    return stage;
}
static inline tri_subcase tri_case_of_lanes(const tri_subcase *c, tri_operation operation, size_t bytes) {
    tri_subcase stage = tri_case_of_nodes(c, operation, bytes);
    stage.sharing = c->largest;
    return stage;
}
static inline tri_subcase tri_case_of_node(const tri_subcase *c, tri_operation operation, size_t bytes) {
    tri_subcase stage = *c;
    stage.operation = operation;
    stage.bytes = bytes;
    stage.ranks = c->largest;
    stage.fewer = c->ranks != c->nodes * c->largest;
    stage.nodes = 1;
    stage.irregular = stage.split = 0;
    stage.sharing = 0;
    return stage;
}

/* Rounds of doubling needed to reach `ranks` ranks. */
static inline int tri_log2_up(int ranks) {
    int rounds = 0;
    while ((1L << rounds) < ranks)
        rounds++;
    return rounds;
}

static inline size_t tri_ceil_div(size_t a, size_t b) {
    return a / b + (a % b != 0);
}

/* Messages of `bytes` between one rank and all others, concurrently. The last one waits either for the
 * rank's overheads or for the bytes of all. */
static inline void tri_cost_star(tri_cost *cost, const tri_subcase *c, double bytes, const tri_network *net) {
    int near = (c->nodes > 1 ? c->largest : c->ranks) - 1, far = c->ranks - 1 - near,
        level = tri_case_level(c);
    tri_cost busy = {0}, full = {0};
    busy.level[level].latencies = full.level[level].latencies = 1;
    busy.level[level].overheads = c->ranks;
    full.level[level].overheads = 2;
    busy.level[level].bytes = full.level[level].bytes = bytes;
    full.level[TRI_INSIDE].rank_bytes = full.level[TRI_INSIDE].node_bytes = bytes * near;
    if (far) full.level[TRI_BETWEEN].rank_bytes = full.level[TRI_BETWEEN].node_bytes = bytes * far;
    tri_cost_add(cost, tri_case_time_s(&busy, c, net) > tri_case_time_s(&full, c, net) ? &busy : &full);
}

/* `times` consecutive rounds in which a rank sends one message of `bytes` and receives one, while
 * `senders` ranks of each node do so. */
static inline void tri_cost_rounds(tri_cost *cost, int level, double times, double bytes, int senders) {
    tri_cost more = {0};
    more.level[level].latencies = times;
    more.level[level].overheads = 2 * times;
    more.level[level].bytes = more.level[level].duplex_bytes = times * bytes;
    more.level[level].node_bytes = times * bytes * senders;
    tri_cost_add(cost, &more);
}

/* `times` rounds in which every rank sends one message of `bytes` and receives one; `far` ranks per node
 * send to other nodes. The slower level counts, since all messages of a round are concurrent. */
static inline void tri_cost_steps(tri_cost *cost, const tri_subcase *c, double times, double bytes, int far,
                                  const tri_network *net) {
    tri_cost between = {0}, inside = {0};
    if (far) tri_cost_rounds(&between, TRI_BETWEEN, times, bytes, far);
    if (c->nodes == 1 || far < c->largest)
        tri_cost_rounds(&inside, TRI_INSIDE, times, bytes, c->largest - far);
    tri_cost_add(cost,
                 tri_case_time_s(&inside, c, net) > tri_case_time_s(&between, c, net) ? &inside : &between);
}

/* `times` rounds in which every rank sends to the next rank of a ring. Short blocks do not wait for the
 * slowest message of each round: only the levels on the block's own path count. */
static inline void tri_cost_ring(tri_cost *cost, const tri_subcase *c, double times, double bytes,
                                 const tri_network *net) {
    int layered = c->nodes > 1 && c->largest > 1 && !c->irregular;
    if (!layered || bytes > net->eager_bytes) {
        tri_cost_steps(cost, c, times, bytes, c->nodes > 1, net);
        return;
    }
    double far = times < c->nodes ? times : c->nodes;
    tri_cost_rounds(cost, TRI_BETWEEN, far, bytes, 1);
    tri_cost_rounds(cost, TRI_INSIDE, times - far, bytes, c->largest - 1);
}

/* A round in which a rank sends `messages` messages of `bytes` and receives as many, concurrently, while
 * `senders` ranks of each node do so. It ends when the last message is sent, when the bytes of all have
 * passed, or when the rank has done its overheads, whichever is last. */
static inline void tri_cost_burst(tri_cost *cost, const tri_subcase *c, const tri_network *net, int level,
                                  int messages, double bytes, double senders) {
    tri_cost late = {0}, busy = {0}, full = {0};
    late.level[level].latencies = full.level[level].latencies = 1;
    late.level[level].overheads = messages + 1;
    late.level[level].bytes = full.level[level].bytes = bytes;
    late.level[level].duplex_bytes = full.level[level].duplex_bytes = bytes;
    busy.level[level].overheads = 2 * messages;
    full.level[level].overheads = 2;
    full.level[level].rank_bytes = bytes * messages;
    full.level[level].node_bytes = bytes * messages * senders;
    const tri_cost *most = &full;
    if (tri_case_time_s(&late, c, net) > tri_case_time_s(most, c, net)) most = &late;
    if (tri_case_time_s(&busy, c, net) > tri_case_time_s(most, c, net)) most = &busy;
    tri_cost_add(cost, most);
}

/* Whether the pieces of a pipeline queue up on a level. Senders do not wait for short pieces, so these
 * leave at the pace of the overheads; on a slower link they share the bandwidth and all arrive at the end. */
static inline int tri_pieces_pile_up(const tri_subcase *c, int level, double bytes, int overheads,
                                     const tri_network *net) {
    double byte_s = net->level[level].byte_s;
    if (level == TRI_BETWEEN && c->sharing > 1)
        byte_s = tri_larger(byte_s, c->sharing * net->level[level].node_byte_s);
    return bytes <= net->eager_bytes && bytes * byte_s > overheads * net->level[level].overhead_s;
}

/* A round in which every rank sends to the rank `distance` above it. */
static inline void tri_cost_shift(tri_cost *cost, const tri_subcase *c, int distance, double bytes) {
    int senders = c->nodes == 1 || distance > c->largest ? c->largest : distance;
    tri_cost_rounds(cost, tri_case_level(c), 1, bytes, senders);
}

/* A round in which every rank exchanges with the rank whose number differs in bit `distance`. */
static inline void tri_cost_swap(tri_cost *cost, const tri_subcase *c, int distance, double bytes) {
    tri_cost_rounds(cost, tri_distance_level(c, distance), 1, bytes, c->largest);
}

#endif
