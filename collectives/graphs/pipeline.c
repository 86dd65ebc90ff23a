/* Cost of pipelines. */
#include "collectives/graphs/pipeline.h"

enum { SMALLEST_PIECE_BYTES = 512, MOST_PIECES = 1000000 };

/* `times` consecutive messages of one piece. */
static tri_cost hops(const tri_subcase *c, int level, double times, int overheads, int pieces) {
    tri_cost cost = {0};
    cost.level[level].latencies = times;
    cost.level[level].overheads = overheads * times;
    cost.level[level].bytes = times * (double)c->bytes / pieces;
    return cost;
}

tri_cost tri_pipeline_cost(const tri_subcase *c, const tri_pipeline *pipe, int pieces,
                           const tri_network *net) {
    tri_cost cost = {0}, rest[TRI_LEVELS];
    /* Short pieces travel while the receiver still works on earlier ones. */
    int waits = (double)c->bytes / pieces > net->eager_bytes;
    for (int level = 0; level < TRI_LEVELS; level++) {
        tri_cost first = hops(c, level, pipe->hops[level], 2, pieces);
        if (tri_pieces_pile_up(c, level, (double)c->bytes / pieces, pipe->overheads, net))
            first.level[level].bytes *= pieces;
        tri_cost_add(&cost, &first);
        rest[level] = hops(c, level, pipe->hops[level] ? pieces - 1 : 0, pipe->overheads, pieces);
        if (!waits) rest[level].level[level].latencies = 0;
        /* The receivers of all hops but the last forward the previous piece at the same time. */
        if (pipe->hops[level])
            rest[level].level[level].duplex_bytes =
                rest[level].level[level].bytes * (pipe->hops[level] - 1) / pipe->hops[level];
    }
    int slower = tri_case_time_s(&rest[TRI_INSIDE], c, net) > tri_case_time_s(&rest[TRI_BETWEEN], c, net)
                     ? TRI_INSIDE
                     : TRI_BETWEEN;
    tri_cost_add(&cost, &rest[slower]);
    return cost;
}

tri_pipeline tri_pipeline_chain(const tri_subcase *c, int overheads) {
    tri_pipeline pipe = {.overheads = overheads};
    int crossing = c->irregular ? c->ranks - 1 : c->nodes - 1;
    pipe.hops[TRI_BETWEEN] = crossing;
    pipe.hops[TRI_INSIDE] = c->ranks - 1 - crossing;
    return pipe;
}

tri_parameters tri_pipeline_tune(const tri_subcase *c, const tri_pipeline *pipe, const tri_network *net) {
    tri_parameters best = {.pieces = 1};
    double best_s = 0;
    /* Smaller pieces do not pay. Steps of one quarter: the cost changes little in between. */
    size_t most = c->bytes / SMALLEST_PIECE_BYTES;
    for (size_t pieces = 1; pieces == 1 || (pieces <= most && pieces <= MOST_PIECES);
         pieces += 1 + pieces / 4) {
        tri_cost cost = tri_pipeline_cost(c, pipe, (int)pieces, net);
        double time_s = tri_case_time_s(&cost, c, net);
        if (pieces == 1 || time_s < best_s) best.pieces = (int)pieces, best_s = time_s;
    }
    return best;
}
