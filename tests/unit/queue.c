/* Queues: their order against plain lists, and every item once between many threads. */
#include "trireme/queue.h"

#include <sched.h>
#include <string.h>

#include "check.h"
#include "crew.h"
#include "trireme/random.h"

enum { ITEMS = 3000, MOST = 200 };

typedef struct item {
    tri_mail mail; /* first */
    int producer, number;
    atomic_int taken;
} item;

typedef struct shared {
    tri_queue *queue;
    tri_mailbox *box;
    tri_deque *deque;
    int producers, consumers;
    atomic_int ended, stolen;
    item *items;                    /* of each producer, ITEMS */
    int last[CREW_MOST][CREW_MOST]; /* last number that a consumer got from a producer */
} shared;

static shared *make(int producers, int consumers) {
    shared *s = calloc(1, sizeof *s);
    s->producers = producers;
    s->consumers = consumers;
    s->items = calloc((size_t)producers * ITEMS, sizeof *s->items);
    for (int i = 0; i < producers * ITEMS; i++) {
        s->items[i].producer = i / ITEMS;
        s->items[i].number = i % ITEMS;
    }
    memset(s->last, -1, sizeof s->last);
    return s;
}

static void check_all(shared *s) {
    for (int i = 0; i < s->producers * ITEMS; i++)
        CHECK(s->items[i].taken == 1, "item %d was taken %d times", i, s->items[i].taken);
    free(s->items);
    free(s);
}

/* One producer's items come in order. */
static void take_out(shared *s, item *got, int consumer, int ordered) {
    got->taken++;
    if (ordered)
        CHECK(got->number > s->last[consumer][got->producer], "%d after %d", got->number,
              s->last[consumer][got->producer]);
    s->last[consumer][got->producer] = got->number;
}

/* ---- queue ---- */

static int is_next(tri_queue_order order, const int *priorities, int i, int best) {
    switch (order) {
    case TRI_QUEUE_FIFO:
        return 0;
    case TRI_QUEUE_LIFO:
        return 1;
    default:
        return priorities[i] > priorities[best];
    }
}

/* Random puts and gets, against a search of a list. */
static void one_thread(tri_queue_order order) {
    tri_queue *queue;
    static int items[MOST];
    int listed[MOST], priorities[MOST], count = 0;
    CHECK_OK(tri_queue_create(order, 0, &queue));
    for (uint64_t step = 0; step < 20000; step++) {
        uint64_t bits = tri_random_bits(order, step);
        if (count < MOST && (bits & 1 || !count)) {
            int priority = (int)(bits >> 8 & 7) - 4, number = (int)(bits >> 16) % MOST;
            number = number < 0 ? -number : number;
            CHECK_OK(tri_queue_put_priority(queue, &items[number], priority, TRI_AT_ONCE));
            listed[count] = number;
            priorities[count++] = priority;
        } else {
            int best = 0;
            void *got = NULL;
            for (int i = 1; i < count; i++)
                if (is_next(order, priorities, i, best)) best = i;
            CHECK_OK(tri_queue_get(queue, TRI_AT_ONCE, &got));
            CHECK(got == &items[listed[best]], "step %d", (int)step);
            count--;
            memmove(listed + best, listed + best + 1, (size_t)(count - best) * sizeof *listed);
            memmove(priorities + best, priorities + best + 1, (size_t)(count - best) * sizeof *priorities);
        }
        CHECK(tri_queue_length(queue) == (size_t)count, "%zu", tri_queue_length(queue));
    }
    tri_queue_destroy(&queue);
}

static void bounds(void) {
    tri_queue *queue = NULL;
    void *got = &queue;
    CHECK_STATUS(tri_queue_create((tri_queue_order)3, 0, &queue), TRI_ERR_ARGUMENT);
    CHECK_OK(tri_queue_create(TRI_QUEUE_FIFO, 3, &queue));
    CHECK_STATUS(tri_queue_get(queue, tri_deadline(0.001), &got), TRI_TIMED_OUT);
    CHECK(got == &queue, "an output was written by a failure");
    for (int i = 0; i < 3; i++)
        CHECK_OK(tri_queue_put(queue, NULL, TRI_AT_ONCE));
    CHECK_STATUS(tri_queue_put(queue, NULL, tri_deadline(0.001)), TRI_TIMED_OUT);
    tri_queue_close(queue);
    tri_queue_close(queue);
    CHECK_STATUS(tri_queue_put(queue, NULL, TRI_FOREVER), TRI_CLOSED);
    for (int i = 0; i < 3; i++)
        CHECK_OK(tri_queue_get(queue, TRI_FOREVER, &got));
    CHECK(!got, "not NULL");
    CHECK_STATUS(tri_queue_get(queue, TRI_FOREVER, &got), TRI_CLOSED);
    tri_queue_destroy(&queue);
    tri_queue_destroy(&queue);
    tri_queue_destroy(NULL);
}

static void pass_items(void *argument, int thread) {
    shared *s = argument;
    if (thread < s->producers) {
        for (int i = 0; i < ITEMS; i++) {
            item *mine = &s->items[thread * ITEMS + i];
            while (tri_queue_put(s->queue, mine, i % 3 ? TRI_FOREVER : tri_deadline(1e-5)) != TRI_OK)
                ;
        }
        if (atomic_fetch_add(&s->ended, 1) == s->producers - 1) tri_queue_close(s->queue);
        return;
    }
    for (int turn = 0;; turn++) {
        void *got;
        tri_status status = tri_queue_get(s->queue, turn % 3 ? TRI_FOREVER : tri_deadline(1e-5), &got);
        if (status == TRI_CLOSED) break;
        if (status == TRI_OK) take_out(s, got, thread - s->producers, 1);
    }
}

static void many_threads(int producers, int consumers, size_t bound) {
    shared *s = make(producers, consumers);
    CHECK_OK(tri_queue_create(TRI_QUEUE_FIFO, bound, &s->queue));
    crew_run(producers + consumers, pass_items, s);
    tri_queue_destroy(&s->queue);
    check_all(s);
}

/* ---- mailbox ---- */

static void mail(void *argument, int thread) {
    shared *s = argument;
    if (thread < s->producers) {
        for (int i = 0; i < ITEMS; i++) {
            tri_mailbox_put(s->box, &s->items[thread * ITEMS + i].mail);
            if (i % 64 == thread) sched_yield();
        }
        return;
    }
    for (int count = 0; count < s->producers * ITEMS;) {
        tri_mail *got;
        if (tri_mailbox_get(s->box, count % 3 ? TRI_FOREVER : tri_deadline(1e-5), &got) != TRI_OK) continue;
        take_out(s, (item *)(void *)got, 0, 1);
        count++;
    }
}

static void mailboxes(int producers) {
    shared *s = make(producers, 1);
    tri_mail *none = NULL;
    CHECK_OK(tri_mailbox_create(&s->box));
    CHECK_STATUS(tri_mailbox_get(s->box, TRI_AT_ONCE, &none), TRI_TIMED_OUT);
    CHECK_STATUS(tri_mailbox_get(s->box, tri_deadline(0.001), &none), TRI_TIMED_OUT);
    crew_run(producers + 1, mail, s);
    CHECK_STATUS(tri_mailbox_get(s->box, TRI_AT_ONCE, &none), TRI_TIMED_OUT);
    tri_mailbox_destroy(&s->box);
    tri_mailbox_destroy(&s->box);
    tri_mailbox_destroy(NULL);
    check_all(s);
}

/* ---- deque ---- */

static void work_and_steal(void *argument, int thread) {
    shared *s = argument;
    if (thread) {
        while (!atomic_load(&s->ended)) {
            item *got = tri_deque_steal(s->deque);
            if (got) {
                take_out(s, got, thread, 1); /* the oldest first */
                atomic_fetch_add(&s->stolen, 1);
            }
        }
        return;
    }
    for (int i = 0; i < ITEMS; i++) {
        CHECK_OK(tri_deque_push(s->deque, &s->items[i]));
        item *got = tri_random_bits(7, (uint64_t)i) % 3 ? NULL : tri_deque_take(s->deque);
        if (got) take_out(s, got, 0, 0);
    }
    item *got;
    while ((got = tri_deque_take(s->deque)))
        take_out(s, got, 0, 0);
    atomic_store(&s->ended, 1);
}

static void deques(int thieves) {
    shared *s = make(1, thieves + 1);
    CHECK_OK(tri_deque_create(&s->deque));
    CHECK(!tri_deque_take(s->deque) && !tri_deque_steal(s->deque), "not empty");
    CHECK_STATUS(tri_deque_push(s->deque, NULL), TRI_ERR_ARGUMENT);
    for (int i = 0; i < 100; i++)
        CHECK_OK(tri_deque_push(s->deque, &s->items[i]));
    for (int i = 0; i < 50; i++) {
        CHECK(tri_deque_steal(s->deque) == &s->items[i], "thieves take the oldest");
        CHECK(tri_deque_take(s->deque) == &s->items[99 - i], "the owner takes the newest");
    }
    crew_run(thieves + 1, work_and_steal, s);
    tri_deque_destroy(&s->deque);
    tri_deque_destroy(&s->deque);
    tri_deque_destroy(NULL);
    check_all(s);
}

int main(void) {
    one_thread(TRI_QUEUE_FIFO);
    one_thread(TRI_QUEUE_LIFO);
    one_thread(TRI_QUEUE_PRIORITY);
    bounds();
    for (int producers = 1; producers <= 3; producers++)
        for (int consumers = 1; consumers <= 3; consumers++) {
            many_threads(producers, consumers, 0);
            many_threads(producers, consumers, (size_t)producers);
        }
    for (int producers = 1; producers <= 5; producers += 2)
        mailboxes(producers);
    for (int thieves = 0; thieves <= 3; thieves++)
        deques(thieves);
    return check_result("queues");
}
