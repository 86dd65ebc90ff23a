#include "trireme/queue.h"

#include "scenarios.h"

static int payload[4], got[4], ended[4];
static tri_queue *queue;
static tri_mailbox *box;
static tri_deque *deque;
static tri_mail mails[2];

/* The clock of deadlines stands still. */
double tri_deadline(double seconds) {
    return 1 + seconds;
}

static void start(void) {
    for (int i = 0; i < 4; i++) {
        model_write(&payload[i], 0);
        got[i] = ended[i] = 0;
    }
}

static void *filled(int i) {
    model_write(&payload[i], 10 + i);
    return &payload[i];
}

static void take_out(void *item) {
    int i = 0;
    while (i < 4 && item != &payload[i])
        i++;
    MODEL_CHECK(i < 4);
    MODEL_CHECK(model_read(&payload[i]) == 10 + i);
    MODEL_CHECK(!got[i]++);
}

/* ---- queue ---- */

static void queue_of(tri_queue_order order, size_t bound) {
    start();
    MODEL_CHECK(tri_queue_create(order, bound, &queue) == TRI_OK);
}

static void bound_setup(void) {
    queue_of(TRI_QUEUE_FIFO, 1);
}

static void free_setup(void) {
    queue_of(TRI_QUEUE_LIFO, 0);
}

static void put_two(void) {
    MODEL_CHECK(tri_queue_put(queue, filled(0), TRI_FOREVER) == TRI_OK);
    MODEL_CHECK(tri_queue_put(queue, filled(1), TRI_FOREVER) == TRI_OK);
}

static void get_two(void) {
    for (int i = 0; i < 2; i++) {
        void *item;
        MODEL_CHECK(tri_queue_get(queue, TRI_FOREVER, &item) == TRI_OK);
        take_out(item);
        MODEL_CHECK(got[i]);
    }
}

static void get_one(void) {
    void *item;
    MODEL_CHECK(tri_queue_get(queue, TRI_FOREVER, &item) == TRI_OK);
    take_out(item);
}

static void queue_check(void) {
    MODEL_CHECK(got[0] == 1 && got[1] == 1 && tri_queue_length(queue) == 0);
    tri_queue_destroy(&queue);
}

static void put_and_close(void) {
    if (tri_queue_put(queue, filled(0), SOON) == TRI_OK) ended[0] = 1;
    tri_queue_close(queue);
}

static void put_soon(void) {
    tri_status status = tri_queue_put(queue, filled(1), SOON);
    MODEL_CHECK(status == TRI_OK || status == TRI_CLOSED || status == TRI_TIMED_OUT);
    ended[1] = status == TRI_OK;
}

static void get_all(void) {
    void *item;
    tri_status status;
    while ((status = tri_queue_get(queue, TRI_FOREVER, &item)) == TRI_OK)
        take_out(item);
    MODEL_CHECK(status == TRI_CLOSED);
}

static void get_soon(void) {
    void *item;
    if (tri_queue_get(queue, SOON, &item) == TRI_OK) take_out(item);
}

/* Each item that was put is got, and no other. */
static void closed_check(void) {
    void *item;
    while (tri_queue_get(queue, TRI_AT_ONCE, &item) == TRI_OK)
        take_out(item);
    MODEL_CHECK(got[0] == ended[0] && got[1] == ended[1]);
    tri_queue_destroy(&queue);
}

/* ---- mailbox ---- */

static void box_setup(void) {
    start();
    MODEL_CHECK(tri_mailbox_create(&box) == TRI_OK);
}

static void mail_first(void) {
    (void)filled(0);
    tri_mailbox_put(box, &mails[0]);
}

static void mail_second(void) {
    (void)filled(1);
    tri_mailbox_put(box, &mails[1]);
}

static void mail_twice(void) {
    mail_first();
    mail_second();
}

static void read_mails(void) {
    tri_mail *mail;
    for (int i = 0; i < 2; i++) {
        MODEL_CHECK(tri_mailbox_get(box, TRI_FOREVER, &mail) == TRI_OK);
        take_out(&payload[mail - mails]);
    }
}

static void read_mails_soon(void) {
    tri_mail *mail;
    int count = 0;
    if (tri_mailbox_get(box, SOON, &mail) == TRI_OK) {
        take_out(&payload[mail - mails]);
        count++;
    }
    for (; count < 2; count++) {
        MODEL_CHECK(tri_mailbox_get(box, TRI_FOREVER, &mail) == TRI_OK);
        take_out(&payload[mail - mails]);
    }
}

static void box_check(void) {
    tri_mail *mail;
    MODEL_CHECK(got[0] == 1 && got[1] == 1);
    MODEL_CHECK(tri_mailbox_get(box, TRI_AT_ONCE, &mail) == TRI_TIMED_OUT);
    tri_mailbox_destroy(&box);
}

/* ---- deque ---- */

static void deque_setup(void) {
    start();
    MODEL_CHECK(tri_deque_create(&deque) == TRI_OK);
}

static void own(int pushes, int takes) {
    for (int i = 0; i < pushes; i++)
        MODEL_CHECK(tri_deque_push(deque, filled(i)) == TRI_OK);
    for (int i = 0; i < takes; i++) {
        void *item = tri_deque_take(deque);
        if (item) take_out(item);
    }
}

static void own_one(void) {
    own(1, 1);
}

static void own_two(void) {
    own(2, 2);
}

static void own_three(void) {
    own(3, 2);
}

static void steal(void) {
    void *item = tri_deque_steal(deque);
    if (item) take_out(item);
}

static void steal_two(void) {
    steal();
    steal();
}

static void deque_check(void) {
    void *item;
    while ((item = tri_deque_take(deque)))
        take_out(item);
    for (int i = 0; i < 3; i++)
        MODEL_CHECK(got[i] == (payload[i] != 0));
    tri_deque_destroy(&deque);
}

const model_scenario queue_scenarios[] = {
    {"bounded queue", 3, 1, bound_setup, {put_two, get_two}, queue_check},
    {"queue of three", 2, 0, free_setup, {put_two, get_one, get_one}, queue_check},
    {"closed queue", 2, 0, bound_setup, {put_and_close, put_soon, get_all}, closed_check},
    {"queue with deadlines", 2, 0, bound_setup, {put_and_close, put_soon, get_soon}, closed_check},
    {"mailbox", 3, 1, box_setup, {read_mails, mail_first, mail_second}, box_check},
    {"mailbox with deadline", 3, 1, box_setup, {read_mails_soon, mail_twice}, box_check},
    {"deque of one", 2, 2, deque_setup, {own_one, steal, steal}, deque_check},
    {"deque of two", 3, 1, deque_setup, {own_two, steal_two}, deque_check},
    {"deque of two and two thieves", 2, 1, deque_setup, {own_two, steal, steal}, deque_check},
    {"deque that grows", 2, 1, deque_setup, {own_three, steal_two}, deque_check},
    {.name = NULL},
};
