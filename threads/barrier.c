#include "threads/barrier.h"

#include <stdlib.h>

tri_status tri_thread_barrier_create(int threads, tri_thread_barrier **out) {
    if (threads < 1) return tri_fail(TRI_ERR_ARGUMENT, "a barrier has at least one thread, not %d", threads);
    tri_thread_barrier *barrier = aligned_alloc(TRI_CACHE_LINE, sizeof *barrier);
    if (!barrier) return tri_fail(TRI_ERR_MEMORY, "no memory for a barrier");
    *barrier = (tri_thread_barrier){.threads = threads};
    *out = barrier;
    return TRI_OK;
}

void tri_thread_barrier_destroy(tri_thread_barrier **barrier) {
    if (!barrier) return;
    free(*barrier);
    *barrier = NULL;
}

int tri_thread_barrier_wait(tri_thread_barrier *barrier) {
    tri_word seen = tri_phase_now(&barrier->met); /* does not change before this thread arrives */
    if (tri_add(&barrier->arrived, 1, TRI_ACQ_REL) == (tri_word)barrier->threads - 1) {
        tri_store(&barrier->arrived, 0, TRI_RELAXED);
        tri_phase_next(&barrier->met);
        return 1;
    }
    (void)tri_phase_wait(&barrier->met, seen, barrier->spins, TRI_FOREVER);
    return 0;
}
