#include "threads/line.h"
#include "threads/order.h"

#include <stdlib.h>

/* Nobody waits to get while there are items, nor to put while there is room. */
struct tri_queue {
    tri_mutex mutex;
    tri_order items;
    size_t bound; /* 0: none */
    int closed;
    tri_line getters, putters; /* who wait */
};

tri_status tri_queue_create(tri_queue_order order, size_t bound, tri_queue **out) {
    if (order != TRI_QUEUE_FIFO && order != TRI_QUEUE_LIFO && order != TRI_QUEUE_PRIORITY)
        return tri_fail(TRI_ERR_ARGUMENT, "there is no order %d of queues", (int)order);
    tri_queue *queue = malloc(sizeof *queue);
    if (!queue) return tri_fail(TRI_ERR_MEMORY, "no memory for a queue");
    *queue = (tri_queue){.items.order = order, .bound = bound};
    *out = queue;
    return TRI_OK;
}

void tri_queue_destroy(tri_queue **queue) {
    if (!queue || !*queue) return;
    free((*queue)->items.entries);
    free(*queue);
    *queue = NULL;
}

static tri_status closed(void) {
    return tri_fail(TRI_CLOSED, "the queue is closed");
}

tri_status tri_queue_put_priority(tri_queue *queue, void *item, int priority, double deadline) {
    tri_sleeper self = {.item = item, .priority = priority};
    int added = 1;
    tri_mutex_lock(&queue->mutex);
    if (queue->closed) {
        tri_mutex_unlock(&queue->mutex);
        return closed();
    }
    if (queue->bound && queue->items.count == queue->bound) {
        int how = tri_line_sleep(&queue->putters, &self, &queue->mutex, deadline);
        if (how == TRI_SERVED) return TRI_OK;
        return how == TRI_LATE ? tri_fail(TRI_TIMED_OUT, "the queue stayed full until the deadline")
                               : closed();
    }
    if (queue->getters.first) {
        queue->getters.first->item = item;
        (void)tri_line_wake(&queue->getters, TRI_SERVED);
    } else {
        added = tri_order_add(&queue->items, item, priority);
    }
    tri_mutex_unlock(&queue->mutex);
    return added ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for another item of a queue");
}

tri_status tri_queue_put(tri_queue *queue, void *item, double deadline) {
    return tri_queue_put_priority(queue, item, 0, deadline);
}

tri_status tri_queue_get(tri_queue *queue, double deadline, void **item) {
    tri_sleeper self = {.item = NULL};
    tri_mutex_lock(&queue->mutex);
    if (queue->items.count) {
        *item = tri_order_take(&queue->items);
        tri_sleeper *putter = queue->putters.first;
        if (putter) {
            (void)tri_order_add(&queue->items, putter->item, putter->priority); /* there is room */
            (void)tri_line_wake(&queue->putters, TRI_SERVED);
        }
        tri_mutex_unlock(&queue->mutex);
        return TRI_OK;
    }
    if (queue->closed) {
        tri_mutex_unlock(&queue->mutex);
        return closed();
    }
    int how = tri_line_sleep(&queue->getters, &self, &queue->mutex, deadline);
    if (how == TRI_SERVED) *item = self.item;
    if (how == TRI_SERVED) return TRI_OK;
    return how == TRI_LATE ? tri_fail(TRI_TIMED_OUT, "the queue stayed empty until the deadline") : closed();
}

void tri_queue_close(tri_queue *queue) {
    tri_mutex_lock(&queue->mutex);
    queue->closed = 1;
    tri_line_wake_all(&queue->getters, TRI_SENT_AWAY);
    tri_line_wake_all(&queue->putters, TRI_SENT_AWAY);
    tri_mutex_unlock(&queue->mutex);
}

size_t tri_queue_length(tri_queue *queue) {
    tri_mutex_lock(&queue->mutex);
    size_t count = queue->items.count;
    tri_mutex_unlock(&queue->mutex);
    return count;
}
