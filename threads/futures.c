/* Futures of several futures. */
#include "threads/future.h"
#include "threads/word.h"

#include <stdlib.h>

typedef struct member {
    tri_watch watch; /* first, so that a watch is its member */
    struct group *group;
    tri_future *future; /* the caller's handle; of `all`, one of its own */
} member;

/* Lives until all its futures are done. */
typedef struct group {
    tri_promise *promise; /* of `any`: until the first is done */
    tri_word won;         /* of `any` */
    size_t count, left;   /* left: watches that have not been called, and 1 until all are set */
    member members[];
} group;

static void all_done(group *g) {
    for (size_t i = 0; i < g->count; i++) {
        /* The text is this thread's error text from here to tri_promise_fail(). */
        tri_status status = g->promise ? tri_future_wait(g->members[i].future, TRI_AT_ONCE, NULL) : TRI_OK;
        if (status != TRI_OK) tri_promise_fail(&g->promise, status, tri_error_text());
        tri_future_destroy(&g->members[i].future);
    }
    if (g->promise) (void)tri_promise_fulfil(&g->promise, NULL);
    free(g);
}

static void one_of_all(tri_watch *watch) {
    group *g = ((member *)watch)->group;
    if (tri_add(&g->left, (size_t)-1, TRI_ACQ_REL) == 1) all_done(g);
}

static void one_of_any(tri_watch *watch) {
    member *m = (member *)watch;
    group *g = m->group;
    if (!tri_exchange(&g->won, 1, TRI_RELAXED)) (void)tri_promise_fulfil(&g->promise, m->future);
    if (tri_add(&g->left, (size_t)-1, TRI_ACQ_REL) == 1) free(g);
}

static tri_status make_group(size_t count, group **out, tri_future **future) {
    group *g = malloc(sizeof *g + count * sizeof *g->members);
    if (!g) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu futures", count);
    *g = (group){.count = count, .left = count + 1};
    tri_status status = tri_promise_create(&g->promise, future);
    if (status != TRI_OK)
        free(g);
    else
        *out = g;
    return status;
}

tri_status tri_future_all(tri_future *const *futures, size_t count, tri_future **out) {
    group *g;
    TRI_TRY(make_group(count, &g, out));
    for (size_t i = 0; i < count; i++)
        g->members[i] = (member){{NULL, one_of_all}, g, tri_future_share(futures[i])};
    for (size_t i = 0; i < count; i++)
        tri_future_watch(futures[i], &g->members[i].watch);
    if (tri_add(&g->left, (size_t)-1, TRI_ACQ_REL) == 1) all_done(g);
    return TRI_OK;
}

tri_status tri_future_any(tri_future *const *futures, size_t count, tri_future **out) {
    if (!count) return tri_fail(TRI_ERR_ARGUMENT, "any of no futures would never be done");
    group *g;
    TRI_TRY(make_group(count, &g, out));
    for (size_t i = 0; i < count; i++)
        g->members[i] = (member){{NULL, one_of_any}, g, futures[i]};
    for (size_t i = 0; i < count; i++)
        tri_future_watch(futures[i], &g->members[i].watch);
    if (tri_add(&g->left, (size_t)-1, TRI_ACQ_REL) == 1) free(g);
    return TRI_OK;
}
