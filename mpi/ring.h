/* Rings of slots in memory that all ranks of a node see: the protocol under the collectives inside a node.
 *
 * Each rank owns a ring of `depth` slots that it alone writes and all others read. Pieces of data are
 * numbered from 0, and piece n lies in slot n % depth. The numbers are the same on every rank because every
 * rank takes part in every call, so nothing but flags has to be exchanged:
 *
 *     writer   tri_ring_open      waits until nobody reads the slot's former piece any more
 *              ... fills it ...
 *              tri_ring_publish   the slot's flag becomes n + 1 (release)
 *     reader   tri_ring_await     waits for the flag (acquire)
 *              ... reads it ...
 *     each     tri_ring_release   "I read no piece up to n any more", on a cache line of its own (release)
 *
 * A deep ring lets a root run ahead of its readers. There is no MPI here: ranks can be threads, which is how
 * the thread sanitizer sees the protocol (tests/unit/shared_protocol.c).
 */
#ifndef TRI_MPI_RING_H
#define TRI_MPI_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Cache lines are 64 bytes on what this runs on; two, since processors fetch neighbours in pairs. */
enum { TRI_LINE_BYTES = 128 };

/* How a rank waits. */
typedef struct tri_waiter {
    unsigned spins;    /* polls before the core is given away, at most; 0 where ranks share cores */
    unsigned patience; /* polls the next time: what recent waits have taught. `spins` at the start */
    unsigned failures;     /* times that it was too short */
    /* Called now and then while waiting: a peer may need the MPI library's progress from this rank before it
     * comes. NULL: nothing. */
    void (*progress)(void *data);
    void *data;
} tri_waiter;

typedef struct tri_ring {
    char *base; /* rank 0's slots; rank r's are r * rank_bytes behind */
    size_t rank_bytes, slot_bytes;
    size_t header_bytes;  /* from a slot's flag to its data */
    size_t payload_bytes; /* of one piece at most */
    unsigned depth;       /* a power of two */
    int rank, size;
    uint64_t next; /* the first piece that no call has used */
    uint64_t open; /* pieces below it may be written: what the ranks' releases said when last looked at */
    tri_waiter *waiter;
} tri_ring;

/* Bytes of shared memory for `size` ranks, a multiple of TRI_LINE_BYTES. header_bytes is 16 or a multiple of
 * 64; with 16 the first bytes of data travel on the flag's cache line. */
size_t tri_ring_bytes(int size, size_t header_bytes, size_t payload_bytes, unsigned depth);

/* A rank's view of a ring in `memory` (aligned to TRI_LINE_BYTES, zeroed before the first use). */
tri_ring tri_ring_attach(void *memory, int rank, int size, size_t header_bytes, size_t payload_bytes,
                         unsigned depth, tri_waiter *waiter);

/* Waits until *flag >= value. */
void tri_wait_until(tri_waiter *waiter, const _Atomic uint64_t *flag, uint64_t value);

/* tri_ring_open()'s slow path. */
void tri_ring_wait_open(tri_ring *ring, uint64_t piece);

static inline char *tri_ring_slot(const tri_ring *ring, int rank, uint64_t piece) {
    return ring->base + (size_t)rank * ring->rank_bytes + TRI_LINE_BYTES +
           (piece & (ring->depth - 1)) * ring->slot_bytes;
}

/* Where this rank may write piece n. */
static inline void *tri_ring_open(tri_ring *ring, uint64_t piece) {
    if (piece >= ring->open) tri_ring_wait_open(ring, piece);
    return tri_ring_slot(ring, ring->rank, piece) + ring->header_bytes;
}

static inline void tri_ring_publish(tri_ring *ring, uint64_t piece) {
    atomic_store_explicit((_Atomic uint64_t *)tri_ring_slot(ring, ring->rank, piece), piece + 1,
                          memory_order_release);
}

/* Piece n of a rank, once it is there. */
static inline void *tri_ring_await(tri_ring *ring, int rank, uint64_t piece) {
    char *slot = tri_ring_slot(ring, rank, piece);
    const _Atomic uint64_t *flag = (const _Atomic uint64_t *)slot;
    if (atomic_load_explicit(flag, memory_order_acquire) <= piece)
        tri_wait_until(ring->waiter, flag, piece + 1);
    return slot + ring->header_bytes;
}

/* A piece may be filled in two steps, of which the second has a flag of its own: whether it is there, and a wait for
 * it. */
static inline _Atomic uint64_t *tri_ring_second(const tri_ring *ring, int rank, uint64_t piece) {
    return (_Atomic uint64_t *)(tri_ring_slot(ring, rank, piece) + sizeof(uint64_t));
}
static inline void tri_ring_publish_second(tri_ring *ring, uint64_t piece) {
    atomic_store_explicit(tri_ring_second(ring, ring->rank, piece), piece + 1, memory_order_release);
}
static inline int tri_ring_has_second(const tri_ring *ring, int rank, uint64_t piece) {
    return atomic_load_explicit(tri_ring_second(ring, rank, piece), memory_order_acquire) > piece;
}
static inline void *tri_ring_await_second(tri_ring *ring, int rank, uint64_t piece) {
    if (!tri_ring_has_second(ring, rank, piece))
        tri_wait_until(ring->waiter, tri_ring_second(ring, rank, piece), piece + 1);
    return tri_ring_slot(ring, rank, piece) + ring->header_bytes;
}

static inline void tri_ring_release(tri_ring *ring, uint64_t piece) {
    atomic_store_explicit((_Atomic uint64_t *)(ring->base + (size_t)ring->rank * ring->rank_bytes), piece + 1,
                          memory_order_release);
}

/* Takes the next `pieces` numbers for a call and returns the first. */
static inline uint64_t tri_ring_take(tri_ring *ring, uint64_t pieces) {
    uint64_t first = ring->next;
    ring->next += pieces;
    return first;
}

/* Nobody goes on before everybody has come; what each wrote before is seen by all after. */
void tri_ring_barrier(tri_ring *ring);
/* Only rank `to` waits for everybody. */
void tri_ring_report(tri_ring *ring, int to);

#endif
