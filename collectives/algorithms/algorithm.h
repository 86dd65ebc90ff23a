/* The only header that an algorithm file includes: calls and verbs, costs, and the other algorithms. */
#ifndef TRI_COLLECTIVES_ALGORITHMS_ALGORITHM_H
#define TRI_COLLECTIVES_ALGORITHMS_ALGORITHM_H

#include "collectives/engine/verbs.h"

#define X(operation, name) extern const tri_algorithm tri_##operation##_##name;
#include "collectives/algorithms/algorithms.def"
#undef X

#endif
