/* Cost of k-nomial trees. */
#include "collectives/graphs/tree.h"

/* The messages of one rank to `messages` children at once, `distance` apart; each child's subtree has up
 * to `distance` ranks, all subtrees together `ranks`. Includes the path of the last message to its
 * receiver. As many ranks of a node send at once as the node contains subtrees. */
static tri_cost one_level(const tri_subcase *c, int radix, int distance, int messages, int ranks, int arrives,
                          const tri_tree_load *load) {
    tri_cost cost = {0};
    int inside = c->nodes == 1 || (!c->irregular && c->largest % (distance * radix) == 0);
    int level = inside ? TRI_INSIDE : TRI_BETWEEN;
    cost.level[level].overheads = messages + arrives;
    cost.level[level].latencies = arrives;
    double bytes = messages * load->bytes + ranks * load->n_bytes;
    int parents = inside ? (int)tri_ceil_div((size_t)(c->nodes > 1 ? c->largest : c->ranks),
                                             (size_t)distance * (size_t)radix)
                         : 1;
    cost.level[level].bytes = bytes / messages;
    cost.level[level].rank_bytes = bytes;
    cost.level[level].node_bytes = bytes * parents;
    cost.combined_bytes = messages * load->combined;
    return cost;
}

static int larger_of(const tri_cost *a, const tri_cost *b, const tri_subcase *c, const tri_network *net) {
    return tri_case_time_s(a, c, net) >= tri_case_time_s(b, c, net);
}

/* The longest path below a rank whose subtree has `ranks` ranks, with children at `distance` and below.
 * Among the children of one level the last waits longest; if only its subtree is smaller than the others,
 * the child before it may have the longer path. */
static tri_cost longest(const tri_subcase *c, int radix, int distance, int ranks, const tri_tree_load *load,
                        const tri_network *net) {
    tri_cost none = {0};
    if (distance < 1 || ranks < 2) return none;
    int children = (ranks - 1) / distance, full = (ranks - 1) / distance * distance;
    if (!children) return longest(c, radix, distance / radix, ranks, load, net);

    tri_cost best = one_level(c, radix, distance, children, ranks - distance, 1, load);
    tri_cost below = longest(c, radix, distance / radix, ranks - full, load, net);
    tri_cost_add(&best, &below);
    if (ranks - full == distance) return best;

    /* A full subtree: below the previous child, or what this rank itself still has to serve. */
    below = longest(c, radix, distance / radix, distance, load, net);
    tri_cost own = one_level(c, radix, distance, children, ranks - distance, 0, load);
    tri_cost_add(&own, &below);
    if (larger_of(&own, &best, c, net)) best = own;
    if (children > 1) {
        tri_cost before = one_level(c, radix, distance, children - 1, full - distance, 1, load);
        tri_cost_add(&before, &below);
        if (larger_of(&before, &best, c, net)) best = before;
    }
    return best;
}

tri_cost tri_tree_cost(const tri_subcase *c, int radix, const tri_tree_load *load, const tri_network *net) {
    return longest(c, radix, tri_tree_distance(0, c->ranks, radix) / radix, c->ranks, load, net);
}

int tri_tree_tune(const tri_subcase *c, const tri_tree_load *load, const tri_network *net) {
    int best = 2;
    double best_s = 0;
    for (int radix = 2; radix == 2 || (radix <= 32 && radix <= c->ranks); radix++) {
        tri_cost cost = tri_tree_cost(c, radix, load, net);
        double time_s = tri_case_time_s(&cost, c, net);
        if (radix == 2 || time_s < best_s) best = radix, best_s = time_s;
    }
    return best;
}
