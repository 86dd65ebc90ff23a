/* The verbs that execute, and their state. */
#ifndef TRI_COLLECTIVES_ENGINE_EXECUTE_H
#define TRI_COLLECTIVES_ENGINE_EXECUTE_H

#include "collectives/engine/operands.h"
#include "collectives/engine/verbs.h"
#include "mpi/comm.h"

typedef struct tri_engine {
    MPI_Comm mpi;
    const int *ranks;  /* of the communicator's ranks in `mpi`; NULL: the same */
    MPI_Datatype type; /* of messages */
    size_t per_unit;   /* elements of that type in a unit */
    tri_operands operands;
    tri_combine combine; /* the user's function for long pieces; or NULL */
    void *combine_data;
    int tag;
    MPI_Request *requests; /* requests of this round; grows as needed */
    int started, room;
    tri_family *family; /* progressed during waits; NULL: none */
} tri_engine;

extern const tri_verbs tri_verbs_execute;

#endif
