/* Nonblocking and persistent calls through memory that the ranks of a node share. Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_PENDING_H
#define TRI_COLLECTIVES_ENGINE_PENDING_H

#include "collectives/engine/arguments.h"

/* The recorder of the call, if it is short, all ranks share memory that a blocking call has made, and no
 * algorithm is named for it; otherwise NULL. The same on all ranks. */
const tri_recorder *tri_pending_recorder(const tri_comm *comm, const tri_arguments *a, int persistent);

#endif
