/* The communicator's internals. Only for mpi/ and collectives/. */
#ifndef TRI_MPI_COMM_H
#define TRI_MPI_COMM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "trireme/comm.h"
#include "trireme/message.h"

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

/* The tags of a communicator: as many as every MPI library has. The first ones are the program's. */
enum {
    TRI_TAGS = 32768,
    TRI_TAG_SMALL = TRI_TAG_LAST + 1,   /* of tri_small_allreduce() and tri_small_bcast() */
    TRI_TAG_SPARSE,                     /* two, of tri_sparse_alltoallv() */
    TRI_TAG_ENGINE = TRI_TAG_SPARSE + 2 /* and above: of the layer above */
};

/* The most communicators that share a carrier. */
enum { TRI_CHANNELS = 8192 };

/* An MPI communicator of the library that carries the messages of several communicators. Each of them has a
 * channel: TRI_TAGS tags of its own. Making one takes no communicator of MPI's, of which some libraries have
 * only 2048, and costs a reduction of `vacant` (mpi/carrier.c). */
typedef struct tri_carrier {
    atomic_int holders; /* of this memory */
    atomic_int users;   /* of `mpi`; 0: it is freed */
    MPI_Comm mpi;
    int channels;
    atomic_flag taking; /* a thread of this rank takes a channel */
    _Atomic uint64_t vacant[TRI_CHANNELS / 64];
    atomic_flag asking; /* a thread of this rank uses `alone` */
    MPI_Comm alone;     /* of this rank; made by tri_mpi_fits() */
    int has_alone;
} tri_carrier;

/* Ranks that exchange messages: `size` ranks, of which this one is `rank`. */
typedef struct tri_peers {
    MPI_Comm mpi;
    const int *ranks; /* of each of them in `mpi`; NULL: the same */
    int rank, size, tag;
    tri_family *family; /* progressed meanwhile; NULL: none */
} tri_peers;

/* A process of a node. */
typedef struct tri_process tri_process;

/* What ranks need to know about each other's machine. Communicators made from the same one share it, so only
 * the first one asks (mpi/facts.c). */
typedef struct tri_facts {
    atomic_int owners;
    int *label_of; /* of each rank: the lowest rank of its node */
    /* The same on all ranks: whether the ranks of every node are processes, not threads of a simulator;
     * whether single copies work on every node; the cores of the node that has fewest. */
    int processes, single_copy, cores;
    int separate;         /* no two ranks are threads of one process, as in a simulator; else kept nowhere */
    int node_cores;       /* of the ranks of this node together */
    tri_process *process; /* the ranks of this node (mpi/processes.c) */
    tri_carrier *carrier; /* of the last communicator made from the same one; NULL: none */
    int kept;             /* by tri_facts_keep() */
    void *above;          /* of the layer above, and its destructor; or NULL */
    void (*above_destroy)(void *);
} tri_facts;

/* The program's communicator of MPI's, made by the first tri_comm_mpi(). */
typedef struct tri_own {
    MPI_Comm mpi; /* MPI_COMM_NULL: not made yet */
} tri_own;

struct tri_comm {
    tri_carrier *carrier;
    MPI_Comm mpi; /* of the carrier */
    int channel;  /* tags of this communicator start at first_tag */
    int first_tag;
    int *ranks; /* of each rank in the carrier; NULL: the same */
    tri_own *own;
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
    struct tri_shared *shared; /* NULL until it is needed (mpi/shared.h) */
};

/* Rank `peer` of a communicator in its carrier. MPI_PROC_NULL and MPI_ANY_SOURCE stay. */
static inline int tri_carried(const int *ranks, int peer) {
    return ranks && peer >= 0 ? ranks[peer] : peer;
}

/* A duplicate of `parent`, with one user. Collective. */
tri_status tri_carrier_create(MPI_Comm parent, tri_carrier **out);
/* A carrier for the `size` calling ranks of `from`. */
tri_status tri_carrier_create_group(const tri_comm *from, int size, const int *ranks, tri_carrier **out);
/* One more user of a carrier, unless it has none any more. */
int tri_carrier_join(tri_carrier *carrier);
void tri_carrier_leave(tri_carrier *carrier);
void tri_carrier_release(tri_carrier *carrier);
void tri_carrier_vacate(tri_carrier *carrier, int channel);
/* Takes the lowest channel that is vacant on all ranks; -1: none, or a rank has no carrier. `carrier`: this
 * rank's, the same one on all ranks, or NULL. The ranks are those of `parent`, or of `peers` if that is not
 * NULL. `take`: whether this rank keeps the channel. Collective over the ranks. */
tri_status tri_carrier_take(tri_carrier *carrier, MPI_Comm parent, const tri_peers *peers, int take,
                            int *channel);

/* An MPI communicator with the same ranks, on which MPI's nonblocking collective calls match when all ranks
 * make them in the order of their calls on `comm`; MPI_COMM_NULL: there is none yet. It is the carrier's for
 * the communicator in channel 0 with all its ranks, since no other one makes such calls on it, and otherwise
 * that of tri_comm_mpi(). The same on all ranks. Local. */
MPI_Comm tri_comm_ordered(const tri_comm *comm);
/* A communicator of MPI's of the ranks ranks[] of `from`; NULL: of all. They alone call. */
tri_status tri_comm_group(const tri_comm *from, int size, const int *ranks, MPI_Comm *out);

tri_peers tri_peers_of(const tri_comm *comm);
/* Reduces at most a few hundred elements of a predefined type in place, by an operation that commutes, with
 * own messages: other communicators of the carrier may be in use meanwhile. Collective over the peers. */
tri_status tri_small_allreduce(const tri_peers *peers, void *data, size_t count, MPI_Datatype type,
                               MPI_Op op);
tri_status tri_small_bcast(const tri_peers *peers, void *data, size_t bytes, int root);

tri_status tri_facts_create(int size, tri_facts **out);
void tri_facts_release(tri_facts *facts);
/* Remembers a carrier, without being a user of it. */
void tri_facts_carry(tri_facts *facts, tri_carrier *carrier);
/* Those that tri_facts_keep() left with `parent`, for one more owner; or NULL. All ranks find the same. */
tri_status tri_facts_find(MPI_Comm parent, tri_facts **out);
/* Leaves them with `parent`, on all ranks or none: in a simulator its ranks share the attributes. */
tri_status tri_facts_keep(MPI_Comm parent, tri_facts *facts);
/* Sets processes, single_copy and the cores. `node`: the ranks of the node; `all`: all ranks. Collective. */
tri_status tri_facts_ask(tri_facts *facts, MPI_Comm node, MPI_Comm all);
/* The same for a communicator whose rank r is rank ranks[r] of `from`; comm->shape is set. Collective. */
tri_status tri_facts_derive(const tri_comm *from, const int *ranks, const tri_comm *comm, tri_facts *out);
int64_t tri_process_id(const tri_process *processes, int local_rank); /* rank within the node */

/* A communicator of the ranks of `parent`. `node_of`: as in tri_comm_options. Collective over `parent`, as
 * the next one. */
tri_status tri_comm_open(MPI_Comm parent, const int *node_of, tri_comm **out);
/* The same, on a channel of the carrier of `from`, which has these ranks. */
tri_status tri_comm_open_over(MPI_Comm parent, const tri_comm *from, tri_comm **out);
/* A communicator of the ranks ranks[] of `from`, in its family. `peers`: the ranks that take part; those that
 * are no members pass size = 0 and get NULL. Collective over the peers. */
tri_status tri_comm_open_group(tri_comm *from, const tri_peers *peers, int size, const int *ranks,
                               tri_comm **out);

/* Another one of the same ranks, without the state of collective calls. Collective. */
tri_status tri_comm_open_like(tri_comm *comm, tri_comm **out);

/* Fills comm->shape from one node label per rank. */
tri_status tri_shape_create(tri_comm *comm, const int *label_of);

/* Whether MPI combines data of this type by this operation. Libraries accept more than the standard lists.
 * MPI_Reduce_local() would report to the error handler of MPI_COMM_WORLD, which ends the job. Local. */
tri_status tri_mpi_fits(const tri_comm *comm, MPI_Datatype type, MPI_Op op, int *fits);

/* A committed datatype of `count` elements of `type`, to be used with a count of 1. The caller frees it. */
tri_status tri_big_type(size_t count, MPI_Datatype type, MPI_Datatype *out);

/* As in trireme/message.h, with any tag. */
tri_status tri_start_send(const void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out);
tri_status tri_start_recv(void *data, size_t count, MPI_Datatype type, int peer, int tag, MPI_Comm mpi,
                          MPI_Request *out);

/* The largest of the ranks' numbers. Collective; progresses the pending requests of the family meanwhile. */
tri_status tri_largest(const tri_comm *comm, int mine, int *out);

/* MPI_Waitall() that progresses the pending requests of a family meanwhile; NULL: no family. */
tri_status tri_wait_messages(tri_family *family, int count, MPI_Request *requests, MPI_Status *statuses);

#endif
