/* Locks, conditions, semaphores, events, barriers and threads, used by many threads; who waits is served. The
 * interleavings of a few threads are tests/model/. */
#include "trireme/sync.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "check.h"
#include "crew.h"

/* GREED: turns of greedy threads after which one that waits has starved. */
enum { ROUNDS = 2000, GREED = 20000000 };
static const int sizes[] = {1, 2, 3, 8};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* ---- lock and condition ---- */

typedef struct shared {
    tri_lock *lock;
    tri_condition *condition;
    tri_semaphore *semaphore, *forks[5], *room;
    tri_rwlock *rwlock;
    tri_event *event;
    tri_thread_barrier *barrier;
    int threads, count, other; /* not atomic: tsan looks */
    int order[CREW_MOST], waiting, woken;
    atomic_int served, last;
    atomic_long turns, most_turns;
} shared;

static void count_up(void *argument, int thread) {
    shared *s = argument;
    (void)thread;
    for (int i = 0; i < ROUNDS; i++) {
        tri_lock_take(s->lock, TRI_FOREVER);
        if (i % 2) tri_lock_take(s->lock, TRI_AT_ONCE);
        s->count++;
        if (i % 2) CHECK_OK(tri_lock_release(s->lock));
        CHECK_OK(tri_lock_release(s->lock));
    }
}

static void try_lock(void *argument, int thread) {
    shared *s = argument;
    (void)thread;
    CHECK_STATUS(tri_lock_take(s->lock, TRI_AT_ONCE), TRI_TIMED_OUT);
    CHECK_STATUS(tri_lock_take(s->lock, tri_deadline(0.001)), TRI_TIMED_OUT);
    CHECK_STATUS(tri_lock_take(s->lock, tri_deadline(-1)), TRI_TIMED_OUT);
    CHECK(strstr(tri_error_text(), "lock"), "%s", tri_error_text());
    CHECK_STATUS(tri_lock_release(s->lock), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_condition_wait(s->condition, TRI_AT_ONCE), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_condition_signal(s->condition), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_condition_broadcast(s->condition), TRI_ERR_ARGUMENT);
}

static void locks(void) {
    shared s = {0};
    CHECK_OK(tri_lock_create(&s.lock));
    CHECK_OK(tri_condition_create(s.lock, &s.condition));
    for (int i = 0; i < SIZES; i++) {
        s.count = 0;
        crew_run(sizes[i], count_up, &s);
        CHECK(s.count == sizes[i] * ROUNDS, "%d threads counted %d", sizes[i], s.count);
    }
    for (int depth = 0; depth < 3; depth++)
        CHECK_OK(tri_lock_take(s.lock, TRI_AT_ONCE));
    CHECK_OK(tri_lock_release(s.lock));
    crew_run(1, try_lock, &s);
    /* A wait gives up the whole depth and comes back with it. */
    CHECK_STATUS(tri_condition_wait(s.condition, tri_deadline(0.001)), TRI_TIMED_OUT);
    CHECK_OK(tri_lock_release(s.lock));
    crew_run(1, try_lock, &s);
    CHECK_OK(tri_lock_release(s.lock));
    CHECK_STATUS(tri_lock_release(s.lock), TRI_ERR_ARGUMENT);
    tri_condition_destroy(&s.condition);
    tri_condition_destroy(&s.condition);
    tri_lock_destroy(&s.lock);
    tri_lock_destroy(&s.lock);
    tri_lock_destroy(NULL);
    CHECK(!s.lock && !s.condition, "not nulled");
}

/* Each thread notes the place in which it begins to wait and is woken. */
static void wait_in_line(void *argument, int thread) {
    shared *s = argument;
    (void)thread;
    tri_lock_take(s->lock, TRI_FOREVER);
    int place = s->waiting++;
    CHECK_OK(tri_condition_wait(s->condition, TRI_FOREVER));
    s->order[s->woken++] = place;
    tri_lock_release(s->lock);
}

static void first_come_first_woken(int threads) {
    shared s = {0};
    crew_member crew[CREW_MOST];
    CHECK_OK(tri_lock_create(&s.lock));
    CHECK_OK(tri_condition_create(s.lock, &s.condition));
    crew_start(crew, threads, wait_in_line, &s);
    for (int woken = 0; woken < threads;) {
        tri_lock_take(s.lock, TRI_FOREVER);
        /* One at a time, so that they cannot overtake each other on the way back to the lock. */
        if (s.waiting == threads && s.woken == woken) {
            woken++;
            if (woken == threads)
                tri_condition_broadcast(s.condition);
            else
                tri_condition_signal(s.condition);
            while (s.woken < woken) {
                tri_lock_release(s.lock);
                sched_yield();
                tri_lock_take(s.lock, TRI_FOREVER);
            }
        }
        tri_lock_release(s.lock);
        sched_yield();
    }
    crew_join(crew, threads);
    for (int i = 0; i < threads; i++)
        CHECK(s.order[i] == i, "woken as number %d: number %d of the line", i, s.order[i]);
    tri_condition_destroy(&s.condition);
    tri_lock_destroy(&s.lock);
}

/* ---- semaphore ---- */

static void dine(void *argument, int thread) {
    shared *s = argument;
    tri_semaphore *left = s->forks[thread], *right = s->forks[(thread + 1) % 5];
    for (int meal = 0; meal < ROUNDS / 10; meal++) {
        tri_semaphore_wait(s->room, TRI_FOREVER);
        tri_semaphore_wait(left, TRI_FOREVER);
        tri_semaphore_wait(right, TRI_FOREVER);
        atomic_fetch_add(&s->served, 1);
        tri_semaphore_post(right, 1);
        tri_semaphore_post(left, 1);
        tri_semaphore_post(s->room, 1);
    }
}

static void philosophers(void) {
    shared s = {0};
    CHECK_OK(tri_semaphore_create(4, &s.room)); /* of five at most four want a second fork */
    for (int i = 0; i < 5; i++)
        CHECK_OK(tri_semaphore_create(1, &s.forks[i]));
    crew_run(5, dine, &s);
    CHECK(s.served == 5 * (ROUNDS / 10), "%d meals", s.served);
    for (int i = 0; i < 5; i++)
        tri_semaphore_destroy(&s.forks[i]);
    tri_semaphore_destroy(&s.room);
}

/* The threads but the first take the semaphore again and again until the first has had it ROUNDS / 10 times.
 * */
static void compete(void *argument, int thread) {
    shared *s = argument;
    while (atomic_load(&s->served) < ROUNDS / 10 && atomic_load(&s->turns) < GREED) {
        tri_semaphore_wait(s->semaphore, TRI_FOREVER);
        s->count++;
        tri_semaphore_post(s->semaphore, 1);
        atomic_fetch_add(thread ? &s->turns : &s->most_turns, 1);
        if (!thread) atomic_fetch_add(&s->served, 1);
    }
}

static void take_with_deadlines(void *argument, int thread) {
    shared *s = argument;
    for (int i = 0; i < ROUNDS; i++)
        if (tri_semaphore_wait(s->semaphore, i % 3 ? tri_deadline(1e-5 * (thread + 1)) : TRI_AT_ONCE) ==
            TRI_OK) {
            if (i % 2) sched_yield();
            tri_semaphore_post(s->semaphore, 1);
        }
}

static void semaphores(void) {
    shared s = {0};
    CHECK_OK(tri_semaphore_create(1, &s.semaphore));
    crew_run(4, compete, &s);
    CHECK(s.served >= ROUNDS / 10, "starved: %d turns against %ld", s.served, s.turns);
    CHECK(s.count == s.turns + s.most_turns, "%d at once", s.count);
    tri_semaphore_post(s.semaphore, 1);
    crew_run(8, take_with_deadlines, &s);
    for (int i = 0; i < 2; i++)
        CHECK_OK(tri_semaphore_wait(s.semaphore, TRI_AT_ONCE));
    CHECK_STATUS(tri_semaphore_wait(s.semaphore, tri_deadline(0.001)), TRI_TIMED_OUT);
    tri_semaphore_post(s.semaphore, 0);
    CHECK_STATUS(tri_semaphore_wait(s.semaphore, TRI_AT_ONCE), TRI_TIMED_OUT);
    tri_semaphore_destroy(&s.semaphore);
    tri_semaphore_destroy(&s.semaphore);
    tri_semaphore_destroy(NULL);
}

/* ---- readers-writer lock ---- */

/* Overlapping readers: of two that alternate, one is always inside. glibc's lock keeps a writer out for
 * ever. */
static void read_on(shared *s) {
    while (atomic_load(&s->served) < ROUNDS / 10 && atomic_load(&s->turns) < GREED) {
        tri_rwlock_read(s->rwlock, TRI_FOREVER);
        CHECK(s->count == s->other, "%d, %d: a reader is inside with a writer", s->count, s->other);
        sched_yield();
        tri_rwlock_leave(s->rwlock);
        atomic_fetch_add(&s->turns, 1);
    }
}

static void write_one(shared *s) {
    tri_rwlock_write(s->rwlock, TRI_FOREVER);
    s->count++;
    s->other++;
    tri_rwlock_leave(s->rwlock);
}

static void one_writes(void *argument, int thread) {
    shared *s = argument;
    if (thread) {
        read_on(s);
        return;
    }
    for (int i = 0; i < ROUNDS / 10 && atomic_load(&s->turns) < GREED; i++) {
        long before = atomic_load(&s->turns);
        while (atomic_load(&s->turns) == before) /* readers are at work */
            sched_yield();
        before = atomic_load(&s->turns);
        write_one(s);
        long waited = atomic_load(&s->turns) - before;
        if (waited > s->most_turns) s->most_turns = waited;
        atomic_fetch_add(&s->served, 1);
    }
}

static void one_reads(void *argument, int thread) {
    shared *s = argument;
    while (atomic_load(&s->served) < ROUNDS / 10 && atomic_load(&s->turns) < GREED) {
        if (thread) {
            write_one(s);
            atomic_fetch_add(&s->turns, 1);
        } else {
            tri_rwlock_read(s->rwlock, TRI_FOREVER);
            CHECK(s->count == s->other, "%d, %d: a reader is inside with a writer", s->count, s->other);
            tri_rwlock_leave(s->rwlock);
            atomic_fetch_add(&s->served, 1);
        }
    }
}

static void enter_with_deadlines(void *argument, int thread) {
    shared *s = argument;
    for (int i = 0; i < ROUNDS; i++) {
        double deadline = i % 3 ? tri_deadline(1e-5 * (thread + 1)) : TRI_AT_ONCE;
        tri_status status =
            thread % 2 ? tri_rwlock_read(s->rwlock, deadline) : tri_rwlock_write(s->rwlock, deadline);
        if (status != TRI_OK) continue;
        if (thread % 2)
            CHECK(s->count == s->other, "%d, %d", s->count, s->other);
        else
            s->count++, s->other++;
        CHECK_OK(tri_rwlock_leave(s->rwlock));
    }
}

static void readers_and_writers(void) {
    shared s = {0};
    CHECK_OK(tri_rwlock_create(&s.rwlock));
    crew_run(5, one_writes, &s);
    CHECK(s.served == ROUNDS / 10, "the writer starved: %d turns against %ld", s.served, s.turns);
    printf("readers-writer lock: the writer waited for %ld turns of 4 readers at most\n", s.most_turns);
    s.served = 0;
    s.turns = 0;
    crew_run(4, one_reads, &s);
    CHECK(s.served >= ROUNDS / 10, "the reader starved: %d turns against %ld", s.served, s.turns);
    crew_run(8, enter_with_deadlines, &s);
    CHECK_OK(tri_rwlock_read(s.rwlock, TRI_AT_ONCE));
    CHECK_OK(tri_rwlock_read(s.rwlock, TRI_AT_ONCE));
    CHECK_STATUS(tri_rwlock_write(s.rwlock, tri_deadline(0.001)), TRI_TIMED_OUT);
    CHECK_OK(tri_rwlock_leave(s.rwlock));
    CHECK_OK(tri_rwlock_leave(s.rwlock));
    CHECK_STATUS(tri_rwlock_leave(s.rwlock), TRI_ERR_ARGUMENT);
    CHECK_OK(tri_rwlock_write(s.rwlock, TRI_AT_ONCE));
    CHECK_STATUS(tri_rwlock_read(s.rwlock, tri_deadline(0.001)), TRI_TIMED_OUT);
    CHECK_OK(tri_rwlock_leave(s.rwlock));
    tri_rwlock_destroy(&s.rwlock);
    tri_rwlock_destroy(&s.rwlock);
    tri_rwlock_destroy(NULL);
}

/* ---- event, barrier, thread ---- */

static void await_event(void *argument, int thread) {
    shared *s = argument;
    (void)thread;
    CHECK_OK(tri_event_wait(s->event, TRI_FOREVER));
    CHECK(s->count == 7, "%d", s->count);
}

static void events(void) {
    shared s = {0};
    crew_member crew[CREW_MOST];
    CHECK_OK(tri_event_create(&s.event));
    CHECK_STATUS(tri_event_wait(s.event, TRI_AT_ONCE), TRI_TIMED_OUT);
    CHECK_STATUS(tri_event_wait(s.event, tri_deadline(0.001)), TRI_TIMED_OUT);
    crew_start(crew, 5, await_event, &s);
    s.count = 7;
    tri_event_set(s.event);
    tri_event_set(s.event);
    crew_join(crew, 5);
    CHECK_OK(tri_event_wait(s.event, TRI_AT_ONCE));
    tri_event_reset(s.event);
    tri_event_reset(s.event);
    CHECK_STATUS(tri_event_wait(s.event, TRI_AT_ONCE), TRI_TIMED_OUT);
    tri_event_destroy(&s.event);
    tri_event_destroy(&s.event);
    tri_event_destroy(NULL);
}

static void meet(void *argument, int thread) {
    shared *s = argument;
    for (int round = 0; round < ROUNDS; round++) {
        s->order[thread] = round;
        atomic_fetch_add(&s->last, tri_thread_barrier_wait(s->barrier));
        for (int i = 0; i < s->threads; i++)
            CHECK(s->order[i] == round, "thread %d is in round %d, not %d", i, s->order[i], round);
        (void)tri_thread_barrier_wait(s->barrier);
    }
}

static void barriers(void) {
    tri_thread_barrier *none = NULL;
    CHECK_STATUS(tri_thread_barrier_create(0, &none), TRI_ERR_ARGUMENT);
    for (int i = 0; i < SIZES; i++) {
        shared s = {.threads = sizes[i]};
        CHECK_OK(tri_thread_barrier_create(sizes[i], &s.barrier));
        crew_run(sizes[i], meet, &s);
        CHECK(s.last == ROUNDS, "%d last ones in %d rounds", s.last, ROUNDS);
        tri_thread_barrier_destroy(&s.barrier);
        tri_thread_barrier_destroy(&s.barrier);
    }
    tri_thread_barrier_destroy(NULL);
}

static void look(void *argument) {
    pthread_getname_np(pthread_self(), argument, TRI_THREAD_NAME);
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    CHECK(sigismember(&blocked, SIGUSR1) && !sigismember(&blocked, SIGSEGV), "signals");
}

static void threads(void) {
    char name[TRI_THREAD_NAME];
    tri_thread *thread = NULL;
    CHECK_OK(tri_thread_create("reader of the halo", look, name, &thread));
    tri_thread_join(&thread);
    CHECK(!strcmp(name, "reader of the h"), "'%s'", name);
    CHECK(!thread, "not nulled");
    tri_thread_join(&thread);
    tri_thread_join(NULL);
    double before = tri_deadline(0), after = tri_deadline(1);
    CHECK(after >= before + 1 && tri_deadline(TRI_FOREVER) == TRI_FOREVER, "%g %g", before, after);
}

int main(void) {
    locks();
    for (int i = 0; i < SIZES; i++)
        first_come_first_woken(sizes[i]);
    philosophers();
    semaphores();
    readers_and_writers();
    events();
    barriers();
    threads();
    return check_result("sync");
}
