/* Alltoall in p - 1 rounds of shifts (Thakur, Rabenseifner, Gropp 2005, section 4.4).
 *
 * In round k each rank sends to the rank k above it and receives from the rank k below, so that a rank
 * sends and receives one block at a time.
 *
 * Cost: (p - 1) x (latency + 2 overheads + block), and the blocks that cross the node's link.
 */
#include "collectives/algorithms/algorithm.h"

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    (void)p, (void)net;
    tri_cost cost = {0};
    tri_cost_rounds(&cost, tri_case_level(c), c->ranks - 1, (double)c->bytes, c->nodes > 1 ? 1 : c->ranks);
    /* Every rank of a node has one block for every rank of other nodes. */
    if (c->nodes > 1)
        cost.level[TRI_BETWEEN].node_bytes = (double)c->bytes * c->largest * (c->ranks - c->largest);
    return cost;
}

static tri_status run(tri_context *c, const tri_call *call) {
    TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, c->rank), tri_send_block(c, call, c->rank),
                        tri_recv_count(c, call, c->rank)));
    for (int shift = 1; shift < c->size; shift++) {
        int to = (c->rank + shift) % c->size, from = (c->rank - shift + c->size) % c->size;
        TRI_TRY(tri_do_recv(c, tri_recv_block(c, call, from), tri_recv_count(c, call, from), from));
        TRI_TRY(tri_do_send(c, tri_send_block(c, call, to), tri_send_count(c, call, to), to));
        TRI_TRY(tri_do_wait(c));
    }
    return TRI_OK;
}

const tri_algorithm tri_alltoall_pairwise = {
    .operation = TRI_ALLTOALL,
    .name = "pairwise",
    .text = "in round k each rank sends to the rank k above it and receives from the rank k below",
    .cost = cost,
    .run = run,
};
