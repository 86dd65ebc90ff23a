#include "threads/lock.h"

#include <stdlib.h>

tri_status tri_lock_create(tri_lock **out) {
    tri_lock *lock = calloc(1, sizeof *lock);
    if (!lock) return tri_fail(TRI_ERR_MEMORY, "no memory for a lock");
    *out = lock;
    return TRI_OK;
}

void tri_lock_destroy(tri_lock **lock) {
    if (!lock) return;
    free(*lock);
    *lock = NULL;
}

tri_status tri_lock_take(tri_lock *lock, double deadline) {
    if (!tri_lock_is_mine(lock)) {
        if (!tri_mutex_lock_until(&lock->mutex, deadline))
            return tri_fail(TRI_TIMED_OUT, "another thread held the lock until the deadline");
        tri_store(&lock->holder, tri_self(), TRI_RELAXED);
    }
    lock->depth++;
    return TRI_OK;
}

tri_status tri_lock_release(tri_lock *lock) {
    if (!tri_lock_is_mine(lock))
        return tri_fail(TRI_ERR_ARGUMENT, "a thread releases a lock that it does not hold");
    if (--lock->depth) return TRI_OK;
    tri_store(&lock->holder, 0, TRI_RELAXED);
    tri_mutex_unlock(&lock->mutex);
    return TRI_OK;
}
