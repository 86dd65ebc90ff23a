/* Rings of slots in shared memory: the protocol of the collectives inside a node.
 *
 * Each rank owns a ring of `depth` slots. Only the owner writes them; all other ranks read them. Pieces of
 * data are numbered from 0, and piece n uses slot n % depth. Every rank takes part in every call, so the
 * numbers agree on all ranks and only flags are exchanged:
 *
 *     writer   tri_ring_open      waits until no rank reads the slot's previous piece
 *              ... fills it ...
 *              tri_ring_publish   sets the slot's flag to n + 1 (release)
 *     reader   tri_ring_await     waits for the flag (acquire)
 *              ... reads it ...
 *     all      tri_ring_release   "I no longer read any piece up to n", on a cache line of its own (release)
 *
 * A deep ring lets a root run ahead of its readers. No MPI is used, so ranks can be threads; the thread
 * sanitizer checks the protocol that way (tests/unit/shared_protocol.c).
 */
#ifndef TRI_MPI_RING_H
#define TRI_MPI_RING_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* Two cache lines of 64 bytes: processors prefetch lines in pairs. */
enum { TRI_LINE_BYTES = 128 };

/* How a rank waits. */
typedef struct tri_waiter {
    unsigned spins;    /* maximum number of polls before the core is yielded; 0 if cores are oversubscribed */
    unsigned patience; /* polls in the next wait, adapted by past waits; starts at `spins` */
    unsigned failures; /* waits that outlasted `patience` */
    /* Called periodically while waiting: a peer may depend on this rank's progress in the MPI library.
     * NULL: no call. */
    void (*progress)(void *data);
    void *data;
} tri_waiter;

typedef struct tri_ring {
    char *base; /* rank 0's slots; rank r's start r * rank_bytes later */
    size_t rank_bytes, slot_bytes;
    size_t header_bytes;  /* from a slot's flag to its data */
    size_t payload_bytes; /* maximum size of a piece */
    unsigned depth;       /* a power of two */
    int rank, size;
    uint64_t next; /* the first piece not used by any call yet */
    uint64_t open; /* pieces below it may be written, according to the release counters last read */
    tri_waiter *waiter;
} tri_ring;

/* Bytes of shared memory for `size` ranks, a multiple of TRI_LINE_BYTES. header_bytes is 16 or a multiple
 * of 64; with 16, the first data bytes share the flag's cache line. */
size_t tri_ring_bytes(int size, size_t header_bytes, size_t payload_bytes, unsigned depth);

/* A rank's view of a ring in `memory`, which is aligned to TRI_LINE_BYTES and zeroed before first use. */
tri_ring tri_ring_attach(void *memory, int rank, int size, size_t header_bytes, size_t payload_bytes,
                         unsigned depth, tri_waiter *waiter);

/* Waits until *flag >= value. */
void tri_wait_until(tri_waiter *waiter, const _Atomic uint64_t *flag, uint64_t value);

/* Slow path of tri_ring_open(). */
void tri_ring_wait_open(tri_ring *ring, uint64_t piece);

static inline char *tri_ring_slot(const tri_ring *ring, int rank, uint64_t piece) {
    return ring->base + (size_t)rank * ring->rank_bytes + TRI_LINE_BYTES +
           (piece & (ring->depth - 1)) * ring->slot_bytes;
}

/* The slot of this rank for piece n, once it is free. */
static inline void *tri_ring_open(tri_ring *ring, uint64_t piece) {
    if (piece >= ring->open) tri_ring_wait_open(ring, piece);
    return tri_ring_slot(ring, ring->rank, piece) + ring->header_bytes;
}

/* The same without a wait; NULL: it is not free yet. */
void *tri_ring_try_open(tri_ring *ring, uint64_t piece);

static inline void tri_ring_publish(tri_ring *ring, uint64_t piece) {
    atomic_store_explicit((_Atomic uint64_t *)tri_ring_slot(ring, ring->rank, piece), piece + 1,
                          memory_order_release);
}

/* The data of piece n of a rank; NULL: not published yet. */
static inline void *tri_ring_peek(const tri_ring *ring, int rank, uint64_t piece) {
    char *slot = tri_ring_slot(ring, rank, piece);
    uint64_t flag = atomic_load_explicit((const _Atomic uint64_t *)slot, memory_order_acquire);
    return flag > piece ? slot + ring->header_bytes : NULL;
}

/* The data of piece n of a rank, once published. */
static inline void *tri_ring_await(tri_ring *ring, int rank, uint64_t piece) {
    char *slot = tri_ring_slot(ring, rank, piece);
    const _Atomic uint64_t *flag = (const _Atomic uint64_t *)slot;
    if (atomic_load_explicit(flag, memory_order_acquire) <= piece)
        tri_wait_until(ring->waiter, flag, piece + 1);
    return slot + ring->header_bytes;
}

/* A piece may be filled in two steps. The second step has its own flag. */
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

/* Reserves the next `pieces` numbers for a call and returns the first. */
static inline uint64_t tri_ring_take(tri_ring *ring, uint64_t pieces) {
    uint64_t first = ring->next;
    ring->next += pieces;
    return first;
}

/* No rank leaves before all have entered; writes made before the barrier are visible to all ranks after
 * it. */
void tri_ring_barrier(tri_ring *ring);
/* The same, but only rank `to` waits for the others. */
void tri_ring_report(tri_ring *ring, int to);

#endif
