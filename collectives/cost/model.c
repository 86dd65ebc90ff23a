/* The cost model: default numbers, and the time of a cost. */
#include "collectives/cost/terms.h"

/* A server of 2022 or later with 100 Gbit/s between nodes. */
const tri_network tri_network_default = {
    .level = {[TRI_INSIDE] = {.latency_s = 0.2e-6,
                              .overhead_s = 0.25e-6,
                              .byte_s = 1 / 10e9,
                              .rank_byte_s = 1 / 10e9,
                              .node_byte_s = 1 / 100e9},
              [TRI_BETWEEN] = {.latency_s = 1.0e-6,
                               .overhead_s = 0.2e-6,
                               .byte_s = 1 / 12.5e9,
                               .rank_byte_s = 1 / 12.5e9,
                               .node_byte_s = 1 / 12.5e9}},
    .memory_byte_s = 1 / 10e9,
    .combine_byte_s = 1 / 10e9,
    .eager_bytes = 4096,
    .flag_s = 0.35e-6,
    .slot_byte_s = 1 / 15e9,
    .single_copy_s = 2.0e-6,
    .single_copy_byte_s = 1 / 11e9,
};

double tri_cost_time_s(const tri_cost *cost, const tri_network *net) {
    double time = cost->memory_bytes * net->memory_byte_s + cost->combined_bytes * net->combine_byte_s +
                  cost->flags * net->flag_s + cost->slot_bytes * net->slot_byte_s +
                  cost->single_copies * net->single_copy_s +
                  cost->single_copy_bytes * net->single_copy_byte_s;
    for (int level = 0; level < TRI_LEVELS; level++)
        time += cost->level[level].latencies * net->level[level].latency_s +
                cost->level[level].overheads * net->level[level].overhead_s +
                cost->level[level].duplex_bytes * net->level[level].duplex_byte_s +
                tri_larger(cost->level[level].bytes * net->level[level].byte_s,
                           tri_larger(cost->level[level].rank_bytes * net->level[level].rank_byte_s,
                                      cost->level[level].node_bytes * net->level[level].node_byte_s));
    return time;
}
