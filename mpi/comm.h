/* The communicator from inside; for mpi/ and collectives/ alone. */
#ifndef TRI_MPI_COMM_H
#define TRI_MPI_COMM_H

#include <stddef.h>

#include "trireme/comm.h"

/* A communicator, those that were split off it, and those that were split off these. */
typedef struct tri_family {
    int members;
    struct tri_request *pending; /* of collectives/: requests on any of them that are not freed yet */
} tri_family;

struct tri_comm {
    MPI_Comm mpi;
    tri_family *family;
    int rank, size;
    char host[64];
    tri_shape shape;
    int *shape_arrays;       /* what the pointers of `shape` point into */
    struct tri_calls *calls; /* of collectives/: NULL until the first collective call */
    void (*calls_destroy)(struct tri_calls *);
    /* tri_comm_set_combine() (trireme/collectives.h); NULL: none. */
    int (*combine)(void *data, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);
    void *combine_data;
    struct tri_shared *shared; /* NULL until tri_shared_of() */
};

/* Fills comm->shape from a node label for each rank. */
tri_status tri_shape_create(tri_comm *comm, const int *label_of);

/* A datatype of `count` elements of `type` whose own count fits an int. It is committed; the caller frees it.
 */
tri_status tri_big_type(size_t count, MPI_Datatype type, MPI_Datatype *out);

/* Messages as in trireme/message.h, with any tag. */
tri_status tri_start_send(const void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out);
tri_status tri_start_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out);

#endif
