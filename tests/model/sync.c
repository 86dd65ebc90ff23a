#include "trireme/sync.h"

#include "scenarios.h"

static int data, other;
static tri_lock *lock;
static tri_condition *condition;
static tri_semaphore *semaphore;
static tri_rwlock *rwlock;
static tri_event *event;
static tri_thread_barrier *barrier;
static int entered[MODEL_THREADS];

static void add_one(void) {
    model_write(&data, model_read(&data) + 1);
}

static void start(void) {
    model_write(&data, 0);
    model_write(&other, 0);
    for (int i = 0; i < MODEL_THREADS; i++)
        entered[i] = 0;
}

/* ---- lock ---- */

static void lock_setup(void) {
    start();
    MODEL_CHECK(tri_lock_create(&lock) == TRI_OK);
}

static void take_twice(void) {
    tri_lock_take(lock, TRI_FOREVER);
    tri_lock_take(lock, TRI_AT_ONCE);
    add_one();
    MODEL_CHECK(tri_lock_release(lock) == TRI_OK);
    MODEL_CHECK(tri_lock_release(lock) == TRI_OK);
    MODEL_CHECK(tri_lock_release(lock) == TRI_ERR_ARGUMENT);
}

static void take_soon(void) {
    if (tri_lock_take(lock, SOON) != TRI_OK) return;
    add_one();
    entered[0] = 1;
    tri_lock_release(lock);
}

static void lock_check(void) {
    MODEL_CHECK(data == 2 + entered[0]);
    tri_lock_destroy(&lock);
}

static void three_check(void) {
    MODEL_CHECK(data == 3);
    tri_lock_destroy(&lock);
}

/* ---- condition ---- */

static void condition_setup(void) {
    lock_setup();
    MODEL_CHECK(tri_condition_create(lock, &condition) == TRI_OK);
}

static void await(void) {
    tri_lock_take(lock, TRI_FOREVER);
    tri_lock_take(lock, TRI_FOREVER);
    while (!model_read(&other))
        tri_condition_wait(condition, TRI_FOREVER);
    add_one();
    MODEL_CHECK(tri_lock_release(lock) == TRI_OK);
    MODEL_CHECK(tri_lock_release(lock) == TRI_OK);
}

static void await_soon(void) {
    tri_lock_take(lock, TRI_FOREVER);
    if (!model_read(&other)) tri_condition_wait(condition, SOON);
    add_one();
    tri_lock_release(lock);
}

static void announce(void) {
    tri_lock_take(lock, TRI_FOREVER);
    model_write(&other, 1);
    tri_condition_signal(condition);
    tri_condition_broadcast(condition);
    tri_lock_release(lock);
}

static void condition_check(void) {
    MODEL_CHECK(data == 2);
    tri_condition_destroy(&condition);
    tri_lock_destroy(&lock);
}

/* ---- semaphore ---- */

static void semaphore_setup(void) {
    start();
    MODEL_CHECK(tri_semaphore_create(0, &semaphore) == TRI_OK);
}

static void produce(void) {
    model_write(&other, 5);
    tri_semaphore_post(semaphore, 1);
}

static void consume(void) {
    tri_semaphore_wait(semaphore, TRI_FOREVER);
    MODEL_CHECK(model_read(&other) == 5);
}

static void post_two(void) {
    tri_semaphore_post(semaphore, 2);
}

static void wait_soon(void) {
    if (tri_semaphore_wait(semaphore, SOON) == TRI_OK) entered[1] = 1;
}

static void wait_once(void) {
    tri_semaphore_wait(semaphore, TRI_FOREVER);
    entered[2] = 1;
}

static void nothing_left(void) {
    MODEL_CHECK(tri_semaphore_wait(semaphore, TRI_AT_ONCE) == TRI_TIMED_OUT);
    tri_semaphore_destroy(&semaphore);
}

/* What nobody took is still there. */
static void semaphore_check(void) {
    for (int left = 2 - entered[1] - entered[2]; left > 0; left--)
        MODEL_CHECK(tri_semaphore_wait(semaphore, TRI_AT_ONCE) == TRI_OK);
    nothing_left();
}

/* ---- readers-writer lock ---- */

static void rwlock_setup(void) {
    start();
    MODEL_CHECK(tri_rwlock_create(&rwlock) == TRI_OK);
}

static void write_both(void) {
    tri_rwlock_write(rwlock, TRI_FOREVER);
    model_write(&data, model_read(&data) + 1);
    model_write(&other, model_read(&data));
    tri_rwlock_leave(rwlock);
}

static void read_both(void) {
    tri_rwlock_read(rwlock, TRI_FOREVER);
    MODEL_CHECK(model_read(&data) == model_read(&other));
    tri_rwlock_leave(rwlock);
}

static void write_soon(void) {
    if (tri_rwlock_write(rwlock, SOON) != TRI_OK) return;
    add_one();
    model_write(&other, model_read(&data));
    tri_rwlock_leave(rwlock);
}

static void read_soon(void) {
    if (tri_rwlock_read(rwlock, SOON) == TRI_OK) tri_rwlock_leave(rwlock);
}

static void rwlock_check(void) {
    MODEL_CHECK(data == other);
    MODEL_CHECK(tri_rwlock_write(rwlock, TRI_AT_ONCE) == TRI_OK);
    MODEL_CHECK(tri_rwlock_leave(rwlock) == TRI_OK);
    MODEL_CHECK(tri_rwlock_leave(rwlock) == TRI_ERR_ARGUMENT);
    tri_rwlock_destroy(&rwlock);
}

/* ---- event ---- */

static void event_setup(void) {
    start();
    MODEL_CHECK(tri_event_create(&event) == TRI_OK);
}

static void happen(void) {
    model_write(&data, 1);
    tri_event_set(event);
}

/* Sets it a second time, perhaps. */
static void happen_too(void) {
    model_write(&other, 1);
    tri_event_set(event);
}

static void await_event(void) {
    MODEL_CHECK(tri_event_wait(event, TRI_FOREVER) == TRI_OK);
}

static void await_data(void) {
    tri_event_wait(event, TRI_FOREVER);
    MODEL_CHECK(model_read(&data) == 1);
}

static void pulse(void) {
    tri_event_set(event);
    tri_event_reset(event);
    tri_event_set(event);
}

static void event_check(void) {
    tri_event_reset(event);
    MODEL_CHECK(tri_event_wait(event, TRI_AT_ONCE) == TRI_TIMED_OUT);
    tri_event_destroy(&event);
}

/* ---- barrier ---- */

static int cells[2];

static void barrier_of(int threads) {
    start();
    model_write(&cells[0], 0);
    model_write(&cells[1], 0);
    MODEL_CHECK(tri_thread_barrier_create(threads, &barrier) == TRI_OK);
}

static void barrier_setup(void) {
    barrier_of(2);
}

static void rounds(int me) {
    for (int round = 1; round <= 2; round++) {
        model_write(&cells[me], round);
        entered[round] += tri_thread_barrier_wait(barrier);
        MODEL_CHECK(model_read(&cells[!me]) == round);
        if (round == 1) (void)tri_thread_barrier_wait(barrier);
    }
}

static void first_of_two(void) {
    rounds(0);
}

static void second_of_two(void) {
    rounds(1);
}

static void barrier_check(void) {
    MODEL_CHECK(entered[1] == 1 && entered[2] == 1);
    tri_thread_barrier_destroy(&barrier);
}

const model_scenario sync_scenarios[] = {
    {"lock of two", 2, 1, lock_setup, {take_twice, take_soon, take_twice}, lock_check},
    {"lock of three", 2, 0, lock_setup, {take_twice, take_twice, take_twice}, three_check},
    {"condition", 1, 1, condition_setup, {await, announce, await_soon}, condition_check},
    {"condition of two", 2, 0, condition_setup, {await, await, announce}, condition_check},
    {"semaphore", 3, 1, semaphore_setup, {produce, consume}, nothing_left},
    {"semaphore with deadline", 2, 0, semaphore_setup, {wait_soon, post_two, wait_once}, semaphore_check},
    {"readers and writer", 2, 0, rwlock_setup, {read_both, write_both, read_both}, rwlock_check},
    {"reader and writer", 3, 1, rwlock_setup, {read_both, write_both}, rwlock_check},
    {"readers-writer lock with deadline",
     2,
     0,
     rwlock_setup,
     {read_both, write_soon, read_both},
     rwlock_check},
    {"writers and a late reader", 2, 0, rwlock_setup, {write_both, read_soon, write_both}, rwlock_check},
    {"event", 3, 1, event_setup, {happen, await_data}, event_check},
    {"event of two", 2, 0, event_setup, {happen, await_event, happen_too}, event_check},
    {"event that pulses", 2, 0, event_setup, {pulse, await_event, await_event}, event_check},
    {"barrier", 3, 1, barrier_setup, {first_of_two, second_of_two}, barrier_check},
    {.name = NULL},
};
