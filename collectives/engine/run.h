/* Running a call whose recipe is known: a plain algorithm, or the stages of a composed one. */
#ifndef TRI_COLLECTIVES_ENGINE_RUN_H
#define TRI_COLLECTIVES_ENGINE_RUN_H

#include "collectives/engine/verbs.h"

/* engine/stages.c: units of scratch that this rank needs. */
size_t tri_call_scratch(const tri_context *c, const tri_call *call);

/* engine/stages.c: the stages of call->recipe's pick, with their parameters. Returns how many; a group of which this rank is
 * no member has rank -1. tri_stages_of_piece() draws those of one piece, each with its scratch. */
int tri_stages_make(const tri_context *c, const tri_call *call, tri_stage *stage);
int tri_stages_of_piece(const tri_context *c, const tri_call *call, int piece, tri_stage *stage);

/* Runs the call. A call in several pieces needs the context of the whole communicator. */
tri_status tri_call_execute(tri_context *c, const tri_call *call);

#endif
