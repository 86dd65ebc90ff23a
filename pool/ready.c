/* A binary heap: by priority, then the longest estimate, then the order of submission. */
#include <stdlib.h>

#include "pool/manager.h"

static int earlier(const tri_job *a, const tri_job *b) {
    if (a->how.priority != b->how.priority) return a->how.priority > b->how.priority;
    if (a->how.estimate_s != b->how.estimate_s) return a->how.estimate_s > b->how.estimate_s;
    return a->id < b->id;
}

tri_status tri_ready_reserve(tri_ready *ready, size_t count) {
    size_t room = ready->room ? ready->room : 64;
    if (count <= ready->room) return TRI_OK;
    while (room < count)
        room *= 2;
    tri_job **more = realloc(ready->job, room * sizeof(tri_job *));
    if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for the list of tasks");
    ready->job = more, ready->room = room;
    return TRI_OK;
}

void tri_ready_add(tri_ready *ready, tri_job *job) {
    size_t at = ready->count++;
    for (; at && earlier(job, ready->job[(at - 1) / 2]); at = (at - 1) / 2)
        ready->job[at] = ready->job[(at - 1) / 2];
    ready->job[at] = job;
}

tri_job *tri_ready_take(tri_ready *ready) {
    if (!ready->count) return NULL;
    tri_job *first = ready->job[0], *last = ready->job[--ready->count];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < ready->count; at = child) {
        if (child + 1 < ready->count && earlier(ready->job[child + 1], ready->job[child])) child++;
        if (!earlier(ready->job[child], last)) break;
        ready->job[at] = ready->job[child];
    }
    if (ready->count) ready->job[at] = last;
    return first;
}
