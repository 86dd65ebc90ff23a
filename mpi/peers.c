/* Access to the memory of the other ranks of the node. No MPI calls. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

#include "mpi/shared.h"

enum { SMALL_HEADER_BYTES = 16, LARGE_HEADER_BYTES = 64 };

static size_t persistent_bytes(int size) {
    return tri_ring_bytes(size, SMALL_HEADER_BYTES, TRI_PENDING_PAYLOAD_BYTES, TRI_PERSISTENT_DEPTH);
}

size_t tri_shared_bytes(int size) {
    return tri_ring_bytes(size, SMALL_HEADER_BYTES, TRI_SMALL_PAYLOAD_BYTES, TRI_SMALL_DEPTH) +
           tri_ring_bytes(size, LARGE_HEADER_BYTES, TRI_MIDDLE_PAYLOAD_BYTES, TRI_MIDDLE_DEPTH) +
           tri_ring_bytes(size, LARGE_HEADER_BYTES, TRI_LARGE_PAYLOAD_BYTES, TRI_LARGE_DEPTH) +
           tri_ring_bytes(size, SMALL_HEADER_BYTES, TRI_PENDING_PAYLOAD_BYTES, TRI_PENDING_DEPTH) +
           TRI_PERSISTENT_RINGS * persistent_bytes(size);
}

/* The segment is mapped by every rank: with more ranks, the ring of each is shorter. */
static unsigned short_depth(int size) {
    unsigned depth = TRI_SHORT_DEPTH;
    for (int ranks = 4; ranks < size && depth > TRI_SHORT_DEPTH_LEAST; ranks *= 2)
        depth /= 2;
    return depth;
}

size_t tri_shared_small_bytes(int size) {
    return tri_ring_bytes(size, SMALL_HEADER_BYTES, TRI_SMALL_PAYLOAD_BYTES, short_depth(size));
}

void tri_shared_attach_small(tri_shared *shared, void *memory) {
    shared->small = tri_ring_attach(memory, shared->rank, shared->size, SMALL_HEADER_BYTES,
                                    TRI_SMALL_PAYLOAD_BYTES, short_depth(shared->size), &shared->waiter);
}

void tri_shared_attach(tri_shared *shared, void *memory) {
    int rank = shared->rank, size = shared->size;
    char *at = memory;
    shared->small = tri_ring_attach(at, rank, size, SMALL_HEADER_BYTES, TRI_SMALL_PAYLOAD_BYTES,
                                    TRI_SMALL_DEPTH, &shared->waiter);
    at += (size_t)size * shared->small.rank_bytes;
    shared->middle = tri_ring_attach(at, rank, size, LARGE_HEADER_BYTES, TRI_MIDDLE_PAYLOAD_BYTES,
                                     TRI_MIDDLE_DEPTH, &shared->waiter);
    at += (size_t)size * shared->middle.rank_bytes;
    shared->large = tri_ring_attach(at, rank, size, LARGE_HEADER_BYTES, TRI_LARGE_PAYLOAD_BYTES,
                                    TRI_LARGE_DEPTH, &shared->waiter);
    at += (size_t)size * shared->large.rank_bytes;
    shared->pending = tri_ring_attach(at, rank, size, SMALL_HEADER_BYTES, TRI_PENDING_PAYLOAD_BYTES,
                                      TRI_PENDING_DEPTH, &shared->waiter);
    shared->persistent = at + (size_t)size * shared->pending.rank_bytes;
}

int tri_shared_persistent(tri_shared *shared, tri_ring *out) {
    if (shared->persistent_used == TRI_PERSISTENT_RINGS) return 0;
    char *at = shared->persistent + (size_t)shared->persistent_used++ * persistent_bytes(shared->size);
    *out = tri_ring_attach(at, shared->rank, shared->size, SMALL_HEADER_BYTES, TRI_PENDING_PAYLOAD_BYTES,
                           TRI_PERSISTENT_DEPTH, &shared->waiter);
    return 1;
}

void tri_shared_release_pending(tri_shared *shared, uint64_t piece) {
    shared->is_released[piece % TRI_PENDING_DEPTH] = 1;
    while (shared->is_released[shared->released % TRI_PENDING_DEPTH])
        shared->is_released[shared->released++ % TRI_PENDING_DEPTH] = 0;
    if (shared->released) tri_ring_release(&shared->pending, shared->released - 1);
}

/* The location of one vector, as sent to the peers. Each rank maps a heap at a different address. */
typedef struct location {
    int64_t heap; /* index of the heap that holds it; PRIVATE: none; UNUSED: not needed by peers */
    uint64_t at;  /* offset in the heap, or address */
} location;

enum { UNUSED = -2, PRIVATE = -1 };

static location locate(const tri_shared *shared, const void *vector) {
    if (!vector) return (location){UNUSED, 0};
    for (int i = 0; i < shared->heap_count; i++) {
        const tri_heap *heap = &shared->heaps[i];
        if (!heap->segment.base) continue;
        uintptr_t at = (uintptr_t)vector - (uintptr_t)heap->segment.base;
        if (at >= heap->starts[shared->rank] && at < heap->starts[shared->rank + 1]) return (location){i, at};
    }
    return (location){PRIVATE, (uintptr_t)vector};
}

static tri_peer_vector peer_vector(const tri_shared *shared, int peer, const location *t) {
    if (t->heap >= 0) return (tri_peer_vector){.here = shared->heaps[t->heap].segment.base + t->at};
    char *address = (char *)(uintptr_t)t->at; /* NULL if UNUSED */
    return (tri_peer_vector){.there = address, .here = peer == shared->rank ? address : NULL};
}

int tri_shared_exchange_vectors(tri_shared *shared, const void *send, const void *recv, int only) {
    tri_ring *ring = &shared->small;
    uint64_t piece = tri_ring_take(ring, 1);
    location mine[2] = {locate(shared, send), locate(shared, recv)};
    memcpy(tri_ring_open(ring, piece), mine, sizeof mine);
    tri_ring_publish(ring, piece);
    int mapped = 1;
    for (int peer = 0; peer < shared->size; peer++) {
        if (only >= 0 && only != peer) continue;
        const location *theirs = tri_ring_await(ring, peer, piece);
        shared->peers[peer].send = peer_vector(shared, peer, &theirs[0]);
        shared->peers[peer].recv = peer_vector(shared, peer, &theirs[1]);
        if (theirs[0].heap == PRIVATE || theirs[1].heap == PRIVATE) mapped = 0;
    }
    tri_ring_release(ring, piece);
    shared->vectors_known = 1;
    return mapped;
}

/* One system call copies at most 2 GiB and may copy less. */
static tri_status copy_by_kernel(const tri_shared *shared, int peer, char *there, char *mine, size_t bytes,
                                 int write) {
    while (bytes) {
        struct iovec local = {mine, bytes}, remote = {there, bytes};
        pid_t pid = (pid_t)shared->peers[peer].pid;
        ssize_t done = write ? process_vm_writev(pid, &local, 1, &remote, 1, 0)
                             : process_vm_readv(pid, &local, 1, &remote, 1, 0);
        if (done <= 0)
            return tri_fail(TRI_ERR_SYSTEM, "cannot %s %zu bytes of process %d: %s", write ? "write" : "read",
                            bytes, (int)pid, done ? strerror(errno) : "no such address");
        mine += done;
        there += done;
        bytes -= (size_t)done;
    }
    return TRI_OK;
}

tri_status tri_shared_read(const tri_shared *shared, int peer, const tri_peer_vector *from, size_t offset,
                           void *to, size_t bytes) {
    if (!bytes) return TRI_OK;
    if (!from->here) return copy_by_kernel(shared, peer, from->there + offset, to, bytes, 0);
    memcpy(to, from->here + offset, bytes);
    return TRI_OK;
}

tri_status tri_shared_write(const tri_shared *shared, int peer, const tri_peer_vector *to, size_t offset,
                            const void *from, size_t bytes) {
    if (!bytes) return TRI_OK;
    if (!to->here) return copy_by_kernel(shared, peer, to->there + offset, (char *)from, bytes, 1);
    memcpy(to->here + offset, from, bytes);
    return TRI_OK;
}

#if defined(__x86_64__)
void tri_copy_past_caches(void *to, const void *from, size_t bytes) {
    char *out = to;
    const char *in = from;
    size_t head = -(uintptr_t)out % sizeof(__m128i);
    if (head > bytes) head = bytes;
    memcpy(out, in, head);
    for (; head + sizeof(__m128i) <= bytes; head += sizeof(__m128i))
        _mm_stream_si128((__m128i *)(out + head), _mm_loadu_si128((const __m128i *)(in + head)));
    memcpy(out + head, in + head, bytes - head);
    /* Streaming stores are not ordered by the release store of the flag that follows. */
    _mm_sfence();
}
#else
void tri_copy_past_caches(void *to, const void *from, size_t bytes) {
    memcpy(to, from, bytes);
}
#endif
