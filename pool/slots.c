#include "pool/slots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static void lock(tri_worker *w) {
    (void)tri_lock_take(w->lock, TRI_FOREVER);
}

static void unlock(tri_worker *w) {
    (void)tri_lock_release(w->lock);
}

static double wall_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Sends what is queued, as much at a time as has gathered. */
static void send_always(void *argument) {
    tri_worker *w = argument;
    tri_wire wire = {0};
    lock(w);
    for (;;) {
        while (!w->out.count && !w->lost && w->ending < 2)
            (void)tri_condition_wait(w->output, TRI_FOREVER);
        if (w->lost || !w->out.count) break;
        tri_wire full = w->out;
        w->out = wire;
        w->sending = 1;
        unlock(w);
        size_t at = 0;
        while (at < full.count) {
            ssize_t sent = send(w->file, full.bytes + at, full.count - at, MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent < 0) break;
            at += (size_t)sent;
        }
        int failed = at < full.count;
        full.count = 0;
        wire = full;
        lock(w);
        w->sending = 0;
        if (failed) w->lost = 1;
        (void)tri_condition_broadcast(w->room);
    }
    unlock(w);
    free(wire.bytes);
}

static tri_status run_items(tri_pool_task *task, const tri_pool_function *function) {
    tri_wire all = {0};
    tri_status status = TRI_OK;
    for (size_t i = 0; i < task->items && status == TRI_OK; i++) {
        task->result_count = 0;
        if (tri_pool_cancelled(task)) status = TRI_CANCELLED;
        if (status == TRI_OK) status = function->run(task, task->in + i * task->item_bytes, task->item_bytes);
        if (status == TRI_OK && task->result_count != task->out_bytes)
            status = tri_fail(TRI_ERR_WRONG, "%s returned %zu bytes for an item; expected %zu",
                              function->name, task->result_count, (size_t)task->out_bytes);
        tri_wire_bytes(&all, task->result, task->result_count);
    }
    if (status == TRI_OK && all.failed) status = tri_fail(TRI_ERR_MEMORY, "no memory for the results");
    free(task->result);
    task->result = all.bytes, task->result_count = all.count, task->result_room = all.room;
    return status;
}

/* A result that is too long for a frame is a failure of the task. */
static void send_result(tri_pool_task *task, tri_status status, double start_s, double seconds) {
    tri_wire wire = {0};
    if (status == TRI_OK && task->result_count > tri_wire_most - 4096)
        status = tri_fail(TRI_ERR_MEMORY, "the result has %zu bytes; the most is 1 GiB", task->result_count);
    if (status == TRI_CANCELLED && task->place.limit_s > 0 &&
        !__atomic_load_n(&task->cancelled, __ATOMIC_RELAXED))
        status = tri_fail(TRI_TIMED_OUT, "beyond its time limit of %g s", task->place.limit_s);
    const char *error = status == TRI_OK ? "" : tri_error_text();
    size_t frame = tri_wire_begin(&wire, TRI_WIRE_RESULT);
    tri_wire_number(&wire, task->id, 8);
    tri_wire_number(&wire, task->attempt, 4);
    tri_wire_number(&wire, (uint32_t)status, 4);
    tri_wire_real(&wire, start_s);
    tri_wire_real(&wire, seconds);
    tri_wire_text(&wire, error, strlen(error));
    if (task->result_count) tri_wire_bytes(&wire, task->result, task->result_count);
    tri_wire_end(&wire, frame);
    (void)tri_task_queue(task->worker, &wire, 0);
    free(wire.bytes);
}

static void run_task(tri_pool_task *task) {
    tri_worker *w = task->worker;
    const tri_pool_function *function = &w->options->functions[task->function];
    double start_s = wall_s(), from = tri_deadline(0);
    task->place.deadline = task->place.limit_s > 0 ? from + task->place.limit_s : TRI_FOREVER;
    tri_status status = task->items ? run_items(task, function) : function->run(task, task->in, task->count);
    send_result(task, status, start_s, tri_deadline(0) - from);
}

static int free_devices(const tri_worker *w) {
    int count = 0;
    for (int i = 0; i < w->devices; i++)
        count += !w->device_used[i];
    return count;
}

/* The first task, if it fits. The manager gives out some in advance, and sees the result of a task before its
 * cores and devices are put back here. */
static tri_pool_task *take(tri_worker *w) {
    tri_pool_task *task = w->first;
    if (!task || w->cores_used + task->place.cores > w->slots || task->place.devices > free_devices(w))
        return NULL;
    w->first = task->next;
    if (!w->first) w->last = &w->first;
    w->cores_used += task->place.cores;
    for (int i = 0, have = 0; have < task->place.devices; i++)
        if (!w->device_used[i]) {
            w->device_used[i] = 1;
            task->device[have++] = i;
        }
    task->next = w->running;
    w->running = task;
    return task;
}

static void put_back(tri_worker *w, tri_pool_task *task) {
    tri_pool_task **at = &w->running;
    while (*at != task)
        at = &(*at)->next;
    *at = task->next;
    w->cores_used -= task->place.cores;
    for (int i = 0; i < task->place.devices; i++)
        w->device_used[task->device[i]] = 0;
    if (w->first) (void)tri_condition_broadcast(w->tasks);
}

static void run_slot(void *argument) {
    tri_worker *w = argument;
    lock(w);
    int slot = w->number++;
    while (!w->ending) {
        tri_pool_task *task = take(w);
        if (!task) {
            if (w->leaving && !w->first) break;
            (void)tri_condition_wait(w->tasks, TRI_FOREVER);
            continue;
        }
        task->place.slot = slot;
        unlock(w);
        run_task(task);
        lock(w);
        put_back(w, task);
        free(task->result);
        free(task);
    }
    w->threads--;
    (void)tri_condition_broadcast(w->ended);
    unlock(w);
}

tri_status tri_slots_start(tri_worker *w) {
    w->last = &w->first;
    w->slot = calloc((size_t)w->slots + 1, sizeof *w->slot);
    if (!w->slot) return tri_fail(TRI_ERR_MEMORY, "no memory for %d slots", w->slots);
    TRI_TRY(tri_lock_create(&w->lock));
    TRI_TRY(tri_condition_create(w->lock, &w->tasks));
    TRI_TRY(tri_condition_create(w->lock, &w->output));
    TRI_TRY(tri_condition_create(w->lock, &w->room));
    TRI_TRY(tri_condition_create(w->lock, &w->ended));
    TRI_TRY(tri_thread_create("pool send", send_always, w, &w->sender));
    for (int i = 0; i < w->slots; i++) {
        char name[TRI_THREAD_NAME];
        snprintf(name, sizeof name, "pool slot %u", (unsigned)i % 100000);
        TRI_TRY(tri_thread_create(name, run_slot, w, &w->slot[i]));
        lock(w);
        w->threads++;
        unlock(w);
    }
    return TRI_OK;
}

void tri_slots_add(tri_worker *w, tri_pool_task *task) {
    lock(w);
    task->next = NULL;
    *w->last = task;
    w->last = &task->next;
    (void)tri_condition_signal(w->tasks);
    unlock(w);
}

void tri_slots_cancel(tri_worker *w, uint64_t id, uint32_t attempt) {
    lock(w);
    for (tri_pool_task *task = w->running; task; task = task->next)
        if (task->id == id && task->attempt == attempt)
            __atomic_store_n(&task->cancelled, 1, __ATOMIC_RELAXED);
    for (tri_pool_task **at = &w->first; *at; at = &(*at)->next) {
        tri_pool_task *task = *at;
        if (task->id != id || task->attempt != attempt) continue;
        *at = task->next;
        if (!*at) w->last = at;
        unlock(w);
        send_result(task, tri_fail(TRI_CANCELLED, "cancelled before it ran"), 0, 0);
        free(task);
        return;
    }
    unlock(w);
}

void tri_slots_end(tri_worker *w, int lost) {
    lock(w);
    if (!w->ending) w->ending = 1;
    w->lost |= lost;
    for (tri_pool_task *task = w->running; task; task = task->next)
        __atomic_store_n(&task->cancelled, 1, __ATOMIC_RELAXED);
    (void)tri_condition_broadcast(w->tasks);
    (void)tri_condition_broadcast(w->room);
    (void)tri_condition_signal(w->output);
    unlock(w);
}

int tri_slots_join(tri_worker *w, double deadline) {
    if (!w->lock) return 1;
    lock(w);
    while (w->threads && tri_condition_wait(w->ended, deadline) == TRI_OK) {
    }
    int left = w->threads;
    if (!left) w->ending = 2;
    if (w->output) (void)tri_condition_signal(w->output);
    unlock(w);
    if (left) return 0;
    for (int i = 0; i < w->slots && w->slot; i++)
        if (w->slot[i]) tri_thread_join(&w->slot[i]);
    if (w->sender) tri_thread_join(&w->sender);
    while (w->first) {
        tri_pool_task *task = w->first;
        w->first = task->next;
        free(task);
    }
    return 1;
}
