/* The list of algorithms. */
#include "collectives/algorithms/algorithm.h"

const tri_algorithm *const tri_algorithm_list[] = {
#define X(operation, name) &tri_##operation##_##name,
#include "collectives/algorithms/algorithms.def"
#undef X
};

const int tri_algorithm_list_count = sizeof tri_algorithm_list / sizeof *tri_algorithm_list;
