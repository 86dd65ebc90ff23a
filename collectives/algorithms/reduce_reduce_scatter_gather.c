/* Reduction by a reduce_scatter of equal blocks and a gather (Rabenseifner 2004, "Optimization of
 * collective reduction operations", section 3).
 *
 * Cost: the sum of both, on blocks of 1 / p of the vector.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/algorithms/common/reduce_scatter_first.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    return tri_reduce_scatter_first_stages(c, TRI_GATHER, stage);
}

const tri_algorithm tri_reduce_reduce_scatter_gather = {
    .operation = TRI_REDUCE,
    .name = "reduce_scatter_gather",
    .text = "each rank combines one block of the vectors, then the root collects the blocks",
    .can = tri_reduce_scatter_first_can,
    .stages = stages,
    .plan = tri_reduce_scatter_first_plan,
    .own_scratch = tri_reduce_scatter_first_own,
};
