/* Reductions in two parts: a reduce_scatter of equal parts, and what brings the parts to those who want them. */
#ifndef TRI_COLLECTIVES_SCATTERED_H
#define TRI_COLLECTIVES_SCATTERED_H

#include "collectives/engine/algorithm.h"

/* Members of a tri_algorithm; its own parts() calls this one with the operation of the second part. */
int tri_scattered_can(const tri_case *c);
int tri_scattered_parts(const tri_case *c, tri_operation second, tri_case part[TRI_PARTS]);
void tri_scattered_plan(const tri_context *c, const tri_call *call, tri_stage stage[TRI_PARTS]);
size_t tri_scattered_own(const tri_context *c, const tri_call *call);

#endif
