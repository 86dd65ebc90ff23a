/* The engine under the verbs, and the calls' common part; for collectives/ alone. */
#ifndef TRI_COLLECTIVES_ENGINE_H
#define TRI_COLLECTIVES_ENGINE_H

#include "collectives/engine/algorithm.h"
#include "mpi/comm.h"

/* What the verbs act on, when they act now. */
typedef struct tri_engine {
    MPI_Comm mpi;
    MPI_Datatype type; /* of a unit */
    MPI_Op op;
    tri_combine combine; /* of the program, for long pieces; or NULL */
    void *combine_data;
    int tag;
    MPI_Request *requests; /* of the round, grown as needed */
    int started, room;
    struct tri_calls *calls; /* whose pending requests a wait takes further; NULL: a request's own engine */
} tri_engine;

extern const tri_verbs tri_verbs_now;

/* What was picked for a case on one communicator. */
typedef struct tri_choice {
    tri_recipe recipe; /* used = 0: an unused entry */
    tri_operation operation;
    size_t bytes, unit_bytes;
    int uneven, commutes, mapped;
} tri_choice;

enum { TRI_CHOICES = 32, TRI_CHOICES_ALIKE = 4 };

/* What collectives/ keeps with a communicator. */
typedef struct tri_calls {
    const tri_algorithm *selected[TRI_OPERATION_COUNT]; /* NULL: free choice */
    tri_net net;
    char net_source[256];                              /* where `net` comes from */
    tri_choice chosen[TRI_CHOICES][TRI_CHOICES_ALIKE]; /* lately */
    unsigned choices;                                  /* made so far */
    const tri_algorithm *last;                         /* of a blocking call; NULL: none yet */
    unsigned calls; /* so far: the same on every rank, so that each call has its own tag */
    tri_engine engine;
    void *scratch; /* kept from call to call, so that no call pays for fresh pages */
    size_t scratch_bytes;
    tri_family *family;        /* among whose pending requests this communicator's are (engine_later.h) */
    struct tri_shared *shared; /* of the ranks of this node, where those of every node share memory */
    int reach, cores;          /* what that says, the least of all nodes */
} tri_calls;

/* The communicator's own, made at the first use. Collective then. */
tri_status tri_calls_of(tri_comm *comm, tri_calls **out);

/* Takes all pending requests of the family further (engine_later.c): what a blocking call does while it waits, since
 * others may not come to it before a request is complete that needs this rank. */
void tri_calls_advance(tri_calls *calls);

/* right = left op right where that is a sum of a common type, with the bits of MPI_Reduce_local(); else returns 0. */
int tri_combine_common(const void *left, void *right, size_t count, MPI_Datatype type, MPI_Op op);

/* collectives/network/load.c: the numbers that this process finds, and where; of one rank, for all. */
tri_status tri_network_load(tri_net *net, char *source, size_t room);

/* collectives/algorithms/list.c */
const tri_algorithm *tri_algorithm_at(int index);
tri_status tri_algorithms_parse(const char *names, const tri_algorithm *selected[TRI_OPERATION_COUNT]);

/* collectives/cost/choose.c */
/* The best recipe for a case; `only`: by this algorithm, which can do it; NULL: by any. Returns its time. */
double tri_recipe_make(tri_recipe *recipe, const tri_algorithm *only, const tri_case *c, const tri_net *net);
tri_cost tri_recipe_cost(const tri_recipe *recipe, int pick, const tri_case *c, const tri_net *net);

/* Chooses and runs. `type` is that of a unit; `bytes` is what tri_case.bytes is. */
typedef struct tri_request_for {
    tri_operation operation;
    MPI_Datatype type;
    size_t unit_bytes;
    MPI_Op op;
    int commutes, uneven;
    size_t bytes;
} tri_request_for;
tri_status tri_check_root(int root, const tri_comm *comm);
/* The first of TRI_STRANDS tags for the next call, the same on every rank. */
int tri_calls_tag(tri_calls *calls);
/* All ranks, without what needs shared memory. */
tri_context tri_calls_context(const tri_comm *comm, const tri_request_for *what, tri_engine *engine,
                              const tri_verbs *verbs);
/* Fills what a reduction of `count` elements needs to know. */
tri_status tri_describe_combine(tri_request_for *what, tri_operation operation, size_t count,
                                MPI_Datatype type, MPI_Op op);
tri_status tri_calls_run(tri_comm *comm, const tri_request_for *what, tri_call *call);

#endif
