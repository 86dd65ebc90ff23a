#include "threads/order.h"

#include <stdlib.h>

/* FEWEST: a power of 2. */
enum { FEWEST = 16 };

static tri_entry *at(tri_order *order, size_t index) {
    return &order->entries[(order->first + index) & (order->room - 1)];
}

static int grow(tri_order *order) {
    size_t room = order->room ? 2 * order->room : FEWEST;
    tri_entry *entries = room > order->room ? calloc(room, sizeof *entries) : NULL;
    if (!entries) return 0;
    for (size_t i = 0; i < order->count; i++)
        entries[i] = *at(order, i);
    free(order->entries);
    order->entries = entries;
    order->room = room;
    order->first = 0;
    return 1;
}

static int is_before(const tri_entry *a, const tri_entry *b) {
    return a->priority != b->priority ? a->priority > b->priority : a->number < b->number;
}

static void swap(tri_entry *a, tri_entry *b) {
    tri_entry kept = *a;
    *a = *b;
    *b = kept;
}

static void rise(tri_order *order, size_t i) {
    for (; i && is_before(at(order, i), at(order, (i - 1) / 2)); i = (i - 1) / 2)
        swap(at(order, i), at(order, (i - 1) / 2));
}

static void sink(tri_order *order) {
    for (size_t i = 0, child; (child = 2 * i + 1) < order->count; i = child) {
        if (child + 1 < order->count && is_before(at(order, child + 1), at(order, child))) child++;
        if (!is_before(at(order, child), at(order, i))) return;
        swap(at(order, i), at(order, child));
    }
}

int tri_order_add(tri_order *order, void *item, int priority) {
    if (order->count == order->room && !grow(order)) return 0;
    *at(order, order->count++) = (tri_entry){item, priority, order->puts++};
    if (order->order == TRI_QUEUE_PRIORITY) rise(order, order->count - 1);
    return 1;
}

void *tri_order_take(tri_order *order) {
    order->count--;
    if (order->order == TRI_QUEUE_LIFO) return at(order, order->count)->item;
    void *item = at(order, 0)->item;
    if (order->order == TRI_QUEUE_FIFO) {
        order->first = (order->first + 1) & (order->room - 1);
    } else {
        *at(order, 0) = *at(order, order->count);
        sink(order);
    }
    return item;
}
