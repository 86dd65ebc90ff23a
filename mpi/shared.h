/* What the ranks of a node have in common: rings for pieces of data, and each other's memory. For mpi/ and
 * collectives/ alone.
 */
#ifndef TRI_MPI_SHARED_H
#define TRI_MPI_SHARED_H

#include <stdint.h>

#include "mpi/ring.h"
#include "mpi/segment.h"
#include "trireme/shared.h"

/* A vector of a peer, for one call. */
typedef struct tri_peer_vector {
    char *there; /* its address in that rank; NULL: it has none */
    char *here;  /* where this rank sees it; NULL: nowhere, it takes the kernel to get there */
} tri_peer_vector;

typedef struct tri_peer {
    int64_t pid;
    tri_peer_vector send, recv;
} tri_peer;

/* One tri_alloc_shared(): rank r's part is base + starts[r] up to starts[r + 1]. */
typedef struct tri_heap {
    tri_segment segment; /* its base is NULL where the ranks cannot share memory */
    size_t *starts;
    void *mine;
} tri_heap;

typedef struct tri_shared {
    MPI_Comm mpi; /* of the node's ranks */
    int mpi_is_mine;
    int rank, size;  /* within the node */
    int cores;       /* that the ranks may run on, together */
    int single_copy; /* whether the kernel lets each rank read and write the memory of all others */
    tri_waiter waiter;
    struct tri_family *family; /* progressed while a rank waits */
    tri_ring small;            /* deep, its data on the flag's line: little messages and addresses */
    tri_ring middle;
    tri_ring large;      /* as deep as a cache holds */
    tri_segment segment; /* what the rings lie in; its base is NULL where the ranks cannot share memory */
    tri_peer *peers;
    tri_heap *heaps;
    int heap_count;
    int vectors_known; /* whether tri_shared_exchange_vectors() is done for what is about to run */
} tri_shared;

enum {
    TRI_SMALL_PAYLOAD_BYTES = 496,
    TRI_MIDDLE_PAYLOAD_BYTES = 16384,
    TRI_LARGE_PAYLOAD_BYTES = 65536,
    /* A rank may be that many calls ahead of those that wait for it. Where ranks take turns on their cores, that is what
     * one gets done in its turn. */
    TRI_SMALL_DEPTH = 256,
    TRI_MIDDLE_DEPTH = 16,
    /* Two pieces in each of the two steps of a pipeline. */
    TRI_LARGE_DEPTH = 4
};

/* Bytes of shared memory that `size` ranks need. */
size_t tri_shared_bytes(int size);
/* Attaches both rings of shared->rank, of shared->size ranks, to the zeroed memory. No MPI. */
void tri_shared_attach(tri_shared *shared, void *memory);

/* The communicator's own, of the ranks of this node; made at the first call, which is collective.
 * TRI_ERR_MPI, TRI_ERR_MEMORY. */
tri_status tri_shared_of(tri_comm *comm, tri_shared **out);
/* The same, or NULL where the ranks of some node cannot share memory; and `reach` and `cores`, the least of all
 * nodes: what every rank may rely on. Collective. */
tri_status tri_shared_everywhere(tri_comm *comm, tri_shared **out, int *single_copy, int *cores);
void tri_shared_destroy(tri_shared **shared);
void tri_heap_destroy(tri_heap *heap);

/* Every rank tells where its vectors of this call lie; NULL for one that does not matter. Afterwards
 * peers[r].send and .recv hold for every rank, and the result says whether this rank sees all of them, which is
 * the same on all; or, where `only` >= 0, they hold for that rank alone, which alone is waited for. */
int tri_shared_exchange_vectors(tri_shared *shared, const void *send, const void *recv, int only);

/* Copies from or to a vector of a peer, `offset` bytes behind its start. TRI_ERR_SYSTEM. */
tri_status tri_shared_read(const tri_shared *shared, int peer, const tri_peer_vector *from, size_t offset,
                           void *to, size_t bytes);
tri_status tri_shared_write(const tri_shared *shared, int peer, const tri_peer_vector *to, size_t offset,
                            const void *from, size_t bytes);

/* memcpy() of data that nobody needs soon: the destination does not go through the caches. */
void tri_copy_past_caches(void *to, const void *from, size_t bytes);

#endif
