/* Recomputes the statistics independently: element by element, without vector code, with another
 * distribution over ranks. */
#ifndef TRIREME_APPS_REDUCE_VERIFY_H
#define TRIREME_APPS_REDUCE_VERIFY_H

#include "apps/common/reduce_workers.h"
#include "apps/reduce/input.h"

/* *out at rank 0: the moments of the whole vector. Collective. */
tri_status reduce_verify_moments(tri_run *run, reduce_input *input, tri_moments *out);

/* *out at rank 0: the ordered sum of the whole vector. Collective. */
tri_status reduce_verify_ordered(tri_run *run, reduce_input *input, double *out);

/* Whether two doubles have the same bits; all NaN are equal. */
int reduce_same(double a, double b);

#endif
