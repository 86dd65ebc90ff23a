/* The path of a collective call from its arguments to its end, and the state kept with a communicator.
 * Only for engine/. */
#ifndef TRI_COLLECTIVES_ENGINE_ENGINE_H
#define TRI_COLLECTIVES_ENGINE_ENGINE_H

#include "collectives/engine/choices.h"
#include "collectives/engine/execute.h"
#include "mpi/shared.h"
#include "trireme/message.h"

/* The tags of collective calls. Blocking calls of a communicator run one after another and share tags, one
 * for each schedule; MPI keeps their messages in order. Each pending nonblocking call has its own;
 * so has each persistent call as long as it exists, because ranks may start them in different orders. */
enum {
    TRI_TAG_BLOCKING = TRI_TAG_ENGINE,
    TRI_TAG_NONBLOCKING = TRI_TAG_BLOCKING + TRI_SCHEDULES,
    TRI_TAGS_NONBLOCKING = 8192,
    TRI_TAG_PERSISTENT = TRI_TAG_NONBLOCKING + TRI_TAGS_NONBLOCKING /* and above */
};

/* A cached choice. */
typedef struct tri_choice {
    tri_recipe recipe; /* used = 0: empty entry */
    tri_operation operation;
    size_t bytes, unit_bytes;
    int uneven, commutes, mapped, nonblocking;
} tri_choice;

enum { TRI_CHOICES = 32, TRI_CHOICES_PER_SET = 4 };

/* The state of collective calls on a communicator, created by tri_comm_create(). */
typedef struct tri_collective_state {
    tri_selection selected[TRI_OPERATION_COUNT];
    tri_network net;
    char network_source[256];        /* origin of `net` */
    tri_choice *chosen[TRI_CHOICES]; /* recent choices: rows of TRI_CHOICES_PER_SET, or NULL */
    tri_choices *common;             /* of communicators with the same selection and network; NULL: none */
    unsigned choices;                /* number of choices so far */
    uint64_t made;                   /* persistent calls so far, equal on all ranks */
    int last_tag;                    /* the largest tag of a persistent call */
    struct tri_request *persistent;  /* list of all on this communicator */
    const tri_algorithm *last;       /* algorithm of the last call; NULL: none yet */
    unsigned sparse;                 /* sparse exchanges so far, equal on all ranks */
    uint64_t started;  /* nonblocking calls so far, equal on all ranks: each has a tag of its own */
    tri_engine engine; /* for blocking calls */
    void *scratch;     /* reused by all calls, to avoid the cost of fresh pages */
    size_t scratch_bytes;
    tri_operands_cache operands;
    int shares;           /* whether the ranks of every node share memory */
    unsigned short_calls; /* blocking calls with short vectors so far, equal on all ranks; not counted further
                             than needed */
} tri_collective_state;

static inline tri_collective_state *tri_state_of(const tri_comm *comm) {
    return comm->above;
}

/* A call as the choice and the verbs see it. `bytes` is that of tri_case. */
typedef struct tri_call_spec {
    tri_operation operation;
    size_t unit_bytes;
    int commutes, uneven;
    size_t bytes;
    MPI_Datatype type;     /* of messages */
    size_t type_bytes;     /* of an element of it: unit_bytes or 1 */
    tri_operands operands; /* of an operation that combines data */
} tri_call_spec;

void tri_forget_choices(tri_collective_state *state);

tri_status tri_check_root(int root, const tri_comm *comm);

/* A call runs in three steps: choose, prepare, run (arguments.h). Choose: sets call->recipe, from the cache
 * if possible. TRI_ERR_ARGUMENT: the algorithm that is named cannot do the call. */
tri_status tri_call_choose(tri_comm *comm, const tri_call_spec *spec, int nonblocking, tri_call *call);
/* Prepare: sets up the engine and returns the context of all ranks. `tag`: one that no other pending call
 * uses. */
tri_context tri_call_prepare(tri_comm *comm, const tri_call_spec *spec, int tag, tri_engine *engine,
                             const tri_verbs *verbs);

#endif
