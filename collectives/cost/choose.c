/* The choice of the algorithm: the least predicted time. */
#include "collectives/cost/descriptor.h"

int tri_algorithm_fits(const tri_algorithm *a, const tri_subcase *c) {
    return a->operation == c->operation && (!a->can || a->can(c));
}

/* Adds the pick of an algorithm and, up to `depth` levels deep, the picks of its stages. Returns its
 * index, or -1 if the levels do not suffice. */
static int add(tri_recipe *recipe, const tri_algorithm *a, const tri_subcase *c, const tri_network *net,
               int depth);

/* Stages may be composed themselves, but without pieces: only the outermost algorithm uses pieces. */
enum { STAGE_LEVELS = 2, SMALLEST_PIECE_BYTES = 4096 };

/* The same for the best algorithm. */
static int add_best(tri_recipe *recipe, const tri_subcase *c, const tri_network *net, int depth) {
    tri_recipe best = {0};
    int best_pick = -1;
    double best_s = 0;
    for (int i = 0; i < tri_algorithm_list_count; i++) {
        if (!tri_algorithm_fits(tri_algorithm_list[i], c)) continue;
        tri_recipe trial = *recipe;
        int pick = add(&trial, tri_algorithm_list[i], c, net, depth);
        if (pick < 0) continue;
        tri_cost cost = tri_recipe_cost(&trial, pick, c, net);
        double time_s = tri_cost_time_s(&cost, net);
        if (best_pick < 0 || time_s < best_s) best = trial, best_pick = pick, best_s = time_s;
    }
    if (best_pick >= 0) *recipe = best;
    return best_pick;
}

/* The case of one piece. */
static tri_subcase piece_of(const tri_subcase *c, int pieces) {
    tri_subcase piece = *c;
    if (pieces > 1) piece.bytes = tri_ceil_div(c->bytes, (size_t)pieces);
    return piece;
}

/* Adds the pick of a composed algorithm that works on `pieces` pieces of the vector. */
static int add_stages(tri_recipe *recipe, const tri_algorithm *a, const tri_subcase *c,
                      const tri_network *net, int depth, int pieces) {
    int index = recipe->used++;
    tri_pick *pick = &recipe->pick[index];
    *pick = (tri_pick){.algorithm = a, .parameters = {.pieces = pieces}};
    tri_subcase piece = piece_of(c, pieces), stage[TRI_STAGES];
    int count = a->stages(&piece, stage);
    for (int i = 0; i < count; i++) {
        /* Shared-memory algorithms execute at once, so they cannot be stages that overlap. The stages of
         * an algorithm on one node run on subgroups that do not have the shared memory. No stage uses the
         * vectors that were looked up in the shared heap. */
        if (c->nodes == 1 || pieces > 1) stage[i].shared = stage[i].single_copy = 0;
        stage[i].mapped = 0;
        if ((pick->stage[i] = add_best(recipe, &stage[i], net, depth - 1)) < 0) return -1;
    }
    return index;
}

static int add(tri_recipe *recipe, const tri_algorithm *a, const tri_subcase *c, const tri_network *net,
               int depth) {
    if (a->stages && !depth) return -1;
    if (!a->stages) {
        recipe->pick[recipe->used] = (tri_pick){.algorithm = a};
        if (a->tune) recipe->pick[recipe->used].parameters = a->tune(c, net);
        return recipe->used++;
    }
    tri_recipe best = *recipe;
    int index = add_stages(&best, a, c, net, depth, 1), pieces = 2;
    if (index < 0) return -1;
    tri_cost cost = tri_recipe_cost(&best, index, c, net);
    double best_s = tri_cost_time_s(&cost, net);
    /* With more pieces the cost first falls and then rises. */
    while (a->in_pieces && depth == STAGE_LEVELS && !c->nonblocking &&
           c->bytes / (size_t)pieces >= SMALLEST_PIECE_BYTES) {
        tri_recipe trial = *recipe;
        if (add_stages(&trial, a, c, net, depth, pieces) < 0) break;
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

double tri_recipe_make(tri_recipe *recipe, const tri_algorithm *only, const tri_subcase *c,
                       const tri_network *net) {
    recipe->used = 0;
    if (only)
        add(recipe, only, c, net, STAGE_LEVELS);
    else
        add_best(recipe, c, net, STAGE_LEVELS);
    tri_cost cost = tri_recipe_cost(recipe, 0, c, net);
    return tri_cost_time_s(&cost, net);
}

/* On oversubscribed cores a wait costs time slices, on both sides of a message, and work that every rank
 * does takes proportionally longer. Long messages inside a node are single copies. */
enum { SLICES_FOR_A_FLAG = 3, SLICES_FOR_A_MESSAGE = 6, LONG_MESSAGE_BYTES = 2048 };
/* With oversubscribed cores, large data copied by the kernel has left the cache by the next time slice. */
static const double CACHES_LOST = 1.7, CACHE_BYTES = 512 << 10;
static void share_cores(tri_cost *cost, const tri_subcase *c) {
    if (!c->cores) return;
    double bytes = cost->level[TRI_INSIDE].bytes, rank_bytes = cost->level[TRI_INSIDE].rank_bytes;
    /* The cost may count only one of several concurrent messages. */
    double messages = cost->level[TRI_INSIDE].overheads / 2;
    if (bytes > 0) messages = tri_larger(messages, rank_bytes / bytes);
    if (bytes > messages * LONG_MESSAGE_BYTES) cost->single_copies += messages;
    if (c->largest <= c->cores) return;
    double oversubscription = (double)c->largest / c->cores;
    double moved = oversubscription * tri_larger(bytes, rank_bytes);
    double waits = tri_larger(cost->level[TRI_INSIDE].latencies, messages > 0);
    cost->level[TRI_INSIDE].latencies = SLICES_FOR_A_MESSAGE * oversubscription * waits;
    cost->flags *= SLICES_FOR_A_FLAG * oversubscription;
    cost->level[TRI_INSIDE].overheads = 2 * messages * oversubscription;
    cost->level[TRI_INSIDE].bytes = moved * (moved > CACHE_BYTES ? CACHES_LOST : 1);
    cost->memory_bytes *= oversubscription;
    cost->combined_bytes *= oversubscription;
    cost->single_copies *= oversubscription;
    if (cost->single_copy_bytes > CACHE_BYTES) cost->single_copy_bytes *= CACHES_LOST;
}

/* A network in which only one shared resource has a cost: the rank's own time, or the links of one level. */
enum { TRI_BUSY = TRI_LEVELS, TRI_RESOURCES };
static tri_network net_alone(const tri_network *net, int resource) {
    tri_network alone = {.eager_bytes = net->eager_bytes};
    if (resource != TRI_BUSY) {
        alone.level[resource].rank_byte_s = net->level[resource].rank_byte_s;
        alone.level[resource].node_byte_s = net->level[resource].node_byte_s;
        /* Costs that depend on the longest path need this to find it. */
        alone.level[resource].byte_s =
            tri_larger(net->level[resource].rank_byte_s, net->level[resource].node_byte_s);
        alone.level[resource].duplex_byte_s = net->level[resource].duplex_byte_s;
        return alone;
    }
    alone.memory_byte_s = net->memory_byte_s;
    alone.combine_byte_s = net->combine_byte_s;
    for (int level = 0; level < TRI_LEVELS; level++)
        alone.level[level].overhead_s = net->level[level].overhead_s;
    return alone;
}
static tri_cost cost_alone(const tri_cost *cost, int resource) {
    tri_cost alone = {0};
    if (resource != TRI_BUSY) {
        alone.level[resource].rank_bytes = cost->level[resource].rank_bytes;
        alone.level[resource].node_bytes = cost->level[resource].node_bytes;
        alone.level[resource].duplex_bytes = cost->level[resource].duplex_bytes;
        return alone;
    }
    alone.memory_bytes = cost->memory_bytes;
    alone.combined_bytes = cost->combined_bytes;
    for (int level = 0; level < TRI_LEVELS; level++)
        alone.level[level].overheads = cost->level[level].overheads;
    return alone;
}

/* Cost of each further piece when all stages run concurrently, each on TRI_WINDOW pieces: the cost of the
 * slowest stage, or of the busiest resource shared by all stages. A stage's cost shows only its own
 * bottleneck, so the other resources are evaluated in networks where nothing else has a cost. */
static tri_cost piece_cost(const tri_recipe *recipe, const tri_pick *p, const tri_subcase stage[], int count,
                           const tri_network *net) {
    tri_cost step = {0};
    for (int i = 0; i < count; i++) {
        tri_cost one = tri_recipe_cost(recipe, p->stage[i], &stage[i], net);
        one = tri_cost_divided(&one, TRI_WINDOW);
        if (tri_cost_time_s(&one, net) > tri_cost_time_s(&step, net)) step = one;
    }
    for (int resource = 0; resource < TRI_RESOURCES; resource++) {
        tri_network alone = net_alone(net, resource);
        tri_cost all = {0};
        for (int i = 0; i < count; i++) {
            tri_cost one = tri_recipe_cost(recipe, p->stage[i], &stage[i], &alone);
            tri_cost_add(&all, &one);
        }
        all = cost_alone(&all, resource);
        if (tri_cost_time_s(&all, net) > tri_cost_time_s(&step, net)) step = all;
    }
    return step;
}

tri_cost tri_recipe_cost(const tri_recipe *recipe, int pick, const tri_subcase *c, const tri_network *net) {
    const tri_pick *p = &recipe->pick[pick];
    tri_cost cost = {0};
    if (p->algorithm->cost) cost = p->algorithm->cost(c, &p->parameters, net);
    if (!p->algorithm->stages) {
        share_cores(&cost, c);
        return tri_cost_concurrent(&cost, c);
    }
    int pieces = p->parameters.pieces;
    tri_subcase piece = piece_of(c, pieces), stage[TRI_STAGES];
    int count = p->algorithm->stages(&piece, stage);
    for (int i = 0; i < count; i++) {
        tri_cost one = tri_recipe_cost(recipe, p->stage[i], &stage[i], net);
        tri_cost_add(&cost, &one);
    }
    if (pieces < 2) return cost;
    tri_cost step = piece_cost(recipe, p, stage, count, net);
    for (int i = 1; i < pieces; i++)
        tri_cost_add(&cost, &step);
    return cost;
}
