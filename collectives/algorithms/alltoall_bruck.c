/* Alltoall with few messages (Bruck, Ho, Kipnis, Upfal, Weathersby 1997, section 3).
 *
 * Block i of a rank goes to the rank i above it. Write i in base r. In the round of the digit with place
 * value d, all blocks with digit z travel z x d ranks up, in one message per z. For r = 2 and 8 ranks:
 *
 *     round 0   blocks 1 3 5 7 go 1 up
 *     round 1   blocks 2 3 6 7 go 2 up
 *     round 2   blocks 4 5 6 7 go 4 up
 *
 * Cost: log_r(p) x (latency + 2 (r - 1) overheads + (r - 1) / r x p blocks), and copies. The radix with
 * the least cost is used.
 */
#include "collectives/algorithms/algorithm.h"

static int can(const tri_subcase *c) {
    return !c->uneven && c->ranks > 1;
}

/* Number of blocks below `size` whose digit at place value d is z. */
static int blocks_with(int size, int radix, int d, int z) {
    int period = size / (d * radix) * d, rest = size % (d * radix) - z * d;
    return period + (rest < 0 ? 0 : rest < d ? rest : d);
}

/* Number of ranks per node that send to another node if each sends to the rank `distance` above it. */
static int leaving(const tri_subcase *c, int distance) {
    int back = c->ranks - distance, least = distance < back ? distance : back;
    return c->nodes > 1 && least < c->largest ? least : c->largest;
}

static tri_cost cost(const tri_subcase *c, const tri_parameters *p, const tri_network *net) {
    tri_cost cost = {0};
    double moved = 2.0 * c->ranks;
    for (int d = 1; d < c->ranks; d *= p->radix) {
        int messages = 0, blocks = 0;
        double senders = 0;
        for (int z = 1; z < p->radix && z * d < c->ranks; z++, messages++) {
            blocks += blocks_with(c->ranks, p->radix, d, z);
            senders += leaving(c, z * d);
        }
        tri_cost_burst(&cost, c, net, tri_case_level(c), messages, (double)c->bytes * blocks / messages,
                       senders / messages);
        moved += 2.0 * blocks;
    }
    cost.memory_bytes = moved * (double)c->bytes;
    return cost;
}

static tri_parameters tune(const tri_subcase *c, const tri_network *net) {
    tri_parameters best = {.radix = 2};
    double best_s = 0;
    for (int radix = 2; radix == 2 || (radix <= 64 && radix <= c->ranks); radix++) {
        tri_parameters trial = {.radix = radix};
        tri_cost total = cost(c, &trial, net);
        double time_s = tri_case_time_s(&total, c, net);
        if (radix == 2 || time_s < best_s) best = trial, best_s = time_s;
    }
    return best;
}

/* The blocks, the outgoing ones and the incoming ones. */
static size_t scratch(const tri_context *c, const tri_call *call) {
    return 3 * (size_t)c->size * call->count;
}

/* Copies the blocks with digit z between their places and a contiguous run. Sets *out to their number. */
static tri_status pack(tri_context *c, const tri_call *call, int d, int z, void *run_of, int back, int *out) {
    int radix = call->parameters.radix, packed = 0;
    for (int i = z * d; i < c->size; i++) {
        if (i / d % radix != z) continue;
        void *block = tri_unit(c, call->scratch, (size_t)i * call->count);
        void *at = tri_unit(c, run_of, (size_t)packed++ * call->count);
        TRI_TRY(back ? tri_do_copy(c, block, at, call->count) : tri_do_copy(c, at, block, call->count));
    }
    *out = packed;
    return TRI_OK;
}

static tri_status one_round(tri_context *c, const tri_call *call, int d) {
    int radix = call->parameters.radix, blocks;
    size_t all = (size_t)c->size * call->count, at = 0;
    for (int z = 1; z < radix && z * d < c->size; z++) {
        void *go = tri_unit(c, call->scratch, all + at), *come = tri_unit(c, call->scratch, 2 * all + at);
        TRI_TRY(pack(c, call, d, z, go, 0, &blocks));
        size_t units = (size_t)blocks * call->count;
        TRI_TRY(tri_do_recv(c, come, units, (c->rank - z * d + c->size) % c->size));
        TRI_TRY(tri_do_send(c, go, units, (c->rank + z * d) % c->size));
        at += units;
    }
    TRI_TRY(tri_do_wait(c));
    at = 0;
    for (int z = 1; z < radix && z * d < c->size; z++) {
        TRI_TRY(pack(c, call, d, z, tri_unit(c, call->scratch, 2 * all + at), 1, &blocks));
        at += (size_t)blocks * call->count;
    }
    return TRI_OK;
}

static tri_status run(tri_context *c, const tri_call *call) {
    for (int i = 0; i < c->size; i++)
        TRI_TRY(tri_do_copy(c, tri_unit(c, call->scratch, (size_t)i * call->count),
                            tri_send_block(c, call, (c->rank + i) % c->size), call->count));
    for (int d = 1; d < c->size; d *= call->parameters.radix)
        TRI_TRY(one_round(c, call, d));
    for (int i = 0; i < c->size; i++)
        TRI_TRY(tri_do_copy(c, tri_recv_block(c, call, (c->rank - i + c->size) % c->size),
                            tri_unit(c, call->scratch, (size_t)i * call->count), call->count));
    return TRI_OK;
}

const tri_algorithm tri_alltoall_bruck = {
    .operation = TRI_ALLTOALL,
    .name = "bruck",
    .text = "blocks travel by the digits of their distance, many in one message",
    .can = can,
    .tune = tune,
    .cost = cost,
    .scratch = scratch,
    .run = run,
};
