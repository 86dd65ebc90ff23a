#include "mpi/ring.h"

#include <sched.h>

/* Polls between two calls of the MPI library while the core is being given away. */
enum { PROGRESS_EVERY = 64 };
/* A rank that waits in vain gives its core away sooner the next time: others' work may have taken the core
 * that its peer would run on. One that is served while it still polls may poll longer again. */
enum { LEAST_PATIENCE = 64 };

static void lose_patience(tri_waiter *waiter, unsigned yields) {
    if (yields <= 1)
        waiter->patience += LEAST_PATIENCE;
    else if (waiter->patience > LEAST_PATIENCE)
        waiter->patience /= 2;
    if (waiter->patience > waiter->spins) waiter->patience = waiter->spins;
}

void tri_wait_until(tri_waiter *waiter, const _Atomic uint64_t *flag, uint64_t value) {
    /* No pause instruction: a hypervisor may take a core away that it sees pausing, for longer than most
     * waits last. */
    for (unsigned poll = 0; poll < waiter->patience; poll++) {
        if (atomic_load_explicit(flag, memory_order_acquire) < value) continue;
        unsigned more = waiter->patience + poll + LEAST_PATIENCE;
        waiter->patience = more < waiter->spins ? more : waiter->spins;
        return;
    }
    unsigned yields = 0;
    while (atomic_load_explicit(flag, memory_order_acquire) < value) {
        sched_yield();
        if (++yields % PROGRESS_EVERY == 0 && waiter->progress) waiter->progress(waiter->data);
    }
    lose_patience(waiter, yields);
}

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

static size_t bytes_of_slot(size_t header_bytes, size_t payload_bytes) {
    return round_up(header_bytes + payload_bytes, 64);
}

/* A line for what the rank has released, then its slots. */
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

void tri_ring_look(tri_ring *ring, uint64_t piece) {
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

void tri_ring_barrier(tri_ring *ring) {
    /* No data, so the slot need not be free: a late reader of its former piece finds the data untouched and a
     * flag that is high enough. */
    uint64_t piece = tri_ring_take(ring, 1);
    tri_ring_publish(ring, piece);
    for (int rank = 0; rank < ring->size; rank++)
        tri_ring_await(ring, rank, piece);
    tri_ring_release(ring, piece);
}
