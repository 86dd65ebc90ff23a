/* Reductions by TRI_EXACT_SUM. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_EXACT_H
#define TRI_COLLECTIVES_ENGINE_EXACT_H

#include "collectives/engine/arguments.h"

/* The blocking call. Takes over what `a` owns. */
tri_status tri_exact_block(tri_comm *comm, tri_arguments *a);
/* The nonblocking and the persistent one. */
extern const tri_recorder tri_exact_recorder;

#endif
