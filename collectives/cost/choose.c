/* The choice among algorithms: the least predicted time. */
#include "collectives/engine/engine.h"
#include "collectives/engine/pieces.h"

/* A server of 2022 or later with 100 Gbit/s between nodes. */
const tri_net tri_net_default = {
    .level = {[TRI_INSIDE] = {.latency_s = 0.2e-6,
                              .overhead_s = 0.25e-6,
                              .byte_s = 1 / 10e9,
                              .rank_byte_s = 1 / 10e9,
                              .node_byte_s = 1 / 100e9},
              [TRI_BETWEEN] = {.latency_s = 1.0e-6,
                               .overhead_s = 0.2e-6,
                               .byte_s = 1 / 12.5e9,
                               .rank_byte_s = 1 / 12.5e9,
                               .node_byte_s = 1 / 12.5e9}},
    .memory_byte_s = 1 / 10e9,
    .combine_byte_s = 1 / 10e9,
    .eager_bytes = 4096,
    .flag_s = 0.35e-6,
    .slot_byte_s = 1 / 15e9,
    .reach_s = 2.0e-6,
    .reach_byte_s = 1 / 11e9,
};

double tri_cost_time_s(const tri_cost *cost, const tri_net *net) {
    double time = cost->memory_bytes * net->memory_byte_s + cost->combined_bytes * net->combine_byte_s +
                  cost->flags * net->flag_s + cost->slot_bytes * net->slot_byte_s +
                  cost->reaches * net->reach_s + cost->reach_bytes * net->reach_byte_s;
    for (int level = 0; level < TRI_LEVELS; level++)
        time += cost->level[level].latencies * net->level[level].latency_s +
                cost->level[level].overheads * net->level[level].overhead_s +
                cost->level[level].both_bytes * net->level[level].both_byte_s +
                tri_larger(cost->level[level].bytes * net->level[level].byte_s,
                           tri_larger(cost->level[level].rank_bytes * net->level[level].rank_byte_s,
                                      cost->level[level].node_bytes * net->level[level].node_byte_s));
    return time;
}

int tri_algorithm_can(int index, const tri_case *c) {
    const tri_algorithm *a = tri_algorithm_at(index);
    return a->operation == c->operation && (!a->can || a->can(c));
}

/* Adds the pick for an algorithm, and those for its parts, `depth` levels of parts below. Returns its index,
 * or -1 where there is no level left for its parts. */
static int add(tri_recipe *recipe, const tri_algorithm *a, const tri_case *c, const tri_net *net, int depth);

/* Parts may be of parts, on their part of the vector in one piece: only the outermost goes in pieces. */
enum { LEVELS_OF_PARTS = 2, SMALLEST_PIECE_BYTES = 4096 };

/* The same for the best algorithm. */
static int add_best(tri_recipe *recipe, const tri_case *c, const tri_net *net, int depth) {
    tri_recipe best = {0};
    int best_pick = -1;
    double best_s = 0;
    for (int i = 0; i < tri_algorithm_count(); i++) {
        if (!tri_algorithm_can(i, c)) continue;
        tri_recipe trial = *recipe;
        int pick = add(&trial, tri_algorithm_at(i), c, net, depth);
        if (pick < 0) continue;
        tri_cost cost = tri_recipe_cost(&trial, pick, c, net);
        double time_s = tri_cost_time_s(&cost, net);
        if (best_pick < 0 || time_s < best_s) best = trial, best_pick = pick, best_s = time_s;
    }
    if (best_pick >= 0) *recipe = best;
    return best_pick;
}

/* The case of one piece. */
static tri_case piece_of(const tri_case *c, int pieces) {
    tri_case piece = *c;
    if (pieces > 1) piece.bytes = tri_ceil_div(c->bytes, (size_t)pieces);
    return piece;
}

/* Adds the pick for an algorithm of parts that work on `pieces` pieces of the vector. */
static int add_parts(tri_recipe *recipe, const tri_algorithm *a, const tri_case *c, const tri_net *net,
                     int depth, int pieces) {
    int index = recipe->used++;
    tri_pick *pick = &recipe->pick[index];
    *pick = (tri_pick){.algorithm = a, .parameters = {.pieces = pieces}};
    tri_case piece = piece_of(c, pieces), parts[TRI_PARTS];
    int count = a->parts(&piece, parts);
    for (int i = 0; i < count; i++) {
        /* Algorithms over shared memory act at once, so they cannot be parts of pieces that are under way together;
         * parts of what runs inside a node run on other groups than those that share memory, and all parts on
         * other vectors than those that were looked for in the shared heap. */
        if (c->nodes == 1 || pieces > 1) parts[i].shared = parts[i].reach = 0;
        parts[i].mapped = 0;
        if ((pick->part[i] = add_best(recipe, &parts[i], net, depth - 1)) < 0) return -1;
    }
    return index;
}

static int add(tri_recipe *recipe, const tri_algorithm *a, const tri_case *c, const tri_net *net, int depth) {
    if (a->parts && !depth) return -1;
    if (!a->parts) {
        recipe->pick[recipe->used] = (tri_pick){.algorithm = a};
        if (a->tune) recipe->pick[recipe->used].parameters = a->tune(c, net);
        return recipe->used++;
    }
    tri_recipe best = *recipe;
    int index = add_parts(&best, a, c, net, depth, 1), pieces = 2;
    if (index < 0) return -1;
    tri_cost cost = tri_recipe_cost(&best, index, c, net);
    double best_s = tri_cost_time_s(&cost, net);
    /* The price falls with the number of pieces, and then rises. */
    while (a->in_pieces && depth == LEVELS_OF_PARTS && !c->later &&
           c->bytes / (size_t)pieces >= SMALLEST_PIECE_BYTES) {
        tri_recipe trial = *recipe;
        if (add_parts(&trial, a, c, net, depth, pieces) < 0) break;
        cost = tri_recipe_cost(&trial, index, c, net);
        double time_s = tri_cost_time_s(&cost, net);
        if (time_s >= best_s) break;
        best = trial;
        best_s = time_s;
        pieces += (pieces + 1) / 2;
    }
    *recipe = best;
    return index;
}

double tri_recipe_make(tri_recipe *recipe, const tri_algorithm *only, const tri_case *c, const tri_net *net) {
    recipe->used = 0;
    if (only)
        add(recipe, only, c, net, LEVELS_OF_PARTS);
    else
        add_best(recipe, c, net, LEVELS_OF_PARTS);
    tri_cost cost = tri_recipe_cost(recipe, 0, c, net);
    return tri_cost_time_s(&cost, net);
}

/* Where ranks share cores, a wait takes turns of the scheduler, of both sides for a message; and all work that
 * every rank does takes so much longer. Long messages inside a node are copies by the kernel. */
enum { TURNS_FOR_A_FLAG = 3, TURNS_FOR_A_MESSAGE = 6, LONG_MESSAGE_BYTES = 2048 };
/* What the kernel copies between ranks that take turns on a core has left its cache by the next turn, if it is much. */
static const double CACHES_LOST = 1.7, CACHE_BYTES = 512 << 10;
static void share_cores(tri_cost *price, const tri_case *c) {
    if (!c->cores) return;
    double bytes = price->level[TRI_INSIDE].bytes, rank_bytes = price->level[TRI_INSIDE].rank_bytes;
    /* Of messages that are in flight together a network's price may count but one. */
    double messages = price->level[TRI_INSIDE].overheads / 2;
    if (bytes > 0) messages = tri_larger(messages, rank_bytes / bytes);
    if (bytes > messages * LONG_MESSAGE_BYTES) price->reaches += messages;
    if (c->largest <= c->cores) return;
    double crowd = (double)c->largest / c->cores;
    double moved = crowd * tri_larger(bytes, rank_bytes);
    double waits = tri_larger(price->level[TRI_INSIDE].latencies, messages > 0);
    price->level[TRI_INSIDE].latencies = TURNS_FOR_A_MESSAGE * crowd * waits;
    price->flags *= TURNS_FOR_A_FLAG * crowd;
    price->level[TRI_INSIDE].overheads = 2 * messages * crowd;
    price->level[TRI_INSIDE].bytes = moved * (moved > CACHE_BYTES ? CACHES_LOST : 1);
    price->memory_bytes *= crowd;
    price->combined_bytes *= crowd;
    price->reaches *= crowd;
    if (price->reach_bytes > CACHE_BYTES) price->reach_bytes *= CACHES_LOST;
}

/* A network in which one thing alone costs that all parts share: the rank's own time, or the way on a level. */
enum { TRI_BUSY = TRI_LEVELS, TRI_ALONE };
static tri_net net_alone(const tri_net *net, int what) {
    tri_net alone = {.eager_bytes = net->eager_bytes};
    if (what != TRI_BUSY) {
        alone.level[what].rank_byte_s = net->level[what].rank_byte_s;
        alone.level[what].node_byte_s = net->level[what].node_byte_s;
        /* A price that follows the longest way finds it by this. */
        alone.level[what].byte_s = tri_larger(net->level[what].rank_byte_s, net->level[what].node_byte_s);
        alone.level[what].both_byte_s = net->level[what].both_byte_s;
        return alone;
    }
    alone.memory_byte_s = net->memory_byte_s;
    alone.combine_byte_s = net->combine_byte_s;
    for (int level = 0; level < TRI_LEVELS; level++)
        alone.level[level].overhead_s = net->level[level].overhead_s;
    return alone;
}
static tri_cost cost_alone(const tri_cost *price, int what) {
    tri_cost alone = {0};
    if (what != TRI_BUSY) {
        alone.level[what].rank_bytes = price->level[what].rank_bytes;
        alone.level[what].node_bytes = price->level[what].node_bytes;
        alone.level[what].both_bytes = price->level[what].both_bytes;
        return alone;
    }
    alone.memory_bytes = price->memory_bytes;
    alone.combined_bytes = price->combined_bytes;
    for (int level = 0; level < TRI_LEVELS; level++)
        alone.level[level].overheads = price->level[level].overheads;
    return alone;
}

/* What each piece more costs where all parts are at work at once, on TRI_WINDOW pieces each: the slowest part, or what they
 * have in common and is the slowest. A part's price tells only what is slowest in it, so that the rest is asked for in
 * networks in which nothing else costs. */
static tri_cost turn_of(const tri_recipe *recipe, const tri_pick *p, const tri_case parts[], int count,
                        const tri_net *net) {
    tri_cost turn = {0};
    for (int i = 0; i < count; i++) {
        tri_cost part = tri_recipe_cost(recipe, p->part[i], &parts[i], net);
        part = tri_cost_share(&part, TRI_WINDOW);
        if (tri_cost_time_s(&part, net) > tri_cost_time_s(&turn, net)) turn = part;
    }
    for (int what = 0; what < TRI_ALONE; what++) {
        tri_net alone = net_alone(net, what);
        tri_cost all = {0};
        for (int i = 0; i < count; i++) {
            tri_cost part = tri_recipe_cost(recipe, p->part[i], &parts[i], &alone);
            tri_cost_add(&all, &part);
        }
        all = cost_alone(&all, what);
        if (tri_cost_time_s(&all, net) > tri_cost_time_s(&turn, net)) turn = all;
    }
    return turn;
}

tri_cost tri_recipe_cost(const tri_recipe *recipe, int pick, const tri_case *c, const tri_net *net) {
    const tri_pick *p = &recipe->pick[pick];
    tri_cost price = {0};
    if (p->algorithm->cost) price = p->algorithm->cost(c, &p->parameters, net);
    if (!p->algorithm->parts) {
        share_cores(&price, c);
        return tri_cost_shared(&price, c);
    }
    int pieces = p->parameters.pieces;
    tri_case piece = piece_of(c, pieces), parts[TRI_PARTS];
    int count = p->algorithm->parts(&piece, parts);
    for (int i = 0; i < count; i++) {
        tri_cost part = tri_recipe_cost(recipe, p->part[i], &parts[i], net);
        tri_cost_add(&price, &part);
    }
    if (pieces < 2) return price;
    tri_cost turn = turn_of(recipe, p, parts, count, net);
    for (int i = 1; i < pieces; i++)
        tri_cost_add(&price, &turn);
    return price;
}

tri_cost tri_algorithm_cost(int index, const tri_case *c, const tri_net *net) {
    tri_recipe recipe;
    tri_recipe_make(&recipe, tri_algorithm_at(index), c, net);
    return tri_recipe_cost(&recipe, 0, c, net);
}

double tri_algorithm_time_s(int index, const tri_case *c, const tri_net *net) {
    tri_recipe recipe;
    return tri_recipe_make(&recipe, tri_algorithm_at(index), c, net);
}

int tri_algorithm_choose(const tri_case *c, const tri_net *net) {
    tri_recipe recipe;
    tri_recipe_make(&recipe, NULL, c, net);
    int index = 0;
    while (tri_algorithm_at(index) != recipe.pick[0].algorithm)
        index++;
    return index;
}
