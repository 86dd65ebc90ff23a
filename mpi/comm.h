/* The communicator's internals. Only for mpi/ and collectives/. */
#ifndef TRI_MPI_COMM_H
#define TRI_MPI_COMM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

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

/* What ranks need to know about each other's machine. Communicators made from the same one share it, so only
 * the first one asks (mpi/facts.c). */
typedef struct tri_facts {
    atomic_int owners;
    int *label_of;       /* of each rank: the lowest rank of its node */
    int found_processes; /* whether the rest is set */
    int processes;       /* ranks of a node are processes, not threads of a simulator */
    int single_copy, cores;
    int64_t *pid; /* of the ranks of this node */
    int kept;     /* by tri_facts_keep() */
} tri_facts;

struct tri_comm {
    MPI_Comm mpi;
    tri_facts *facts;
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
    MPI_Comm alone; /* of this rank; made by tri_mpi_fits() */
    int has_alone;
    struct tri_shared *shared; /* NULL until tri_shared_of() is called */
};

tri_status tri_facts_create(int size, tri_facts **out);
void tri_facts_release(tri_facts *facts);
/* Those that tri_facts_keep() left with `parent`, for one more owner; or NULL. All ranks find the same. */
tri_status tri_facts_find(MPI_Comm parent, tri_facts **out);
/* Leaves them with `parent`, on all ranks or none: in a simulator its ranks share the attributes. */
tri_status tri_facts_keep(MPI_Comm parent, tri_facts *facts);

/* Duplicates `parent`. `node_of`: as in tri_comm_options. `family`: the family to join; NULL: a new one.
 * Collective. */
tri_status tri_comm_open(MPI_Comm parent, const int *node_of, tri_family *family, tri_comm **out);

/* Fills comm->shape from one node label per rank. */
tri_status tri_shape_create(tri_comm *comm, const int *label_of);

/* Whether MPI combines data of this type by this operation. Libraries accept more than the standard lists.
 * MPI_Reduce_local() would report to the error handler of MPI_COMM_WORLD, which ends the job. Local. */
tri_status tri_mpi_fits(tri_comm *comm, MPI_Datatype type, MPI_Op op, int *fits);

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
