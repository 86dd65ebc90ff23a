#include "threads/line.h"
#include "threads/lock.h"

#include <stdlib.h>

struct tri_condition {
    tri_lock *lock;
    tri_line line;
};

tri_status tri_condition_create(tri_lock *lock, tri_condition **out) {
    tri_condition *condition = malloc(sizeof *condition);
    if (!condition) return tri_fail(TRI_ERR_MEMORY, "no memory for a condition");
    *condition = (tri_condition){.lock = lock};
    *out = condition;
    return TRI_OK;
}

void tri_condition_destroy(tri_condition **condition) {
    if (!condition) return;
    free(*condition);
    *condition = NULL;
}

static tri_status check_holder(tri_condition *condition) {
    return tri_lock_is_mine(condition->lock)
               ? TRI_OK
               : tri_fail(TRI_ERR_ARGUMENT,
                          "a thread uses a condition without its lock; take the lock first");
}

tri_status tri_condition_wait(tri_condition *condition, double deadline) {
    TRI_TRY(check_holder(condition));
    tri_lock *lock = condition->lock;
    unsigned depth = lock->depth;
    tri_sleeper self;
    lock->depth = 0;
    tri_store(&lock->holder, 0, TRI_RELAXED);
    int how = tri_line_sleep(&condition->line, &self, &lock->mutex, deadline);
    tri_mutex_lock(&lock->mutex);
    tri_store(&lock->holder, tri_self(), TRI_RELAXED);
    lock->depth = depth;
    return how == TRI_SERVED ? TRI_OK : tri_fail(TRI_TIMED_OUT, "no signal until the deadline");
}

tri_status tri_condition_signal(tri_condition *condition) {
    TRI_TRY(check_holder(condition));
    (void)tri_line_wake(&condition->line, TRI_SERVED);
    return TRI_OK;
}

tri_status tri_condition_broadcast(tri_condition *condition) {
    TRI_TRY(check_holder(condition));
    tri_line_wake_all(&condition->line, TRI_SERVED);
    return TRI_OK;
}
