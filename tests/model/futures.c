#include "trireme/future.h"

#include "scenarios.h"
#include "threads/phase.h"

static tri_promise *promises[2];
static tri_future *futures[2], *together;
static tri_executor *executor;
static int data, other, gave, ran;

static void start(void) {
    model_write(&data, 0);
    model_write(&other, 0);
    gave = ran = 0;
    for (int i = 0; i < 2; i++)
        MODEL_CHECK(tri_promise_create(&promises[i], &futures[i]) == TRI_OK);
}

static void end(void) {
    for (int i = 0; i < 2; i++) {
        tri_promise_destroy(&promises[i]);
        tri_future_destroy(&futures[i]);
    }
    tri_future_destroy(&together);
}

/* ---- promise and future ---- */

static void give(void) {
    model_write(&data, 1);
    gave = tri_promise_fulfil(&promises[0], &data) == TRI_OK;
}

static void give_other(void) {
    model_write(&other, 1);
    tri_promise_fail(&promises[1], TRI_ERR_DATA, "planned");
}

static void begin_and_give(void) {
    if (tri_promise_begin(promises[0])) {
        give();
        MODEL_CHECK(gave);
    }
}

static void cancel(void) {
    tri_future_cancel(futures[0]);
}

static void receive(void) {
    void *value = NULL;
    tri_status status = tri_future_wait(futures[0], TRI_FOREVER, &value);
    MODEL_CHECK(status == TRI_CANCELLED || (status == TRI_OK && value == &data && model_read(&data) == 1));
}

static void receive_soon(void) {
    void *value = NULL;
    tri_status status = tri_future_wait(futures[0], SOON, &value);
    MODEL_CHECK(status == TRI_TIMED_OUT || (status == TRI_OK && model_read(&data) == 1));
}

static void poll(void) {
    if (tri_future_done(futures[0])) receive();
}

static void future_check(void) {
    MODEL_CHECK(tri_future_wait(futures[0], TRI_AT_ONCE, NULL) == (gave ? TRI_OK : TRI_CANCELLED));
    end();
}

/* ---- several ---- */

static void all_setup(void) {
    start();
    MODEL_CHECK(tri_future_all(futures, 2, &together) == TRI_OK);
}

static void any_setup(void) {
    start();
    MODEL_CHECK(tri_future_any(futures, 2, &together) == TRI_OK);
}

static void await_all(void) {
    MODEL_CHECK(tri_future_wait(together, TRI_FOREVER, NULL) == TRI_ERR_DATA);
    MODEL_CHECK(model_read(&data) == 1 && model_read(&other) == 1);
}

static void await_any(void) {
    void *which = NULL;
    MODEL_CHECK(tri_future_wait(together, TRI_FOREVER, &which) == TRI_OK);
    MODEL_CHECK(model_read(which == futures[0] ? &data : &other) == 1);
    MODEL_CHECK(tri_future_done(which));
}

/* Made while the others are at work. */
static void make_all(void) {
    MODEL_CHECK(tri_future_all(futures, 2, &together) == TRI_OK);
    await_all();
}

static void make_any(void) {
    MODEL_CHECK(tri_future_any(futures, 2, &together) == TRI_OK);
    await_any();
}

/* ---- executor, on a team of two whose second thread is a thread of the model ---- */

static struct {
    tri_team_chunk work;
    void *argument;
    tri_phase ended;
} team;

int tri_team_idle(const tri_team *unused) {
    (void)unused;
    return 1;
}

int tri_team_threads(const tri_team *unused) {
    (void)unused;
    return 2;
}

void tri_team_start(tri_team *unused, size_t chunks, tri_team_chunk work, void *argument) {
    (void)unused, (void)chunks;
    team.work = work;
    team.argument = argument;
}

void tri_team_wait(tri_team *unused) {
    (void)unused;
    team.work(team.argument, 0, 0);
    (void)tri_phase_wait(&team.ended, 0, 0, TRI_FOREVER);
}

static void member(void) {
    team.work(team.argument, 1, 1);
    tri_phase_next(&team.ended);
}

static void executor_setup(void) {
    start();
    end();
    team.ended.word = 0;
    MODEL_CHECK(tri_executor_create(NULL, &executor) == TRI_OK);
}

static tri_status task(void *argument, const tri_promise *self, void **value) {
    (void)self;
    MODEL_CHECK(model_read(argument) == 1);
    model_write(argument, 2);
    ran++;
    *value = argument;
    return TRI_OK;
}

static tri_status next_task(void *argument, tri_future *before, const tri_promise *self, void **value) {
    TRI_TRY(tri_future_wait(before, TRI_AT_ONCE, value));
    MODEL_CHECK(model_read(*value) == 2);
    return task(argument, self, value);
}

static void use_executor(double deadline) {
    void *value;
    model_write(&data, 1);
    model_write(&other, 1);
    MODEL_CHECK(tri_executor_submit(executor, task, &data, &futures[0]) == TRI_OK);
    MODEL_CHECK(tri_executor_then(executor, futures[0], next_task, &other, &futures[1]) == TRI_OK);
    tri_status status = tri_executor_wait(executor, futures[1], deadline, &value);
    MODEL_CHECK(status == TRI_TIMED_OUT || (status == TRI_OK && model_read(&other) == 2));
    tri_future_cancel(futures[1]);
    (void)tri_future_wait(futures[0], TRI_FOREVER, NULL);
    tri_executor_destroy(&executor);
    MODEL_CHECK(tri_future_done(futures[1]));
    MODEL_CHECK((tri_future_wait(futures[1], TRI_AT_ONCE, NULL) == TRI_OK) == (ran == 2));
}

static void caller(void) {
    use_executor(TRI_FOREVER);
}

static void caller_in_haste(void) {
    use_executor(SOON);
}

/* A task that waits for another one. */
static tri_status outer(void *argument, const tri_promise *self, void **value) {
    (void)self;
    tri_future *inner;
    TRI_TRY(tri_executor_submit(executor, task, argument, &inner));
    tri_status status = tri_executor_wait(executor, inner, TRI_FOREVER, value);
    tri_future_destroy(&inner);
    return status;
}

static void caller_of_outer(void) {
    model_write(&data, 1);
    MODEL_CHECK(tri_executor_submit(executor, outer, &data, &futures[0]) == TRI_OK);
    MODEL_CHECK(tri_executor_wait(executor, futures[0], TRI_FOREVER, NULL) == TRI_OK);
    MODEL_CHECK(model_read(&data) == 2);
    tri_executor_destroy(&executor);
}

const model_scenario future_scenarios[] = {
    {"future", 2, 1, start, {give, receive, receive_soon}, future_check},
    {"polled future", 3, 1, start, {give, poll}, future_check},
    {"cancelled future", 2, 0, start, {begin_and_give, cancel, receive}, future_check},
    {"cancelled promise", 2, 0, start, {give, cancel, receive}, future_check},
    {"all futures", 2, 0, all_setup, {give, give_other, await_all}, end},
    {"any future", 2, 0, any_setup, {give, give_other, await_any}, end},
    {"all futures, late", 2, 0, start, {make_all, give, give_other}, end},
    {"any future, late", 2, 0, start, {make_any, give, give_other}, end},
    {"executor", 2, 0, executor_setup, {caller, member}, end},
    {"executor with deadline", 2, 0, executor_setup, {caller_in_haste, member}, end},
    {"task that waits", 2, 0, executor_setup, {caller_of_outer, member}, end},
    {.name = NULL},
};
