/* The price of pipelines. */
#include "collectives/pipeline.h"

#include <math.h>

static tri_cost on_level(const tri_case *c, int level, double rounds, int overheads, int pieces) {
    tri_cost price = {0};
    price.level[level].latencies = rounds;
    price.level[level].overheads = overheads * rounds;
    price.level[level].bytes = rounds * (double)c->bytes / pieces;
    return price;
}

tri_cost tri_pipeline_cost(const tri_case *c, int fill, int overheads, int pieces, const tri_net *net) {
    double rounds = fill + pieces;
    tri_cost between = on_level(c, tri_case_level(c), rounds, overheads, pieces);
    if (c->nodes == 1 || c->largest == 1) return between;
    tri_cost inside = on_level(c, TRI_INSIDE, rounds, overheads, pieces);
    return tri_cost_time_s(&inside, net) > tri_cost_time_s(&between, net) ? inside : between;
}

/* (fill + s) x (fixed + bytes / s) is least where s is the root of fill x bytes / fixed. */
tri_parameters tri_pipeline_tune(const tri_case *c, int fill, int overheads, const tri_net *net) {
    int level = tri_case_level(c);
    double fixed_s = net->level[level].latency_s + overheads * net->level[level].overhead_s;
    double byte_s = tri_larger(net->level[level].byte_s, net->level[TRI_INSIDE].byte_s);
    double pieces = fixed_s > 0 && fill > 0 ? sqrt(fill * (double)c->bytes * byte_s / fixed_s) : 1;
    /* No piece below a byte a rank would notice, and a number that fits an int. */
    double most = (double)c->bytes / 512 < 1e6 ? (double)c->bytes / 512 : 1e6;
    if (pieces > most) pieces = most;
    tri_parameters best = {.pieces = pieces < 1 ? 1 : (int)(pieces + 0.5)};
    return best;
}
