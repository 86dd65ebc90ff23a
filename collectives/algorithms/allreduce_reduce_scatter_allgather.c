/* Allreduce by a reduce_scatter of equal blocks and an allgather (Rabenseifner 2004, "Optimization of
 * collective reduction operations", section 4). With rings this is the ring allreduce; with circulant
 * graphs, that of Traff, arXiv 2410.14234.
 *
 * Cost: the sum of both, on blocks of 1 / p of the vector.
 */
#include "collectives/algorithms/algorithm.h"
#include "collectives/algorithms/common/reduce_scatter_first.h"

static int stages(const tri_subcase *c, tri_subcase stage[TRI_STAGES]) {
    return tri_reduce_scatter_first_stages(c, TRI_ALLGATHER, stage);
}

const tri_algorithm tri_allreduce_reduce_scatter_allgather = {
    .operation = TRI_ALLREDUCE,
    .name = "reduce_scatter_allgather",
    .text = "each rank combines one block of the vectors, then all ranks collect the blocks",
    .can = tri_reduce_scatter_first_can,
    .stages = stages,
    .plan = tri_reduce_scatter_first_plan,
    .own_scratch = tri_reduce_scatter_first_own,
};
