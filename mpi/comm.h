/* The communicator from inside; for mpi/ and collectives/ alone. */
#ifndef TRI_MPI_COMM_H
#define TRI_MPI_COMM_H

#include <stddef.h>

#include "trireme/comm.h"

/* A communicator and all that were split off it, directly or not. What is pending on one of them is progressed by a wait on
 * any of them. */
typedef struct tri_family {
    int members;
    void *pending;                         /* of the layer above; NULL: nothing */
    void (*progress)(struct tri_family *); /* set before `pending` is */
} tri_family;

struct tri_comm {
    MPI_Comm mpi;
    tri_family *family;
    int rank, size;
    char host[64];
    tri_shape shape;
    int *shape_arrays; /* what the pointers of `shape` point into */
    void *above;       /* state of the layer above, and how to free it */
    void (*above_destroy)(void *);
    /* tri_comm_set_combine() (trireme/collectives.h); NULL: none. */
    int (*combine)(void *data, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);
    void *combine_data;
    struct tri_shared *shared; /* NULL until tri_shared_of() */
};

/* Duplicates `parent`; node_of as in tri_comm_options. `family`: to which it belongs; NULL: a new one. Collective. */
tri_status tri_comm_open(MPI_Comm parent, const int *node_of, tri_family *family, tri_comm **out);

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
