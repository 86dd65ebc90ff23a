/* Allreduce by a reduce_scatter of equal parts and an allgather (Rabenseifner 2004, "Optimization of collective
 * reduction operations", section 4; with rings it is the ring allreduce, with circulant graphs that of Traff,
 * arXiv 2410.14234).
 *
 * Cost: that of both, on p-th parts.
 */
#include "collectives/algorithm.h"

static int can(const tri_case *c) {
    return c->ranks > 1 && c->commutes;
}

static int parts(const tri_case *c, tri_case part[TRI_PARTS]) {
    part[0] = part[1] = *c;
    part[0].split = part[1].split = 1;
    part[0].operation = TRI_REDUCE_SCATTER;
    part[1].operation = TRI_ALLGATHER;
    part[0].bytes = part[1].bytes = tri_ceil_div(c->bytes, (size_t)c->ranks);
    return 2;
}

/* The rank's part, which cannot be combined in place where the vector is input as well. */
static size_t own(const tri_context *c, const tri_call *call) {
    return tri_ceil_div(call->count, (size_t)c->size);
}

static void plan(const tri_context *c, const tri_call *call, tri_stage stage[TRI_PARTS]) {
    (void)c;
    stage[0].call.split = stage[1].call.split = 1;
    stage[0].call.recv = call->scratch;
    stage[1].call.send = call->scratch;
}

const tri_algorithm tri_allreduce_reduce_scatter_allgather = {
    .operation = TRI_ALLREDUCE,
    .name = "reduce_scatter_allgather",
    .text = "each rank combines a part of the vectors, then all collect the parts",
    .can = can,
    .parts = parts,
    .plan = plan,
    .own = own,
};
