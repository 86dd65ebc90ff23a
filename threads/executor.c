#include "threads/future.h"
#include "threads/line.h"

#include <stdlib.h>

typedef struct task {
    tri_watch watch; /* first, so that a watch is its task; of tri_executor_then() */
    tri_executor *executor;
    struct task *next;
    tri_task run;
    tri_next_task run_next; /* instead of run, with `before` */
    tri_future *before;
    void *argument;
    tri_promise *promise;
} task;

struct tri_executor {
    tri_team *team;
    tri_mutex mutex;
    task *first, *last; /* to run; nobody is idle while there are some */
    int closed;
    tri_line idle; /* threads that would run one */
};

/* A thread in tri_executor_wait() runs tasks until a future is done; the others until the end. */
typedef struct helper {
    tri_watch watch; /* first */
    tri_executor *executor;
    tri_sleeper self;
    int done;
} helper;

static void run_task(task *t) {
    void *value = NULL;
    if (!tri_promise_begin(t->promise)) {
        tri_promise_destroy(&t->promise);
    } else {
        tri_status status = t->before ? t->run_next(t->argument, t->before, t->promise, &value)
                                      : t->run(t->argument, t->promise, &value);
        if (status == TRI_OK)
            (void)tri_promise_fulfil(&t->promise, value);
        else
            tri_promise_fail(&t->promise, status, tri_error_text());
    }
    tri_future_destroy(&t->before);
    free(t);
}

/* Returns when the helper is done, or after the deadline. */
static void help(tri_executor *e, helper *h, double deadline) {
    tri_mutex_lock(&e->mutex);
    while (!h->done) {
        int how = TRI_SERVED;
        task *t = e->first;
        if (t) {
            e->first = t->next;
            tri_mutex_unlock(&e->mutex);
        } else if (e->closed && !h->watch.done) {
            break;
        } else {
            how = tri_line_sleep(&e->idle, &h->self, &e->mutex, deadline);
            t = how == TRI_SERVED ? h->self.item : NULL;
        }
        if (t) run_task(t);
        if (how == TRI_LATE) return;
        tri_mutex_lock(&e->mutex);
    }
    tri_mutex_unlock(&e->mutex);
}

static void work(void *argument, int thread, size_t chunk) {
    (void)thread, (void)chunk;
    helper h = {.executor = argument};
    help(argument, &h, TRI_FOREVER);
}

tri_status tri_executor_create(tri_team *team, tri_executor **out) {
    if (!tri_team_idle(team)) return tri_fail(TRI_ERR_ARGUMENT, "the team of a new executor is at work");
    tri_executor *e = malloc(sizeof *e);
    if (!e) return tri_fail(TRI_ERR_MEMORY, "no memory for an executor");
    *e = (tri_executor){.team = team};
    tri_team_start(team, (size_t)tri_team_threads(team), work, e);
    *out = e;
    return TRI_OK;
}

void tri_executor_destroy(tri_executor **executor) {
    if (!executor || !*executor) return;
    tri_executor *e = *executor;
    tri_mutex_lock(&e->mutex);
    e->closed = 1;
    tri_line_wake_all(&e->idle, TRI_SENT_AWAY);
    tri_mutex_unlock(&e->mutex);
    tri_team_wait(e->team);
    free(e);
    *executor = NULL;
}

/* The first idle thread takes it. */
static void hand_out(task *t) {
    tri_executor *e = t->executor;
    tri_mutex_lock(&e->mutex);
    if (e->idle.first) {
        e->idle.first->item = t;
        (void)tri_line_wake(&e->idle, TRI_SERVED);
    } else {
        t->next = NULL;
        *(e->first ? &e->last->next : &e->first) = t;
        e->last = t;
    }
    tri_mutex_unlock(&e->mutex);
}

static void hand_out_next(tri_watch *watch) {
    hand_out((task *)watch);
}

static tri_status make_task(task model, tri_future **out, task **made) {
    task *t = malloc(sizeof *t);
    tri_future *future = NULL;
    if (!t) return tri_fail(TRI_ERR_MEMORY, "no memory for a task");
    *t = model;
    tri_status status = tri_promise_create(&t->promise, &future);
    if (status != TRI_OK) {
        free(t);
        return status;
    }
    if (out)
        *out = future;
    else
        tri_future_destroy(&future);
    *made = t;
    return TRI_OK;
}

tri_status tri_executor_submit(tri_executor *executor, tri_task run, void *argument, tri_future **out) {
    task *t;
    TRI_TRY(make_task((task){.executor = executor, .run = run, .argument = argument}, out, &t));
    hand_out(t);
    return TRI_OK;
}

tri_status tri_executor_then(tri_executor *executor, tri_future *before, tri_next_task next, void *argument,
                             tri_future **out) {
    task *t;
    TRI_TRY(
        make_task((task){{NULL, hand_out_next}, .executor = executor, .run_next = next, .argument = argument},
                  out, &t));
    t->before = tri_future_share(before);
    tri_future_watch(before, &t->watch);
    return TRI_OK;
}

static void stop_helping(tri_watch *watch) {
    helper *h = (helper *)watch;
    tri_executor *e = h->executor;
    tri_mutex_lock(&e->mutex);
    h->done = 1;
    (void)tri_line_wake_this(&e->idle, &h->self, TRI_SENT_AWAY);
    tri_mutex_unlock(&e->mutex);
}

tri_status tri_executor_wait(tri_executor *executor, tri_future *future, double deadline, void **value) {
    helper h = {{NULL, stop_helping}, .executor = executor};
    tri_future_watch(future, &h.watch);
    help(executor, &h, deadline);
    /* Too late to withdraw: until stop_helping() has ended, it needs `h`. */
    if (!tri_future_unwatch(future, &h.watch)) help(executor, &h, TRI_FOREVER);
    return tri_future_wait(future, TRI_AT_ONCE, value);
}
