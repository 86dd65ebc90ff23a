/* Algorithms of parts whose parts work on several pieces of the vector at once. For collectives/ alone. */
#ifndef TRI_COLLECTIVES_STRANDS_H
#define TRI_COLLECTIVES_STRANDS_H

#include "collectives/engine/algorithm.h"

/* Pieces of which a part has as many under way at once. */
enum { TRI_WINDOW = 2, TRI_STRANDS = TRI_PARTS * TRI_WINDOW };

/* collectives/engine/pieces.c: runs a call whose parameters have more than one piece; its context is the whole
 * communicator's. */
tri_status tri_strands_run(tri_context *c, const tri_call *call);

/* collectives/engine/stages.c: the stages of one piece, each with its scratch. Returns how many. */
int tri_pieces_draw(const tri_context *c, const tri_call *call, int piece, tri_stage stage[TRI_PARTS]);

#endif
