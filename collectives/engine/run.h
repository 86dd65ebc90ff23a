/* Execution of a call whose recipe is known: a plain algorithm, or the stages of a composed one. */
#ifndef TRI_COLLECTIVES_ENGINE_RUN_H
#define TRI_COLLECTIVES_ENGINE_RUN_H

#include "collectives/engine/verbs.h"

/* engine/stages.c: units of scratch that this rank needs. */
size_t tri_call_scratch(const tri_context *c, const tri_call *call);

/* engine/stages.c: the stages of the algorithm that call->recipe picks, with their parameters. Returns
 * their number. A stage that this rank takes no part in has context.rank -1. tri_stages_of_piece() makes
 * the stages of one piece, each with its own scratch. */
int tri_stages_make(const tri_context *c, const tri_call *call, tri_stage *stage);
int tri_stages_of_piece(const tri_context *c, const tri_call *call, int piece, tri_stage *stage);

/* Executes the call. A call in several pieces needs the context of the whole communicator. */
tri_status tri_call_execute(tri_context *c, const tri_call *call);

#endif
