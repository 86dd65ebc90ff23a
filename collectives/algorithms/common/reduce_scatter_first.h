/* Reductions in two stages: a reduce_scatter of equal blocks, then a collection of the blocks. */
#ifndef TRI_COLLECTIVES_REDUCE_SCATTER_FIRST_H
#define TRI_COLLECTIVES_REDUCE_SCATTER_FIRST_H

#include "collectives/algorithms/algorithm.h"

/* Members of a tri_algorithm. Its stages() calls this one with the operation of the second stage. */
int tri_reduce_scatter_first_can(const tri_subcase *c);
int tri_reduce_scatter_first_stages(const tri_subcase *c, tri_operation second,
                                    tri_subcase stage[TRI_STAGES]);
void tri_reduce_scatter_first_plan(const tri_context *c, const tri_call *call, tri_stage *stage);
size_t tri_reduce_scatter_first_own(const tri_context *c, const tri_call *call);

#endif
