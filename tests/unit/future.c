/* Promises, futures and the executor, on teams of 1, 2, 3 and 8 threads. */
#include "trireme/future.h"

#include <sched.h>
#include <string.h>

#include "check.h"
#include "crew.h"

enum { TASKS = 1000 };

/* ---- promises ---- */

static void results(void) {
    tri_promise *promise;
    tri_future *future;
    int x = 0;
    void *value = NULL;
    CHECK_OK(tri_promise_create(&promise, &future));
    CHECK(!tri_future_done(future), "done before");
    CHECK_STATUS(tri_future_wait(future, TRI_AT_ONCE, &value), TRI_TIMED_OUT);
    CHECK_STATUS(tri_future_wait(future, tri_deadline(0.001), NULL), TRI_TIMED_OUT);
    CHECK_OK(tri_promise_fulfil(&promise, &x));
    CHECK(!promise && tri_future_done(future), "not done");
    for (int i = 0; i < 2; i++) {
        value = NULL;
        CHECK_OK(tri_future_wait(future, TRI_FOREVER, &value));
        CHECK(value == &x, "another value");
    }
    tri_future_cancel(future); /* too late */
    CHECK_OK(tri_future_wait(future, TRI_FOREVER, NULL));
    tri_future_destroy(&future);
    tri_future_destroy(&future);
    tri_future_destroy(NULL);

    CHECK_OK(tri_promise_create(&promise, &future));
    tri_promise_fail(&promise, TRI_ERR_DATA, "row 7 is missing");
    tri_fail(TRI_ERR_FILE, "another text");
    CHECK_STATUS(tri_future_wait(future, TRI_FOREVER, &value), TRI_ERR_DATA);
    CHECK(!strcmp(tri_error_text(), "row 7 is missing"), "%s", tri_error_text());
    tri_future_destroy(&future);

    CHECK_OK(tri_promise_create(&promise, &future));
    tri_promise_destroy(&promise);
    tri_promise_destroy(&promise);
    tri_promise_destroy(NULL);
    CHECK_STATUS(tri_future_wait(future, TRI_FOREVER, &value), TRI_CANCELLED);
    tri_future_destroy(&future);
}

static void cancelled(void) {
    tri_promise *promise;
    tri_future *future;
    int x = 0;
    CHECK_OK(tri_promise_create(&promise, &future));
    CHECK(!tri_promise_cancelled(promise), "cancelled before");
    tri_future_cancel(future);
    CHECK_STATUS(tri_future_wait(future, TRI_FOREVER, NULL), TRI_CANCELLED);
    CHECK(tri_promise_cancelled(promise) && !tri_promise_begin(promise), "begins");
    CHECK_STATUS(tri_promise_fulfil(&promise, &x), TRI_CANCELLED);
    tri_future_destroy(&future);

    CHECK_OK(tri_promise_create(&promise, &future));
    CHECK(tri_promise_begin(promise), "does not begin");
    tri_future_cancel(future);
    CHECK(tri_promise_cancelled(promise) && !tri_future_done(future), "a wish decided");
    CHECK_OK(tri_promise_fulfil(&promise, &x));
    CHECK_OK(tri_future_wait(future, TRI_FOREVER, NULL));
    tri_future_destroy(&future);
}

static void several(void) {
    enum { MOST = 9 };
    for (int count = 0; count <= MOST; count++) {
        tri_promise *promises[MOST];
        tri_future *futures[MOST], *all = NULL, *any = NULL, *late = NULL;
        void *value = NULL;
        for (int i = 0; i < count; i++)
            CHECK_OK(tri_promise_create(&promises[i], &futures[i]));
        CHECK_OK(tri_future_all(futures, (size_t)count, &all));
        CHECK(tri_future_done(all) == !count, "all of %d", count);
        CHECK_STATUS(tri_future_any(futures, (size_t)count, &any), count ? TRI_OK : TRI_ERR_ARGUMENT);
        for (int i = count - 1; i >= 0; i--) {
            CHECK(!tri_future_done(all), "all before %d", i);
            if (i % 4 == 2)
                tri_promise_fail(&promises[i], TRI_ERR_DATA, i == 2 ? "the third" : "a later one");
            else
                CHECK_OK(tri_promise_fulfil(&promises[i], &promises[i]));
            CHECK_OK(tri_future_wait(any, TRI_AT_ONCE, &value));
            CHECK(value == futures[count - 1], "any is not the first one");
        }
        CHECK_STATUS(tri_future_wait(all, TRI_AT_ONCE, NULL), count > 2 ? TRI_ERR_DATA : TRI_OK);
        CHECK(count <= 2 || !strcmp(tri_error_text(), "the third"), "%s", tri_error_text());
        /* Of those that are done already. */
        if (count) {
            CHECK_OK(tri_future_any(futures, (size_t)count, &late));
            CHECK_OK(tri_future_wait(late, TRI_AT_ONCE, &value));
            CHECK(value == futures[0], "any of many done ones is not the first in the array");
        }
        for (int i = 0; i < count; i++)
            tri_future_destroy(&futures[i]);
        tri_future_destroy(&all);
        tri_future_destroy(&any);
        tri_future_destroy(&late);
    }
}

/* ---- executor ---- */

static atomic_int ran;

static tri_status square(void *argument, const tri_promise *self, void **value) {
    int *x = argument;
    (void)self;
    atomic_fetch_add(&ran, 1);
    *x *= *x;
    *value = x;
    return TRI_OK;
}

static tri_status complain(void *argument, const tri_promise *self, void **value) {
    (void)self, (void)value;
    return tri_fail(TRI_ERR_WRONG, "task %s is wrong", (const char *)argument);
}

static tri_status add_one(void *argument, tri_future *before, const tri_promise *self, void **value) {
    (void)argument, (void)self;
    TRI_TRY(tri_future_wait(before, TRI_AT_ONCE, value));
    ++*(int *)*value;
    return TRI_OK;
}

static void many_tasks(tri_executor *executor) {
    static int x[TASKS];
    static tri_future *futures[TASKS], *next[TASKS];
    tri_future *all;
    for (int i = 0; i < TASKS; i++) {
        x[i] = i;
        CHECK_OK(tri_executor_submit(executor, square, &x[i], &futures[i]));
        CHECK_OK(tri_executor_then(executor, futures[i], add_one, NULL, &next[i]));
    }
    CHECK_OK(tri_future_all(next, TASKS, &all));
    CHECK_OK(tri_executor_wait(executor, all, TRI_FOREVER, NULL));
    for (int i = 0; i < TASKS; i++) {
        CHECK(x[i] == i * i + 1, "%d: %d", i, x[i]);
        tri_future_destroy(&futures[i]);
        tri_future_destroy(&next[i]);
    }
    tri_future_destroy(&all);
}

typedef struct call {
    tri_executor *executor;
    int n, result;
} call;

/* A tree of tasks, each of which waits for two. */
static tri_status fibonacci(void *argument, const tri_promise *self, void **value) {
    call *c = argument, less[2] = {{c->executor, c->n - 1, 0}, {c->executor, c->n - 2, 0}};
    (void)self, (void)value;
    c->result = c->n;
    if (c->n < 2) return TRI_OK;
    tri_future *futures[2];
    for (int i = 0; i < 2; i++)
        TRI_TRY(tri_executor_submit(c->executor, fibonacci, &less[i], &futures[i]));
    for (int i = 0; i < 2; i++) {
        TRI_TRY(tri_executor_wait(c->executor, futures[i], TRI_FOREVER, NULL));
        tri_future_destroy(&futures[i]);
    }
    c->result = less[0].result + less[1].result;
    return TRI_OK;
}

static void tasks_that_wait(tri_executor *executor) {
    call c = {executor, 13, 0};
    tri_future *future;
    CHECK_OK(tri_executor_submit(executor, fibonacci, &c, &future));
    CHECK_OK(tri_executor_wait(executor, future, TRI_FOREVER, NULL));
    CHECK(c.result == 233, "%d", c.result);
    tri_future_destroy(&future);
}

static void failures(tri_executor *executor) {
    tri_future *future, *next;
    CHECK_OK(tri_executor_submit(executor, complain, "seven", &future));
    CHECK_OK(tri_executor_then(executor, future, add_one, NULL, &next));
    CHECK_STATUS(tri_executor_wait(executor, next, TRI_FOREVER, NULL), TRI_ERR_WRONG);
    CHECK(!strcmp(tri_error_text(), "task seven is wrong"), "%s", tri_error_text());
    tri_future_destroy(&future);
    tri_future_destroy(&next);
}

static tri_status until_cancelled(void *argument, const tri_promise *self, void **value) {
    (void)value;
    atomic_store((atomic_int *)argument, 1);
    while (!tri_promise_cancelled(self))
        sched_yield();
    return tri_fail(TRI_CANCELLED, "stopped as asked");
}

static void cancellation(tri_team *team, tri_executor *executor) {
    atomic_int begun = 0;
    int x = 3;
    tri_promise *gate;
    tri_future *running, *gate_future, *waiting;
    if (tri_team_threads(team) > 1) {
        CHECK_OK(tri_executor_submit(executor, until_cancelled, &begun, &running));
        while (!atomic_load(&begun))
            sched_yield();
        CHECK_STATUS(tri_executor_wait(executor, running, tri_deadline(0.001), NULL), TRI_TIMED_OUT);
        tri_future_cancel(running);
        CHECK_STATUS(tri_executor_wait(executor, running, TRI_FOREVER, NULL), TRI_CANCELLED);
        CHECK(!strcmp(tri_error_text(), "stopped as asked"), "%s", tri_error_text());
        tri_future_destroy(&running);
    }
    /* Cancelled before it can begin: it never runs. */
    CHECK_OK(tri_promise_create(&gate, &gate_future));
    CHECK_OK(tri_executor_then(executor, gate_future, add_one, NULL, &waiting));
    tri_future_cancel(waiting);
    CHECK_STATUS(tri_executor_wait(executor, waiting, TRI_FOREVER, NULL), TRI_CANCELLED);
    CHECK_OK(tri_promise_fulfil(&gate, &x));
    tri_future_destroy(&gate_future);
    tri_future_destroy(&waiting);
    CHECK(x == 3, "a cancelled task ran");
}

static void executors(int threads) {
    tri_team *team;
    tri_executor *executor;
    static int x[TASKS];
    CHECK_OK(tri_team_create(threads, NULL, &team));
    CHECK_OK(tri_executor_create(team, &executor));
    CHECK(!tri_team_idle(team), "an executor leaves its team idle");
    tri_executor *second = NULL;
    CHECK_STATUS(tri_executor_create(team, &second), TRI_ERR_ARGUMENT);
    many_tasks(executor);
    tasks_that_wait(executor);
    failures(executor);
    cancellation(team, executor);
    /* The end runs what is left. */
    ran = 0;
    for (int i = 0; i < TASKS; i++)
        CHECK_OK(tri_executor_submit(executor, square, &x[i], NULL));
    tri_executor_destroy(&executor);
    tri_executor_destroy(&executor);
    tri_executor_destroy(NULL);
    CHECK(ran == TASKS && tri_team_idle(team), "%d tasks ran", ran);
    tri_team_destroy(&team);
}

/* ---- many threads ---- */

typedef struct meeting {
    tri_promise *promise;
    tri_future *future;
    int x;
} meeting;

static void give_or_take(void *argument, int thread) {
    meeting *m = argument;
    void *value = NULL;
    if (thread == 0) {
        m->x = 1;
        (void)tri_promise_fulfil(&m->promise, &m->x);
    } else if (thread == 1) {
        tri_future_cancel(m->future);
    } else {
        tri_status status = tri_future_wait(m->future, TRI_FOREVER, &value);
        CHECK(status == TRI_CANCELLED || (status == TRI_OK && *(int *)value == 1), "%s",
              tri_status_name(status));
    }
}

int main(void) {
    results();
    cancelled();
    several();
    for (int round = 0; round < 200; round++) {
        meeting m = {0};
        CHECK_OK(tri_promise_create(&m.promise, &m.future));
        crew_run(4, give_or_take, &m);
        tri_future_destroy(&m.future);
    }
    static const int sizes[] = {1, 2, 3, 8};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        executors(sizes[i]);
    return check_result("futures");
}
