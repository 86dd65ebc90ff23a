/* Pipelines: a vector travels in pieces through a sequence of ranks. */
#ifndef TRI_COLLECTIVES_PIPELINE_H
#define TRI_COLLECTIVES_PIPELINE_H

#include "collectives/cost/descriptor.h"

/* The path of a piece: consecutive messages per level, and the overheads of the busiest rank per piece. */
typedef struct tri_pipeline {
    int hops[TRI_LEVELS];
    int overheads;
} tri_pipeline;

/* The cost of the first piece's path, plus the following pieces at the pace of the slower level: all links
 * work concurrently. */
tri_cost tri_pipeline_cost(const tri_subcase *c, const tri_pipeline *pipe, int pieces,
                           const tri_network *net);

/* A chain of all ranks. */
tri_pipeline tri_pipeline_chain(const tri_subcase *c, int overheads);

/* The best number of pieces. */
tri_parameters tri_pipeline_tune(const tri_subcase *c, const tri_pipeline *pipe, const tri_network *net);

#endif
