/* Pipelines: a vector in pieces goes through ranks one behind the other. */
#ifndef TRI_COLLECTIVES_PIPELINE_H
#define TRI_COLLECTIVES_PIPELINE_H

#include "collectives/algorithm.h"

/* The price of `fill` + pieces rounds, in each of which the busiest rank has `overheads` messages of one piece:
 * on the slower of the levels that there are, since all links work at once. */
tri_cost tri_pipeline_cost(const tri_case *c, int fill, int overheads, int pieces, const tri_net *net);

/* The best number of pieces. */
tri_parameters tri_pipeline_tune(const tri_case *c, int fill, int overheads, const tri_net *net);

#endif
