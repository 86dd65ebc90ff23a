/* Phases of readers and writers take turns. */
#include "threads/line.h"
#include "trireme/sync.h"

#include <stdlib.h>

struct tri_rwlock {
    tri_mutex mutex;
    size_t reading;
    int writing;
    tri_line readers, writers; /* who wait */
};

tri_status tri_rwlock_create(tri_rwlock **out) {
    tri_rwlock *lock = calloc(1, sizeof *lock);
    if (!lock) return tri_fail(TRI_ERR_MEMORY, "no memory for a readers-writer lock");
    *out = lock;
    return TRI_OK;
}

void tri_rwlock_destroy(tri_rwlock **lock) {
    if (!lock) return;
    free(*lock);
    *lock = NULL;
}

static void admit_readers(tri_rwlock *lock) {
    while (tri_line_wake(&lock->readers, TRI_SERVED))
        lock->reading++;
}

tri_status tri_rwlock_read(tri_rwlock *lock, double deadline) {
    tri_sleeper self;
    tri_mutex_lock(&lock->mutex);
    if (!lock->writing && !lock->writers.first) {
        lock->reading++;
        tri_mutex_unlock(&lock->mutex);
        return TRI_OK;
    }
    return tri_line_sleep(&lock->readers, &self, &lock->mutex, deadline) == TRI_SERVED
               ? TRI_OK
               : tri_fail(TRI_TIMED_OUT, "a writer held or awaited the lock until the deadline");
}

tri_status tri_rwlock_write(tri_rwlock *lock, double deadline) {
    tri_sleeper self;
    tri_mutex_lock(&lock->mutex);
    if (!lock->writing && !lock->reading) {
        lock->writing = 1;
        tri_mutex_unlock(&lock->mutex);
        return TRI_OK;
    }
    if (tri_line_sleep(&lock->writers, &self, &lock->mutex, deadline) == TRI_SERVED) return TRI_OK;
    /* Readers may have waited behind this writer alone. */
    tri_mutex_lock(&lock->mutex);
    if (!lock->writing && !lock->writers.first) admit_readers(lock);
    tri_mutex_unlock(&lock->mutex);
    return tri_fail(TRI_TIMED_OUT, "others held the lock until the deadline");
}

tri_status tri_rwlock_leave(tri_rwlock *lock) {
    tri_mutex_lock(&lock->mutex);
    int inside = lock->writing || lock->reading;
    if (lock->writing) {
        lock->writing = 0;
        admit_readers(lock);
    } else if (lock->reading) {
        lock->reading--;
    }
    if (!lock->reading && tri_line_wake(&lock->writers, TRI_SERVED)) lock->writing = 1;
    tri_mutex_unlock(&lock->mutex);
    return inside ? TRI_OK : tri_fail(TRI_ERR_ARGUMENT, "a readers-writer lock is left that nobody holds");
}
