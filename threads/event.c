#include "threads/phase.h"
#include "trireme/sync.h"

#include <stdlib.h>

/* Whether it has happened is the lowest bit of the number of changes. */
struct tri_event {
    tri_phase phase;
};

tri_status tri_event_create(tri_event **out) {
    tri_event *event = aligned_alloc(TRI_CACHE_LINE, sizeof *event);
    if (!event) return tri_fail(TRI_ERR_MEMORY, "no memory for an event");
    *event = (tri_event){{0}};
    *out = event;
    return TRI_OK;
}

void tri_event_destroy(tri_event **event) {
    if (!event) return;
    free(*event);
    *event = NULL;
}

void tri_event_set(tri_event *event) {
    tri_phase_next_if(&event->phase, TRI_PHASE_STEP, 0);
}

void tri_event_reset(tri_event *event) {
    tri_phase_next_if(&event->phase, TRI_PHASE_STEP, TRI_PHASE_STEP);
}

tri_status tri_event_wait(tri_event *event, double deadline) {
    tri_word seen = tri_phase_now(&event->phase);
    return (seen & TRI_PHASE_STEP) || tri_phase_wait(&event->phase, seen, 0, deadline)
               ? TRI_OK
               : tri_fail(TRI_TIMED_OUT, "the event did not happen until the deadline");
}
