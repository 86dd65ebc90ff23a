/* What a function asks about its task. */
#include "pool/task.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUED_MOST = 4 << 20, PIECE = 256 << 10 };

const tri_pool_place *tri_pool_where(const tri_pool_task *task) {
    return &task->place;
}

tri_status tri_pool_return(tri_pool_task *task, const void *out, size_t bytes) {
    if (task->result_room < bytes) {
        uint8_t *more = realloc(task->result, bytes);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for a result of %zu bytes", bytes);
        task->result = more, task->result_room = bytes;
    }
    if (bytes) memcpy(task->result, out, bytes);
    task->result_count = bytes;
    return TRI_OK;
}

int tri_pool_cancelled(const tri_pool_task *task) {
    return __atomic_load_n(&task->cancelled, __ATOMIC_RELAXED) ||
           (task->place.limit_s > 0 && !(tri_deadline(0) < task->place.deadline));
}

tri_status tri_task_queue(tri_worker *worker, tri_wire *wire, int patient) {
    tri_status status = TRI_OK;
    (void)tri_lock_take(worker->lock, TRI_FOREVER);
    while (patient && worker->out.count > QUEUED_MOST && !worker->lost)
        (void)tri_condition_wait(worker->room, TRI_FOREVER);
    if (worker->lost)
        status = TRI_CANCELLED;
    else {
        tri_wire_bytes(&worker->out, wire->bytes, wire->count);
        if (worker->out.failed || wire->failed) status = TRI_ERR_MEMORY;
        if (!worker->sending) (void)tri_condition_signal(worker->output);
    }
    (void)tri_lock_release(worker->lock);
    wire->count = 0;
    if (status == TRI_CANCELLED) return tri_fail(status, "the manager is lost");
    return status == TRI_OK ? TRI_OK : tri_fail(status, "no memory for a message");
}

tri_status tri_pool_send(tri_pool_task *task, uint32_t kind, const void *bytes, size_t count) {
    tri_wire wire = {0};
    tri_status status = TRI_OK;
    for (size_t at = 0; at < count && status == TRI_OK; at += PIECE) {
        size_t piece = count - at < PIECE ? count - at : PIECE;
        size_t frame = tri_wire_begin(&wire, TRI_WIRE_BYTES);
        tri_wire_number(&wire, task->id, 8);
        tri_wire_number(&wire, task->attempt, 4);
        tri_wire_number(&wire, kind, 4);
        tri_wire_bytes(&wire, (const uint8_t *)bytes + at, piece);
        tri_wire_end(&wire, frame);
        status = tri_task_queue(task->worker, &wire, 1);
    }
    free(wire.bytes);
    return status;
}
