/* What the ranks of a node share: rings of slots, and access to each other's memory. Only for mpi/ and
 * collectives/. */
#ifndef TRI_MPI_SHARED_H
#define TRI_MPI_SHARED_H

#include <stdint.h>

#include "mpi/comm.h"
#include "mpi/ring.h"
#include "mpi/segment.h"
#include "trireme/shared.h"

/* A vector of a peer in one call. */
typedef struct tri_peer_vector {
    char *there; /* address in that rank; NULL: not known */
    char *here;  /* address in this rank; NULL: not mapped, needs cross-memory attach */
} tri_peer_vector;

typedef struct tri_peer {
    int64_t pid;
    tri_peer_vector send, recv;
} tri_peer;

/* One tri_alloc_shared(): rank r's memory is base + starts[r] up to starts[r + 1]. */
typedef struct tri_heap {
    tri_segment segment; /* base NULL: the ranks cannot share memory */
    size_t *starts;
    void *mine;
} tri_heap;

/* Which rings exist. A communicator has none until its first call, and small ones as long as its calls are
 * few and short: those take a few KiB for each rank. */
typedef enum tri_rings { TRI_RINGS_NONE, TRI_RINGS_SMALL, TRI_RINGS_ALL } tri_rings;

typedef struct tri_shared {
    tri_peers node; /* the ranks of the node */
    int *ranks;     /* of them, in the carrier */
    int rank, size; /* within the node */
    int processes;  /* whether ranks may share memory, on every node; 0 also after a failure to do so */
    tri_rings rings;
    int cores;       /* cores available to all ranks of the node together */
    int single_copy; /* whether cross-memory attach works between all ranks */
    tri_waiter waiter;
    struct tri_family *family; /* progressed while this rank waits */
    tri_ring small;            /* deep, data on the flag's line: for short messages and addresses */
    tri_ring middle;
    tri_ring large;      /* as deep as fits a cache */
    tri_ring pending;    /* of nonblocking calls: a piece for each */
    char *persistent;    /* memory of tri_shared_persistent() */
    int persistent_used; /* rings given away, equal on all ranks */
    /* Pieces of `pending` may be released in another order than they were taken. */
    uint64_t released; /* all below it */
    unsigned char is_released[16];
    tri_segment segment; /* holds the rings */
    tri_peer *peers;
    tri_heap *heaps;
    int heap_count;
    int vectors_known; /* whether tri_shared_exchange_vectors() has been called for the current algorithm */
} tri_shared;

enum {
    TRI_SMALL_PAYLOAD_BYTES = 496,
    TRI_MIDDLE_PAYLOAD_BYTES = 16384,
    TRI_LARGE_PAYLOAD_BYTES = 65536,
    /* A rank may run this many calls ahead of the ranks that wait for it. On oversubscribed cores, this is
     * the work done in one time slice. */
    TRI_SMALL_DEPTH = 256,
    /* Of a short ring: as deep as a few KiB of a rank allow. */
    TRI_SHORT_DEPTH = 16,
    TRI_SHORT_DEPTH_LEAST = 4,
    TRI_MIDDLE_DEPTH = 16,
    /* Two pieces for each of the two steps of a pipeline. */
    TRI_LARGE_DEPTH = 4,
    TRI_PENDING_PAYLOAD_BYTES = 2032,
    TRI_PENDING_DEPTH = sizeof(((tri_shared *)0)->is_released),
    /* Rings of two slots for persistent calls. */
    TRI_PERSISTENT_RINGS = 16,
    TRI_PERSISTENT_DEPTH = 2
};

/* Bytes of shared memory that `size` ranks need for all rings, or for a short ring of small slots. */
size_t tri_shared_bytes(int size);
size_t tri_shared_small_bytes(int size);
/* Attaches the rings of shared->rank, of shared->size ranks, to zeroed memory. No MPI calls. */
void tri_shared_attach(tri_shared *shared, void *memory);
void tri_shared_attach_small(tri_shared *shared, void *memory);

/* A ring for a persistent call, as long as there are any; all ranks take them in the same order. Returns 0 if
 * none is left. */
int tri_shared_persistent(tri_shared *shared, tri_ring *out);
/* Releases a piece of `pending`. */
void tri_shared_release_pending(tri_shared *shared, uint64_t piece);

/* The shared memory of the communicator's ranks on this node, without rings at first. Local.
 * TRI_ERR_MEMORY. */
tri_status tri_shared_of(tri_comm *comm, tri_shared **out);
/* Makes the rings, if they do not exist yet; `comm` has its `shared`. *ready is 0 on all ranks if the ranks
 * of any node cannot share memory. Collective. TRI_ERR_MPI. */
tri_status tri_shared_ready(tri_comm *comm, tri_rings rings, int *ready);
void tri_shared_destroy(tri_shared **shared);
void tri_heap_destroy(tri_heap *heap);

/* Announces where this rank's vectors of the call are; NULL: peers do not use it. Afterwards peers[r].send
 * and .recv are valid for all ranks, and the result, equal on all ranks, says whether all of them are
 * mapped. `only` >= 0: waits for that rank alone, and only its entry is valid. */
int tri_shared_exchange_vectors(tri_shared *shared, const void *send, const void *recv, int only);

/* Copies from or to a peer's vector, starting at `offset` bytes. TRI_ERR_SYSTEM. */
tri_status tri_shared_read(const tri_shared *shared, int peer, const tri_peer_vector *from, size_t offset,
                           void *to, size_t bytes);
tri_status tri_shared_write(const tri_shared *shared, int peer, const tri_peer_vector *to, size_t offset,
                            const void *from, size_t bytes);

/* memcpy() with streaming stores, for data that is not read soon: the destination bypasses the caches. */
void tri_copy_past_caches(void *to, const void *from, size_t bytes);

#endif
