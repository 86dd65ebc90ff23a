/* The catalogue of collective algorithms: names, costs, and which one is chosen for a case (trireme/cost.h).
 *
 * Algorithms are numbered from 0 to tri_algorithm_count() - 1, operation by operation. All functions are local and
 * thread-safe; strings are static.
 */
#ifndef TRIREME_ALGORITHMS_H
#define TRIREME_ALGORITHMS_H

#include "trireme/cost.h"

#ifdef __cplusplus
extern "C" {
#endif

TRI_API int tri_algorithm_count(void);
TRI_API tri_operation tri_algorithm_operation(int index);
TRI_API const char *tri_algorithm_name(int index);
/* One sentence: what the ranks do. */
TRI_API const char *tri_algorithm_text(int index);

/* Whether it can do this case. */
TRI_API int tri_algorithm_can(int index, const tri_case *c);
/* Its cost with the best parameters, and the predicted seconds. It must be able to do the case. */
TRI_API tri_cost tri_algorithm_cost(int index, const tri_case *c, const tri_network *network);
TRI_API double tri_algorithm_time_s(int index, const tri_case *c, const tri_network *network);

/* The algorithm with the least predicted time; of equal ones the first. */
TRI_API int tri_algorithm_choose(const tri_case *c, const tri_network *network);

#ifdef __cplusplus
}
#endif
#endif
