/* The state of a communicator of the program. It is made where the program makes the communicator, so that
 * nothing collective happens inside a collective call: threads may be in calls on several communicators. */
#ifndef TRI_PRELOAD_HOME_H
#define TRI_PRELOAD_HOME_H

#include "preload/settings.h"

typedef struct tri_home {
    tri_comm *comm; /* NULL: its calls are the MPI library's */
    MPI_Comm mpi;   /* the program's */
    int rank, size;
    uint64_t served[TRI_MPI_COLLECTIVES]; /* classes */
    /* counts and displacements of a call in the library's types; send, then recv */
    size_t *counts[2];
    ptrdiff_t *displs[2];
    /* The last predefined type and operation, and whether their result has the MPI library's bits. */
    MPI_Datatype type;
    MPI_Op op;
    int same_bits;
    void *scratch; /* of fixed.c */
    size_t scratch_bytes;
    struct tri_home *next, **link;
} tri_home;

/* The state of a communicator; NULL: it has none. Local, thread-safe. */
tri_home *tri_home_of(MPI_Comm mpi);

#endif
