#include "collectives/graphs/postal.h"

void tri_postal_grow(tri_postal *tree, int size, int flight) {
    tree->flight = flight < 1 ? 1 : flight > TRI_FLIGHT ? TRI_FLIGHT : flight;
    tree->size = size;
    tree->reach[0] = 1;
    int t = 0;
    for (; tree->reach[t] < size; t++) {
        int more = t + 1 < tree->flight ? 0 : tree->reach[t + 1 - tree->flight];
        /* Beyond the size nothing is asked, and the sum of two ints below it may be too large for one. */
        tree->reach[t + 1] = more > size - tree->reach[t] ? size : tree->reach[t] + more;
    }
    tree->steps = t;
}

int tri_postal_child(const tri_postal *tree, tri_seat *seat, tri_seat *child) {
    while (seat->count > 1) {
        int steps = --seat->steps, keep = tree->reach[steps];
        if (keep >= seat->count) continue;
        *child = (tri_seat){.parent = seat->first,
                            .first = seat->first + keep,
                            .count = seat->count - keep,
                            .steps = steps + 1 - tree->flight};
        seat->count = keep;
        return 1;
    }
    return 0;
}

tri_seat tri_postal_seat(const tri_postal *tree, int rank) {
    tri_seat seat = {.parent = -1, .count = tree->size, .steps = tree->steps}, child;
    while (seat.first != rank && tri_postal_child(tree, &seat, &child))
        if (rank >= child.first) seat = child;
    return seat;
}

/* What is on the way to a rank, and how long it takes. */
typedef struct path {
    tri_cost cost;
    double time_s;
} path;

typedef struct pricing {
    tri_postal tree;
    const tri_subcase *c;
    const tri_network *net;
    double each, all;
    path last; /* the rank that is reached last */
} pricing;

static int level_between(const tri_subcase *c, int rank, int other) {
    return c->nodes == 1 || (!c->irregular && rank / c->largest == other / c->largest) ? TRI_INSIDE
                                                                                       : TRI_BETWEEN;
}

static void lengthen(const pricing *p, path *way, int level, double latencies, double overheads,
                     double bytes) {
    way->cost.level[level].latencies += latencies;
    way->cost.level[level].overheads += overheads;
    way->cost.level[level].bytes += bytes;
    way->time_s = tri_case_time_s(&way->cost, p->c, p->net);
}

/* The subtree of a rank that has its data when `here` says. */
static void reach_children(pricing *p, tri_seat seat, const path *here) {
    if (here->time_s > p->last.time_s) p->last = *here;
    path rank = *here, way = *here; /* when the rank is free for the next message, and when its way out is */
    tri_seat child;
    while (tri_postal_child(&p->tree, &seat, &child)) {
        int level = level_between(p->c, child.parent, child.first);
        lengthen(p, &rank, level, 0, 1, 0);
        if (rank.time_s > way.time_s) way = rank;
        lengthen(p, &way, level, 0, 0, p->each * child.count + p->all);
        path there = way;
        lengthen(p, &there, level, 1, 1, 0);
        /* Who waits for a long message to be taken before the next waits until it is there. */
        if (p->each * child.count + p->all > p->net->eager_bytes) rank = way = there;
        reach_children(p, child, &there);
    }
}

tri_cost tri_postal_cost(const tri_subcase *c, int flight, double each, double all, const tri_network *net) {
    pricing p = {.c = c, .net = net, .each = each, .all = all};
    tri_postal_grow(&p.tree, c->ranks, flight);
    tri_seat root = tri_postal_seat(&p.tree, 0);
    path here = {.time_s = 0};
    reach_children(&p, root, &here);
    return p.last.cost;
}

int tri_postal_flight(const tri_subcase *c, double each, double all, const tri_network *net) {
    int best = 1;
    double best_s = 0;
    /* Steps of a quarter: the cost changes little between them. */
    for (int flight = 1; flight <= TRI_FLIGHT && flight <= 2 * c->ranks; flight += 1 + flight / 4) {
        tri_cost cost = tri_postal_cost(c, flight, each, all, net);
        double time_s = tri_case_time_s(&cost, c, net);
        if (flight == 1 || time_s < best_s) best = flight, best_s = time_s;
    }
    return best;
}
