/* Pipelines: a vector in pieces goes through ranks one behind the other. */
#ifndef TRI_COLLECTIVES_PIPELINE_H
#define TRI_COLLECTIVES_PIPELINE_H

#include "collectives/cost/descriptor.h"

/* The way of a piece: how many messages it takes on each level, one behind the other; and the overheads of the busiest
 * rank for each piece. */
typedef struct tri_pipeline {
    int hops[TRI_LEVELS];
    int overheads;
} tri_pipeline;

/* The cost of the first piece's way, and of the others behind it: at the pace of the slower level that there is, since
 * all links work at once. */
tri_cost tri_pipeline_cost(const tri_subcase *c, const tri_pipeline *pipe, int pieces,
                           const tri_network *net);

/* A chain of all ranks. */
tri_pipeline tri_pipeline_chain(const tri_subcase *c, int overheads);

/* The best number of pieces. */
tri_parameters tri_pipeline_tune(const tri_subcase *c, const tri_pipeline *pipe, const tri_network *net);

#endif
