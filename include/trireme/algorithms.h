/** @file
 * The catalogue of collective algorithms: names, costs, and the choice for a case (trireme/cost.h).
 *
 * Algorithms are numbered from 0 to tri_algorithm_count() - 1, operation by operation; the numbers change
 * between versions. All functions are local and thread-safe; strings are static. An index must be in range.
 */
#ifndef TRIREME_ALGORITHMS_H
#define TRIREME_ALGORITHMS_H

#include "trireme/cost.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Number of algorithms. */
TRI_API int tri_algorithm_count(void);

/** The operation that an algorithm does. */
TRI_API tri_operation tri_algorithm_operation(int index);

/** Its name among the algorithms of its operation, such as "binomial". */
TRI_API const char *tri_algorithm_name(int index);

/** One sentence: what the ranks do. */
TRI_API const char *tri_algorithm_text(int index);

/** Whether it can do this case. */
TRI_API int tri_algorithm_can(int index, const tri_case *c);

/** Its cost with the best parameters. The algorithm must be able to do the case. */
TRI_API tri_cost tri_algorithm_cost(int index, const tri_case *c, const tri_network *network);

/** Predicted seconds of that cost. The algorithm must be able to do the case. */
TRI_API double tri_algorithm_time_s(int index, const tri_case *c, const tri_network *network);

/** The algorithm with the least predicted time; the first of equal ones. */
TRI_API int tri_algorithm_choose(const tri_case *c, const tri_network *network);

#ifdef __cplusplus
}
#endif
#endif
