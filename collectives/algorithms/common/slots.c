#include "collectives/algorithms/common/slots.h"

#include <string.h>

/* Bytes combined at a time. With mapped memory they stay in the nearest cache; single copies have a fixed
 * cost, so they are larger. */
enum { MAPPED_CHUNK_BYTES = 16384, SINGLE_COPY_CHUNK_BYTES = 131072 };
/* If the vectors of all ranks exceed this size, results do not stay in a cache until used. */
enum { PAST_CACHES_BYTES = 96 << 20 };

void tri_exchange_vectors(tri_context *c, const void *send, void *recv, int root) {
    if (!c->shared->vectors_known) (void)tri_shared_exchange_vectors(c->shared, send, recv, root);
}

void tri_release_vectors(tri_context *c, int root) {
    if (root < 0)
        tri_ring_barrier(&c->shared->small);
    else
        tri_ring_report(&c->shared->small, root);
    c->shared->vectors_known = 0; /* the next stage of this call has other vectors */
}

int tri_past_caches(const tri_context *c, size_t units) {
    return units * c->unit_bytes >= PAST_CACHES_BYTES;
}

void tri_copy_out(const tri_context *c, int past_caches, void *to, const void *from, size_t units) {
    if (to == from || !units) return;
    if (past_caches)
        tri_copy_past_caches(to, from, units * c->unit_bytes);
    else
        memcpy(to, from, units * c->unit_bytes);
}

static size_t chunk_units(const tri_context *c, size_t bytes) {
    size_t units = bytes / c->unit_bytes;
    return units ? units : 1;
}

size_t tri_single_scratch(const tri_context *c, const tri_call *call) {
    size_t chunk = chunk_units(c, SINGLE_COPY_CHUNK_BYTES);
    return 2 * (chunk < call->count ? chunk : call->count);
}

/* The data of a chunk of a peer's input: in place, or copied to `copy`. */
static tri_status fetch(tri_context *c, int peer, size_t start, size_t units, void *copy, const void **out) {
    const tri_peer_vector *from = &c->shared->peers[peer].send;
    size_t offset = start * c->unit_bytes;
    if (from->here) {
        *out = from->here + offset;
        return TRI_OK;
    }
    *out = copy;
    return tri_shared_read(c->shared, peer, from, offset, copy, units * c->unit_bytes);
}

/* From the last rank down, so that the partial result is always the right operand and no input is
 * overwritten. */
static tri_status combine_chunk(tri_context *c, size_t start, size_t units, void *so_far, void *copy) {
    const void *data;
    TRI_TRY(fetch(c, c->size - 1, start, units, so_far, &data));
    TRI_TRY(tri_do_copy(c, so_far, data, units));
    for (int peer = c->size - 2; peer >= 0; peer--) {
        TRI_TRY(fetch(c, peer, start, units, copy, &data));
        TRI_TRY(tri_do_combine(c, data, so_far, units));
    }
    return TRI_OK;
}

static tri_status store(tri_context *c, int peer, size_t offset, const void *data, size_t bytes,
                        int past_caches) {
    const tri_peer_vector *to = &c->shared->peers[peer].recv;
    if (!past_caches || !to->here) return tri_shared_write(c->shared, peer, to, offset, data, bytes);
    tri_copy_past_caches(to->here + offset, data, bytes);
    return TRI_OK;
}

/* Shares start at multiples of 64 elements, so that no two ranks write the same cache line. */
static tri_range my_share(const tri_context *c, size_t count) {
    size_t size = (size_t)c->size, me = (size_t)c->rank;
    size_t share = (count / size + 63) / 64 * 64, start = me * share;
    if (start > count) start = count;
    size_t end = me + 1 == size || start + share > count ? count : start + share;
    return (tri_range){start, end - start};
}

/* Units to process at a time. */
static size_t chunk_of(const tri_context *c) {
    int mapped = c->shared->peers[(c->rank + 1) % c->size].send.here != NULL;
    return chunk_units(c, mapped ? MAPPED_CHUNK_BYTES : SINGLE_COPY_CHUNK_BYTES);
}

/* A rank's result, if this rank can combine there directly; NULL: not mapped, or it is also the input. */
static char *result_of(const tri_context *c, int rank) {
    const tri_peer *peer = &c->shared->peers[rank];
    return peer->recv.here == peer->send.here ? NULL : peer->recv.here;
}

tri_status tri_combine_share(tri_context *c, const tri_call *call, int to) {
    tri_range share = my_share(c, call->count);
    size_t chunk = chunk_of(c), end = share.first + share.count;
    int past_caches = tri_past_caches(c, call->count * ((size_t)c->size + (to < 0 ? (size_t)c->size : 1)));
    int first = to < 0 ? c->rank : to, others = to < 0 ? c->size : 1;
    char *result = past_caches ? NULL : result_of(c, first);
    void *so_far = call->scratch, *copy = tri_unit(c, so_far, chunk < call->count ? chunk : call->count);
    for (size_t start = share.first; start < end; start += chunk) {
        size_t units = end - start < chunk ? end - start : chunk, offset = start * c->unit_bytes;
        if (result) so_far = result + offset;
        TRI_TRY(combine_chunk(c, start, units, so_far, copy));
        for (int i = result != NULL; i < others; i++)
            TRI_TRY(store(c, (first + i) % c->size, offset, so_far, units * c->unit_bytes, past_caches));
    }
    return TRI_OK;
}

tri_status tri_combine_block(tri_context *c, const tri_call *call, size_t first, void *result) {
    size_t chunk = chunk_of(c);
    for (size_t start = 0; start < call->count; start += chunk) {
        size_t units = call->count - start < chunk ? call->count - start : chunk;
        TRI_TRY(combine_chunk(c, first + start, units, tri_unit(c, result, start), call->scratch));
    }
    return TRI_OK;
}

/* One chunk of tri_scan_share(), over all ranks in order. */
static tri_status scan_chunk(tri_context *c, size_t start, size_t units, void *so_far, void *next,
                             int exclusive, int past_caches) {
    size_t offset = start * c->unit_bytes, bytes = units * c->unit_bytes;
    for (int peer = 0; peer < c->size; peer++) {
        /* Read the input before the result is written, which may be in the same place. */
        if (!exclusive || peer + 1 < c->size)
            TRI_TRY(tri_shared_read(c->shared, peer, &c->shared->peers[peer].send, offset, next, bytes));
        if (exclusive && peer) TRI_TRY(store(c, peer, offset, so_far, bytes, past_caches));
        if (peer && (!exclusive || peer + 1 < c->size)) TRI_TRY(tri_do_combine(c, so_far, next, units));
        void *free = so_far;
        so_far = next;
        next = free;
        if (!exclusive) TRI_TRY(store(c, peer, offset, so_far, bytes, past_caches));
    }
    return TRI_OK;
}

tri_status tri_scan_share(tri_context *c, const tri_call *call, int exclusive) {
    tri_range share = my_share(c, call->count);
    size_t chunk = chunk_of(c), end = share.first + share.count;
    int past_caches = tri_past_caches(c, 2 * (size_t)c->size * call->count);
    void *so_far = call->scratch, *next = tri_unit(c, so_far, chunk < call->count ? chunk : call->count);
    for (size_t start = share.first; start < end; start += chunk) {
        size_t units = end - start < chunk ? end - start : chunk;
        TRI_TRY(scan_chunk(c, start, units, so_far, next, exclusive, past_caches));
    }
    return TRI_OK;
}

tri_status tri_combine_slots(tri_context *c, const tri_slot_pieces *p, uint64_t piece, size_t from,
                             size_t units, const void *own, void *right) {
    for (int peer = c->size - 1; peer >= 0; peer--) {
        const void *data = peer == c->rank ? own : tri_unit(c, tri_ring_await(p->ring, peer, piece), from);
        if (peer == c->size - 1)
            TRI_TRY(tri_do_copy(c, right, data, units));
        else
            TRI_TRY(tri_do_combine(c, data, right, units));
    }
    return TRI_OK;
}
