/* What the pool's thread tells the manager. */
#include <stdatomic.h>
#include <string.h>

#include "apps/factor/factor.h"

static atomic_int workers = 1;
static atomic_size_t lost_curves;

int factor_workers(void) {
    return atomic_load(&workers);
}

size_t factor_lost_curves(void) {
    return atomic_load(&lost_curves);
}

static void tell_lost(bool quiet, const factor_ticket *t, const tri_pool_event *event) {
    static const char *const tasks[] = {"a look at small factors", "", "a curve of a save file", "a sieve"};
    if (t->task == FACTOR_CURVES) atomic_fetch_add(&lost_curves, t->count);
    if (quiet) return;
    if (t->task == FACTOR_CURVES)
        fprintf(stderr, "factor: %zu curve%s with B1 = %.0f lost on %s; they run again\n", t->count,
                t->count > 1 ? "s" : "", factor_level_b1(t->level), event->host);
    else
        fprintf(stderr, "factor: %s is lost on %s; it runs again\n", tasks[t->task], event->host);
}

void factor_watch(void *argument, const tri_pool_event *event) {
    factor_state *s = argument;
    const factor_ticket *t = event->tag;
    bool quiet = s->options->quiet;
    /* The loop sees a journal that cannot grow when it writes itself. */
    if (event->what == TRI_POOL_GIVEN && t && t->task == FACTOR_CURVES) (void)factor_book_given(s, t);
    if (event->what == TRI_POOL_JOINED || event->what == TRI_POOL_LEFT)
        atomic_store(&workers, event->workers);
    if (event->what == TRI_POOL_LEFT && !quiet && strcmp(event->text, "left") != 0)
        fprintf(stderr, "factor: worker %d on %s is lost: %s\n", event->worker, event->host, event->text);
    if (event->what == TRI_POOL_LOST && t) tell_lost(quiet, t, event);
}
