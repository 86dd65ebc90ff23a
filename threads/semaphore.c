#include "threads/line.h"
#include "trireme/sync.h"

#include <stdlib.h>

/* Nobody waits while there is something to take. */
struct tri_semaphore {
    tri_mutex mutex;
    size_t count;
    tri_line line;
};

tri_status tri_semaphore_create(size_t count, tri_semaphore **out) {
    tri_semaphore *s = malloc(sizeof *s);
    if (!s) return tri_fail(TRI_ERR_MEMORY, "no memory for a semaphore");
    *s = (tri_semaphore){.count = count};
    *out = s;
    return TRI_OK;
}

void tri_semaphore_destroy(tri_semaphore **semaphore) {
    if (!semaphore) return;
    free(*semaphore);
    *semaphore = NULL;
}

tri_status tri_semaphore_wait(tri_semaphore *semaphore, double deadline) {
    tri_sleeper self;
    tri_mutex_lock(&semaphore->mutex);
    if (semaphore->count) {
        semaphore->count--;
        tri_mutex_unlock(&semaphore->mutex);
        return TRI_OK;
    }
    return tri_line_sleep(&semaphore->line, &self, &semaphore->mutex, deadline) == TRI_SERVED
               ? TRI_OK
               : tri_fail(TRI_TIMED_OUT, "the semaphore stayed at 0 until the deadline");
}

void tri_semaphore_post(tri_semaphore *semaphore, size_t count) {
    tri_mutex_lock(&semaphore->mutex);
    while (count && tri_line_wake(&semaphore->line, TRI_SERVED))
        count--;
    semaphore->count += count;
    tri_mutex_unlock(&semaphore->mutex);
}
