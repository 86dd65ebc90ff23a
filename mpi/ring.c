#include "mpi/ring.h"

#include <sched.h>

/* sched_yield() calls between two calls of the MPI library. */
enum { PROGRESS_EVERY = 64 };
/* The polling time adapts. A wait that succeeds while polling lets the next one poll up to twice as long,
 * plus a margin. A wait that fails halves it: the peer may need this core if other processes use the rest.
 * After a number of failures a longer time is tried again. */
enum { LEAST_PATIENCE = 64, TRIED_PATIENCE = 2048, TRY_AGAIN_AFTER = 32 };

static void lengthen_patience(tri_waiter *waiter, unsigned polls) {
    unsigned patience = waiter->patience - waiter->patience / 8;
    if (patience < 2 * polls + 4 * LEAST_PATIENCE) patience = 2 * polls + 4 * LEAST_PATIENCE;
    waiter->patience = patience < waiter->spins ? patience : waiter->spins;
}

static void shorten_patience(tri_waiter *waiter) {
    unsigned patience = waiter->patience / 2;
    if (patience < LEAST_PATIENCE) patience = LEAST_PATIENCE;
    if (++waiter->failures % TRY_AGAIN_AFTER == 0) patience = TRIED_PATIENCE;
    waiter->patience = patience < waiter->spins ? patience : waiter->spins;
}

void tri_wait_until(tri_waiter *waiter, const _Atomic uint64_t *flag, uint64_t value) {
    /* No pause instruction: a hypervisor may deschedule a virtual core that pauses, for longer than most
     * waits last. */
    for (unsigned poll = 0; poll < waiter->patience; poll++) {
        if (atomic_load_explicit(flag, memory_order_acquire) < value) continue;
        lengthen_patience(waiter, poll);
        return;
    }
    for (unsigned yields = 1; atomic_load_explicit(flag, memory_order_acquire) < value; yields++) {
        sched_yield();
        if (yields % PROGRESS_EVERY == 0 && waiter->progress) waiter->progress(waiter->data);
    }
    shorten_patience(waiter);
}

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

static size_t bytes_of_slot(size_t header_bytes, size_t payload_bytes) {
    return round_up(header_bytes + payload_bytes, 64);
}

/* One line for the rank's release counter, then its slots. */
static size_t bytes_of_rank(size_t header_bytes, size_t payload_bytes, unsigned depth) {
    return round_up(TRI_LINE_BYTES + depth * bytes_of_slot(header_bytes, payload_bytes), TRI_LINE_BYTES);
}

size_t tri_ring_bytes(int size, size_t header_bytes, size_t payload_bytes, unsigned depth) {
    return (size_t)size * bytes_of_rank(header_bytes, payload_bytes, depth);
}

tri_ring tri_ring_attach(void *memory, int rank, int size, size_t header_bytes, size_t payload_bytes,
                         unsigned depth, tri_waiter *waiter) {
    return (tri_ring){.base = memory,
                      .rank_bytes = bytes_of_rank(header_bytes, payload_bytes, depth),
                      .slot_bytes = bytes_of_slot(header_bytes, payload_bytes),
                      .header_bytes = header_bytes,
                      .payload_bytes = payload_bytes,
                      .depth = depth,
                      .rank = rank,
                      .size = size,
                      .open = depth,
                      .waiter = waiter};
}

void tri_ring_wait_open(tri_ring *ring, uint64_t piece) {
    uint64_t least = UINT64_MAX;
    for (int rank = 0; rank < ring->size; rank++) {
        if (rank == ring->rank) continue;
        const _Atomic uint64_t *released =
            (const _Atomic uint64_t *)(ring->base + (size_t)rank * ring->rank_bytes);
        uint64_t now = atomic_load_explicit(released, memory_order_acquire);
        if (now + ring->depth <= piece) {
            tri_wait_until(ring->waiter, released, piece + 1 - ring->depth);
            now = atomic_load_explicit(released, memory_order_acquire);
        }
        if (now < least) least = now;
    }
    ring->open = least == UINT64_MAX ? UINT64_MAX : least + ring->depth;
}

void *tri_ring_try_open(tri_ring *ring, uint64_t piece) {
    uint64_t least = UINT64_MAX;
    for (int rank = 0; piece >= ring->open && rank < ring->size; rank++) {
        if (rank == ring->rank) continue;
        const _Atomic uint64_t *released =
            (const _Atomic uint64_t *)(ring->base + (size_t)rank * ring->rank_bytes);
        uint64_t now = atomic_load_explicit(released, memory_order_acquire);
        if (now + ring->depth <= piece) return NULL;
        if (now < least) least = now;
    }
    if (piece >= ring->open) ring->open = least == UINT64_MAX ? UINT64_MAX : least + ring->depth;
    return tri_ring_slot(ring, ring->rank, piece) + ring->header_bytes;
}

/* Carries no data, so the slot need not be free: a late reader of its previous piece finds the data
 * unchanged and a flag that is high enough. */
static void raise_flags(tri_ring *ring, int waits) {
    uint64_t piece = tri_ring_take(ring, 1);
    tri_ring_publish(ring, piece);
    for (int rank = 0; waits && rank < ring->size; rank++)
        tri_ring_await(ring, rank, piece);
    tri_ring_release(ring, piece);
}

void tri_ring_barrier(tri_ring *ring) {
    raise_flags(ring, 1);
}

void tri_ring_report(tri_ring *ring, int to) {
    raise_flags(ring, ring->rank == to);
}
