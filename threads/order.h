/* The items of a queue, in its order. */
#ifndef TRIREME_THREADS_ORDER_H
#define TRIREME_THREADS_ORDER_H

#include <stdint.h>

#include "trireme/queue.h"

typedef struct tri_entry {
    void *item;
    int priority;
    uint64_t number; /* of puts before; equal priorities leave in this order */
} tri_entry;

/* A ring for FIFO and LIFO; a heap, which starts at index 0, for PRIORITY. */
typedef struct tri_order {
    tri_queue_order order;
    tri_entry *entries;
    size_t room, first, count; /* room: a power of 2, or 0 */
    uint64_t puts;
} tri_order;

/* Returns 0 if there is no memory; never after a take. */
int tri_order_add(tri_order *order, void *item, int priority);
/* The order is not empty. */
void *tri_order_take(tri_order *order);

#endif
