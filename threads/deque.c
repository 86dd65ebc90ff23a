/* Chase and Lev's deque: items are at [top, bottom) of a ring. The owner works at the bottom; thieves advance
 * the top, and the owner does so too for the last item. The fences order the owner's "the bottom is lower"
 * against a thief's "the top is higher": of two who want the last item one sees the other. */
#include "threads/phase.h"
#include "trireme/queue.h"

#include <stdlib.h>

typedef struct ring {
    struct ring *before; /* smaller ones, which thieves may still read; freed at the end */
    size_t room;         /* a power of 2 */
    void *items[];
} ring;

struct tri_deque {
    _Alignas(TRI_CACHE_LINE) int64_t top;
    _Alignas(TRI_CACHE_LINE) int64_t bottom;
    ring *ring;
};

enum { FEWEST = 2 };

static void **at(ring *r, int64_t index) {
    return &r->items[(size_t)index & (r->room - 1)];
}

static ring *new_ring(size_t room, ring *before) {
    ring *r = malloc(sizeof *r + room * sizeof *r->items);
    if (!r) return NULL;
    r->before = before;
    r->room = room;
    return r;
}

tri_status tri_deque_create(tri_deque **out) {
    tri_deque *deque = aligned_alloc(TRI_CACHE_LINE, sizeof *deque);
    ring *first = new_ring(FEWEST, NULL);
    if (!deque || !first) {
        free(deque);
        free(first);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a deque");
    }
    *deque = (tri_deque){.ring = first};
    *out = deque;
    return TRI_OK;
}

void tri_deque_destroy(tri_deque **deque) {
    if (!deque || !*deque) return;
    for (ring *r = (*deque)->ring, *before; r; r = before) {
        before = r->before;
        free(r);
    }
    free(*deque);
    *deque = NULL;
}

/* Twice the room. */
static ring *grow(tri_deque *deque, ring *old, int64_t top, int64_t bottom) {
    ring *r = new_ring(2 * old->room, old);
    if (!r) return NULL;
    for (int64_t i = top; i < bottom; i++)
        tri_store(at(r, i), tri_load(at(old, i), TRI_RELAXED), TRI_RELAXED);
    tri_store(&deque->ring, r, TRI_RELEASE);
    return r;
}

tri_status tri_deque_push(tri_deque *deque, void *item) {
    if (!item) return tri_fail(TRI_ERR_ARGUMENT, "NULL is no item of a deque");
    int64_t bottom = tri_load(&deque->bottom, TRI_RELAXED), top = tri_load(&deque->top, TRI_ACQUIRE);
    ring *r = tri_load(&deque->ring, TRI_RELAXED);
    if (bottom - top >= (int64_t)r->room && !(r = grow(deque, r, top, bottom)))
        return tri_fail(TRI_ERR_MEMORY, "no memory for another item of a deque");
    tri_store(at(r, bottom), item, TRI_RELAXED);
    tri_store(&deque->bottom, bottom + 1, TRI_RELEASE);
    return TRI_OK;
}

void *tri_deque_take(tri_deque *deque) {
    int64_t bottom = tri_load(&deque->bottom, TRI_RELAXED) - 1;
    tri_store(&deque->bottom, bottom, TRI_RELEASE);
    tri_fence();
    int64_t top = tri_load(&deque->top, TRI_RELAXED);
    if (top < bottom) return tri_load(at(tri_load(&deque->ring, TRI_RELAXED), bottom), TRI_RELAXED);
    void *item = NULL;
    /* The last one may go to a thief. */
    if (top == bottom && tri_replace(&deque->top, &top, top + 1, TRI_SEQ_CST))
        item = tri_load(at(tri_load(&deque->ring, TRI_RELAXED), bottom), TRI_RELAXED);
    tri_store(&deque->bottom, bottom + 1, TRI_RELAXED);
    return item;
}

void *tri_deque_steal(tri_deque *deque) {
    for (;;) {
        int64_t top = tri_load(&deque->top, TRI_ACQUIRE);
        tri_fence();
        if (top >= tri_load(&deque->bottom, TRI_ACQUIRE)) return NULL;
        /* Read before the item is taken: afterwards the owner may put another one there. */
        void *item = tri_load(at(tri_load(&deque->ring, TRI_ACQUIRE), top), TRI_RELAXED);
        if (tri_replace(&deque->top, &top, top + 1, TRI_SEQ_CST)) return item;
    }
}
