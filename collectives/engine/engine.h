/* A collective call from its arguments to its end, and what is kept with a communicator for it. For engine/ alone. */
#ifndef TRI_COLLECTIVES_ENGINE_ENGINE_H
#define TRI_COLLECTIVES_ENGINE_ENGINE_H

#include "collectives/engine/execute.h"
#include "mpi/shared.h"

/* What was chosen for a case on one communicator. */
typedef struct tri_choice {
    tri_recipe recipe; /* used = 0: an unused entry */
    tri_operation operation;
    size_t bytes, unit_bytes;
    int uneven, commutes, mapped, nonblocking;
} tri_choice;

enum { TRI_CHOICES = 32, TRI_CHOICES_ALIKE = 4 };

/* The state of collective calls on a communicator; tri_comm_create() makes it. */
typedef struct tri_collective_state {
    const tri_algorithm *selected[TRI_OPERATION_COUNT]; /* NULL: free choice */
    tri_network net;
    char network_source[256];                          /* where `net` comes from */
    tri_choice chosen[TRI_CHOICES][TRI_CHOICES_ALIKE]; /* the last choices */
    unsigned choices;                                  /* made so far */
    const tri_algorithm *last;                         /* of a blocking call; NULL: none yet */
    unsigned call_count; /* the same on every rank, so that each call has its own tags */
    tri_engine engine;   /* of blocking calls */
    void *scratch;       /* kept from call to call, so that no call pays for fresh pages */
    size_t scratch_bytes;
    tri_shared *shared; /* of the ranks of this node, where the ranks of every node share memory; else NULL */
    int single_copy, cores; /* of `shared`, the least of all nodes */
} tri_collective_state;

static inline tri_collective_state *tri_state_of(const tri_comm *comm) {
    return comm->above;
}

/* A call as the choice sees it. `type` is that of a unit; `bytes` is what tri_case.bytes is. */
typedef struct tri_call_spec {
    tri_operation operation;
    MPI_Datatype type;
    size_t unit_bytes;
    MPI_Op op;
    int commutes, uneven;
    size_t bytes;
} tri_call_spec;

tri_status tri_check_root(int root, const tri_comm *comm);
/* The spec of a reduction of `count` elements. */
tri_status tri_describe_combine(tri_call_spec *spec, tri_operation operation, size_t count, MPI_Datatype type,
                                MPI_Op op);

/* The path of a call, in three steps. Choose: call->recipe, from the state's last choices where it is there. */
void tri_call_choose(tri_comm *comm, const tri_call_spec *spec, int nonblocking, tri_call *call);
/* Prepare: the engine and the context of all ranks, with tags that no other call in flight has. */
tri_context tri_call_prepare(tri_comm *comm, const tri_call_spec *spec, tri_engine *engine,
                             const tri_verbs *verbs);
/* Run, for a blocking call: all of it. */
tri_status tri_call_run(tri_comm *comm, const tri_call_spec *spec, tri_call *call);

/* network/load.c: the numbers that this process finds, and where. `named`: as tri_comm_options.network. Local. */
tri_status tri_network_load(const char *named, tri_network *net, char *source, size_t room);

#endif
