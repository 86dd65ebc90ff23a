#include "threads/line.h"

#include <stddef.h>

/* Returns 0 if it is not in the line. */
static int leave(tri_line *line, tri_sleeper *sleeper) {
    tri_sleeper *before = NULL, *at = line->first;
    for (; at && at != sleeper; at = at->next)
        before = at;
    if (!at) return 0;
    *(before ? &before->next : &line->first) = at->next;
    if (line->last == at) line->last = before;
    return 1;
}

int tri_line_sleep(tri_line *line, tri_sleeper *self, tri_mutex *mutex, double deadline) {
    self->next = NULL;
    self->how = TRI_LATE;
    *(line->first ? &line->last->next : &line->first) = self;
    line->last = self;
    tri_mutex_unlock(mutex);
    tri_word how;
    while ((how = tri_load(&self->how, TRI_ACQUIRE)) == TRI_LATE)
        if (!tri_word_sleep(&self->how, TRI_LATE, deadline)) {
            tri_mutex_lock(mutex);
            if (!leave(line, self)) how = tri_load(&self->how, TRI_RELAXED); /* woken meanwhile */
            tri_mutex_unlock(mutex);
            break;
        }
    return (int)how;
}

int tri_line_wake_this(tri_line *line, tri_sleeper *sleeper, tri_word how) {
    if (!sleeper || !leave(line, sleeper)) return 0;
    tri_word *word = &sleeper->how;
    tri_store(word, how, TRI_RELEASE); /* from here on the sleeper may be gone */
    tri_word_wake_one(word);
    return 1;
}

int tri_line_wake(tri_line *line, tri_word how) {
    return tri_line_wake_this(line, line->first, how);
}

void tri_line_wake_all(tri_line *line, tri_word how) {
    while (tri_line_wake(line, how))
        ;
}
