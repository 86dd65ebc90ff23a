/* The communicator's internals. Only for mpi/ and collectives/. */
#ifndef TRI_MPI_COMM_H
#define TRI_MPI_COMM_H

#include <stddef.h>

#include "trireme/comm.h"

/* A communicator and all communicators split from it, directly or indirectly. A wait on any of them
 * progresses the requests pending on all of them. */
typedef struct tri_family {
    int members;
    void *pending;                         /* state of the layer above; NULL: no pending requests */
    void (*progress)(struct tri_family *); /* set before `pending` is set */
} tri_family;

static inline int tri_family_is_pending(const tri_family *family) {
    return family && family->pending;
}

struct tri_comm {
    MPI_Comm mpi;
    tri_family *family;
    int rank, size;
    char host[64];
    tri_shape shape;
    int *shape_arrays; /* backing store of the pointers in `shape` */
    void *above;       /* state of the layer above, and its destructor */
    void (*above_destroy)(void *);
    /* Set by tri_comm_set_combine() (trireme/collectives.h); NULL: none. */
    int (*combine)(void *data, const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);
    void *combine_data;
    struct tri_shared *shared; /* NULL until tri_shared_of() is called */
};

/* Duplicates `parent`. `node_of`: as in tri_comm_options. `family`: the family to join; NULL: a new one.
 * Collective. */
tri_status tri_comm_open(MPI_Comm parent, const int *node_of, tri_family *family, tri_comm **out);

/* Fills comm->shape from one node label per rank. */
tri_status tri_shape_create(tri_comm *comm, const int *label_of);

/* A committed datatype of `count` elements of `type`, to be used with a count of 1. The caller frees it. */
tri_status tri_big_type(size_t count, MPI_Datatype type, MPI_Datatype *out);

/* As in trireme/message.h, with any tag. */
tri_status tri_start_send(const void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out);
tri_status tri_start_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out);

/* The largest of the ranks' numbers. Collective; progresses the pending requests of the family meanwhile. */
tri_status tri_largest(tri_comm *comm, int mine, int *out);

/* MPI_Waitall() that progresses the pending requests of a family meanwhile; NULL: no family. */
tri_status tri_wait_messages(tri_family *family, int count, MPI_Request *requests, MPI_Status *statuses);

#endif
