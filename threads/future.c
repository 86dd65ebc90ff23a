#include "threads/future.h"

#include <stdlib.h>
#include <string.h>

#include "threads/line.h"

enum { WAITING, BEGUN, DONE };

struct tri_future {
    tri_mutex mutex; /* not needed to read the result once state is DONE */
    tri_word state, cancelled, handles;
    tri_status status;
    char *text; /* of a failure; NULL: no memory for it */
    void *value;
    tri_line line;
    tri_watch *watches;
};

/* The same object; a promise is one of its handles. */
struct tri_promise {
    tri_future future;
};

tri_status tri_promise_create(tri_promise **promise, tri_future **future) {
    tri_promise *p = calloc(1, sizeof *p);
    if (!p) return tri_fail(TRI_ERR_MEMORY, "no memory for a promise");
    p->future.handles = 2;
    *promise = p;
    *future = &p->future;
    return TRI_OK;
}

tri_future *tri_future_share(tri_future *future) {
    (void)tri_add(&future->handles, 1, TRI_RELAXED);
    return future;
}

void tri_future_destroy(tri_future **future) {
    if (!future || !*future) return;
    tri_future *f = *future;
    *future = NULL;
    if (tri_add(&f->handles, (tri_word)-1, TRI_ACQ_REL) != 1) return;
    free(f->text);
    free(f);
}

int tri_future_done(tri_future *future) {
    return tri_load(&future->state, TRI_ACQUIRE) == DONE;
}

/* Gives the result, if the state is at most `most`; returns 0 otherwise. */
static int finish(tri_future *f, tri_word most, tri_status status, const char *text, void *value) {
    tri_mutex_lock(&f->mutex);
    if (tri_load(&f->state, TRI_RELAXED) > most) {
        tri_mutex_unlock(&f->mutex);
        return 0;
    }
    f->status = status;
    f->text = text ? strdup(text) : NULL;
    f->value = value;
    tri_watch *watch = f->watches;
    f->watches = NULL;
    tri_store(&f->state, DONE, TRI_RELEASE);
    tri_line_wake_all(&f->line, TRI_SERVED);
    tri_mutex_unlock(&f->mutex);
    for (tri_watch *next; watch; watch = next) {
        next = watch->next;
        watch->done(watch);
    }
    return 1;
}

int tri_promise_begin(tri_promise *promise) {
    tri_future *f = &promise->future;
    tri_mutex_lock(&f->mutex);
    int begins = tri_load(&f->state, TRI_RELAXED) != DONE;
    if (begins) tri_store(&f->state, BEGUN, TRI_RELAXED);
    tri_mutex_unlock(&f->mutex);
    return begins;
}

int tri_promise_cancelled(const tri_promise *promise) {
    return tri_load(&promise->future.cancelled, TRI_RELAXED) != 0;
}

static void end(tri_promise **promise) {
    tri_future *f = &(*promise)->future;
    *promise = NULL;
    tri_future_destroy(&f);
}

tri_status tri_promise_fulfil(tri_promise **promise, void *value) {
    int taken = finish(&(*promise)->future, BEGUN, TRI_OK, NULL, value);
    end(promise);
    return taken ? TRI_OK : tri_fail(TRI_CANCELLED, "the result came after its future was cancelled");
}

void tri_promise_fail(tri_promise **promise, tri_status status, const char *text) {
    (void)finish(&(*promise)->future, BEGUN, status, text, NULL);
    end(promise);
}

void tri_promise_destroy(tri_promise **promise) {
    if (promise && *promise) tri_promise_fail(promise, TRI_CANCELLED, "the promise of a result was given up");
}

void tri_future_cancel(tri_future *future) {
    tri_store(&future->cancelled, 1, TRI_RELAXED);
    (void)finish(future, WAITING, TRI_CANCELLED, "the work was cancelled before it began", NULL);
}

tri_status tri_future_wait(tri_future *future, double deadline, void **value) {
    tri_sleeper self;
    if (!tri_future_done(future)) {
        tri_mutex_lock(&future->mutex);
        if (tri_load(&future->state, TRI_RELAXED) == DONE)
            tri_mutex_unlock(&future->mutex);
        else if (tri_line_sleep(&future->line, &self, &future->mutex, deadline) != TRI_SERVED)
            return tri_fail(TRI_TIMED_OUT, "there was no result until the deadline");
    }
    if (future->status != TRI_OK)
        return tri_fail(future->status, "%s", future->text ? future->text : tri_status_text(future->status));
    if (value) *value = future->value;
    return TRI_OK;
}

void tri_future_watch(tri_future *future, tri_watch *watch) {
    tri_mutex_lock(&future->mutex);
    int done = tri_load(&future->state, TRI_RELAXED) == DONE;
    if (!done) {
        watch->next = future->watches;
        future->watches = watch;
    }
    tri_mutex_unlock(&future->mutex);
    if (done) watch->done(watch);
}

int tri_future_unwatch(tri_future *future, tri_watch *watch) {
    tri_mutex_lock(&future->mutex);
    tri_watch **at = &future->watches;
    while (*at && *at != watch)
        at = &(*at)->next;
    int found = *at != NULL;
    if (found) *at = watch->next;
    tri_mutex_unlock(&future->mutex);
    return found;
}
