/* Reductions by TRI_EXACT_SUM. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_EXACT_H
#define TRI_COLLECTIVES_ENGINE_EXACT_H

#include "collectives/engine/arguments.h"
#include "collectives/engine/schedule.h"

/* The memory of a recorded reduction. */
typedef struct tri_exact tri_exact;

/* Whether the call is one. */
static inline int tri_is_exact(const tri_arguments *a) {
    return a->spec.operation >= TRI_REDUCE && a->spec.operands.exact;
}

/* The blocking call. Takes over what `a` owns. */
tri_status tri_exact_block(tri_comm *comm, tri_arguments *a);
/* Records it in an empty schedule. `a` must exist until the schedule is freed, and tri_exact_destroy() frees
 * *out after that. */
tri_status tri_exact_record(tri_comm *comm, const tri_arguments *a, int tag, tri_schedule *schedule,
                            tri_exact **out);
void tri_exact_destroy(tri_exact *exact);

#endif
