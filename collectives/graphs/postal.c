#include "collectives/graphs/postal.h"

void tri_postal_build(tri_postal *tree, int size, int lambda) {
    tree->lambda = lambda < 1 ? 1 : lambda > TRI_POSTAL_LAMBDA_MAX ? TRI_POSTAL_LAMBDA_MAX : lambda;
    tree->size = size;
    tree->reached[0] = 1;
    int t = 0;
    for (; tree->reached[t] < size; t++) {
        int more = t + 1 < tree->lambda ? 0 : tree->reached[t + 1 - tree->lambda];
        /* Saturate at `size`: larger values are not needed, and the sum could overflow. */
        tree->reached[t + 1] = more > size - tree->reached[t] ? size : tree->reached[t] + more;
    }
    tree->steps = t;
}

int tri_postal_child(const tri_postal *tree, tri_position *position, tri_position *child) {
    while (position->count > 1) {
        int steps = --position->steps, keep = tree->reached[steps];
        if (keep >= position->count) continue;
        *child = (tri_position){.parent = position->first,
                                .first = position->first + keep,
                                .count = position->count - keep,
                                .steps = steps + 1 - tree->lambda};
        position->count = keep;
        return 1;
    }
    return 0;
}

tri_position tri_postal_position(const tri_postal *tree, int rank) {
    tri_position position = {.parent = -1, .count = tree->size, .steps = tree->steps}, child;
    while (position.first != rank && tri_postal_child(tree, &position, &child))
        if (rank >= child.first) position = child;
    return position;
}

/* Cost and time from the root to a rank. */
typedef struct path {
    tri_cost cost;
    double time_s;
} path;

typedef struct costing {
    tri_postal tree;
    const tri_subcase *c;
    const tri_network *net;
    double each, all;
    path last; /* path to the rank that is reached last */
} costing;

static int level_between(const tri_subcase *c, int rank, int other) {
    return c->nodes == 1 || (!c->irregular && rank / c->largest == other / c->largest) ? TRI_INSIDE
                                                                                       : TRI_BETWEEN;
}

static void lengthen(const costing *p, path *link, int level, double latencies, double overheads,
                     double bytes) {
    link->cost.level[level].latencies += latencies;
    link->cost.level[level].overheads += overheads;
    link->cost.level[level].bytes += bytes;
    link->time_s = tri_case_time_s(&link->cost, p->c, p->net);
}

/* Visits the subtree of a rank that has its data at `here`. */
static void visit_children(costing *p, tri_position position, const path *here) {
    if (here->time_s > p->last.time_s) p->last = *here;
    path rank = *here,
         link = *here; /* when the rank can send its next message, and when its outgoing link is free */
    tri_position child;
    while (tri_postal_child(&p->tree, &position, &child)) {
        int level = level_between(p->c, child.parent, child.first);
        lengthen(p, &rank, level, 0, 1, 0);
        if (rank.time_s > link.time_s) link = rank;
        lengthen(p, &link, level, 0, 0, p->each * child.count + p->all);
        path there = link;
        lengthen(p, &there, level, 1, 1, 0);
        /* A long message blocks its sender until it has arrived. */
        if (p->each * child.count + p->all > p->net->eager_bytes) rank = link = there;
        visit_children(p, child, &there);
    }
}

tri_cost tri_postal_cost(const tri_subcase *c, int lambda, double each, double all, const tri_network *net) {
    costing p = {.c = c, .net = net, .each = each, .all = all};
    tri_postal_build(&p.tree, c->ranks, lambda);
    tri_position root = tri_postal_position(&p.tree, 0);
    path here = {.time_s = 0};
    visit_children(&p, root, &here);
    return p.last.cost;
}

int tri_postal_lambda(const tri_subcase *c, double each, double all, const tri_network *net) {
    int best = 1;
    double best_s = 0;
    /* Steps of one quarter: the cost changes little in between. */
    for (int lambda = 1; lambda <= TRI_POSTAL_LAMBDA_MAX && lambda <= 2 * c->ranks;
         lambda += 1 + lambda / 4) {
        tri_cost cost = tri_postal_cost(c, lambda, each, all, net);
        double time_s = tri_case_time_s(&cost, c, net);
        if (lambda == 1 || time_s < best_s) best = lambda, best_s = time_s;
    }
    return best;
}
