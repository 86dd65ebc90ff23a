/* A list from `first` to `last`. A producer exchanges `last` for its message and then links the one before to
 * it; between the two the list has a gap, and its consumer sees no more than the part before. `stub` is in
 * the list when no message is, so that it has always an end.
 *
 * An empty list has one state: first and last are the stub. From it the consumer goes to sleep by a mark in
 * `last`, and the producer whose exchange returns the mark wakes it: no other producer need look. */
#include "threads/phase.h"
#include "trireme/queue.h"

#include <stdlib.h>

struct tri_mailbox {
    _Alignas(TRI_CACHE_LINE) uintptr_t last;  /* tri_mail *, or the stub's and ASLEEP */
    _Alignas(TRI_CACHE_LINE) tri_mail *first; /* the consumer's */
    tri_mail stub;
    tri_word woken;
};

enum { ASLEEP = 1 }; /* a bit that the address of a message has not */

static uintptr_t stub_of(tri_mailbox *box) {
    return (uintptr_t)(void *)&box->stub;
}

tri_status tri_mailbox_create(tri_mailbox **out) {
    tri_mailbox *box = aligned_alloc(TRI_CACHE_LINE, sizeof *box);
    if (!box) return tri_fail(TRI_ERR_MEMORY, "no memory for a mailbox");
    *box = (tri_mailbox){.last = stub_of(box), .first = &box->stub};
    *out = box;
    return TRI_OK;
}

void tri_mailbox_destroy(tri_mailbox **box) {
    if (!box) return;
    free(*box);
    *box = NULL;
}

/* Returns whether the consumer slept before. */
static int append(tri_mailbox *box, tri_mail *mail) {
    tri_store(&mail->next, NULL, TRI_RELAXED);
    uintptr_t before = tri_exchange(&box->last, (uintptr_t)(void *)mail, TRI_ACQ_REL);
    tri_store(&((tri_mail *)(before & ~(uintptr_t)ASLEEP))->next, mail, TRI_RELEASE);
    return (before & ASLEEP) != 0;
}

void tri_mailbox_put(tri_mailbox *box, tri_mail *mail) {
    if (!append(box, mail)) return;
    tri_store(&box->woken, 1, TRI_RELAXED);
    tri_word_wake_one(&box->woken);
}

/* The oldest message, or NULL: the list is empty, or has a gap after its first. */
static tri_mail *take(tri_mailbox *box) {
    tri_mail *first = box->first, *next = tri_load(&first->next, TRI_ACQUIRE);
    if (first == &box->stub) {
        if (!next) return NULL;
        box->first = first = next;
        next = tri_load(&first->next, TRI_ACQUIRE);
    }
    if (!next && tri_load(&box->last, TRI_RELAXED) == (uintptr_t)(void *)first) {
        (void)append(box, &box->stub); /* the list keeps an end when `first` leaves it */
        next = tri_load(&first->next, TRI_RELAXED);
    }
    if (next) box->first = next;
    return next ? first : NULL;
}

/* The consumer has set its mark. Returns 0 after the deadline. */
static int sleep_until_put(tri_mailbox *box, double deadline) {
    while (!tri_load(&box->woken, TRI_RELAXED))
        if (!tri_word_sleep(&box->woken, 0, deadline)) {
            uintptr_t marked = stub_of(box) | ASLEEP;
            if (tri_replace(&box->last, &marked, stub_of(box), TRI_RELAXED)) return 0;
            deadline = TRI_FOREVER; /* a producer is about to wake it */
        }
    tri_store(&box->woken, 0, TRI_RELAXED);
    return 1;
}

tri_status tri_mailbox_get(tri_mailbox *box, double deadline, tri_mail **mail) {
    for (;;) {
        tri_mail *found = take(box);
        if (found) {
            *mail = found;
            return TRI_OK;
        }
        uintptr_t empty = stub_of(box);
        int late;
        if (box->first == &box->stub && tri_replace(&box->last, &empty, stub_of(box) | ASLEEP, TRI_RELAXED)) {
            late = !sleep_until_put(box, deadline);
        } else { /* a gap: the next step is its producer's */
            late = !(tri_deadline(0) < deadline);
            if (!late) tri_yield();
        }
        if (late) return tri_fail(TRI_TIMED_OUT, "the mailbox stayed empty until the deadline");
    }
}
