/* Teams: every thread once, every chunk once, nonblocking start, barriers, bindings, failed creation.
 * */
#include "trireme/team.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* The linker redirects the library's pthread_create and pthread_join to these (tests/unit/CMakeLists.txt). */
static int creations_left = -1; /* -1: no limit */
static int created, joined;
int __real_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
int __wrap_pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*run)(void *), void *data) {
    if (creations_left >= 0 && created >= creations_left) return EAGAIN;
    created++;
    return __real_pthread_create(id, attributes, run, data);
}

int __real_pthread_join(pthread_t, void **);
int __wrap_pthread_join(pthread_t, void **);
int __wrap_pthread_join(pthread_t id, void **result) {
    joined++;
    return __real_pthread_join(id, result);
}

enum { MOST = 9, CHUNKS = 1000 };

typedef struct shared {
    tri_team *team;
    atomic_int started;
    int calls[MOST]; /* by thread; each writes its own */
    unsigned char taken[CHUNKS];
    pthread_t ids[MOST];
    int signals_blocked[MOST];
    int values[2][MOST];
    int wrong;
} shared;

static void call(void *argument, int thread) {
    shared *s = argument;
    s->calls[thread]++;
    s->ids[thread] = pthread_self();
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    s->signals_blocked[thread] = sigismember(&blocked, SIGUSR1) && !sigismember(&blocked, SIGSEGV);
}

static void take(void *argument, int thread, size_t chunk) {
    shared *s = argument;
    s->taken[chunk]++; /* not atomic, so that tsan detects two threads on one chunk */
    s->calls[thread]++;
}

/* Passes values around a ring: each thread reads the value that its neighbour wrote before the barrier. Two
 * alternating arrays need one barrier per round. */
static void ring(void *argument, int thread) {
    shared *s = argument;
    int threads = tri_team_threads(s->team), held = thread;
    for (int round = 0; round < 200; round++) {
        s->values[round % 2][thread] = held;
        tri_team_barrier(s->team);
        held = s->values[round % 2][(thread + 1) % threads];
    }
    s->calls[thread] = held;
}

static void everyone_once(int threads) {
    shared s = {0};
    CHECK_OK(tri_team_create(threads, NULL, &s.team));
    CHECK(tri_team_threads(s.team) == threads, "%d", tri_team_threads(s.team));
    for (int round = 0; round < 100; round++)
        tri_team_run(s.team, call, &s);
    for (int i = 0; i < threads; i++) {
        CHECK(s.calls[i] == 100, "thread %d of %d was called %d times", i, threads, s.calls[i]);
        CHECK(s.signals_blocked[i] == (i > 0), "thread %d: %d", i, s.signals_blocked[i]);
        for (int j = 0; j < i; j++)
            CHECK(!pthread_equal(s.ids[i], s.ids[j]), "threads %d and %d are one", i, j);
    }
    CHECK(pthread_equal(s.ids[0], pthread_self()), "thread 0 is not the caller");

    tri_team_run(s.team, ring, &s);
    for (int i = 0; i < threads; i++)
        CHECK(s.calls[i] == (i + 200) % threads, "after 200 steps thread %d of %d holds %d", i, threads,
              s.calls[i]);
    tri_team_destroy(&s.team);
    CHECK(!s.team, "not nulled");
}

static void chunks_once(int threads, size_t chunks) {
    shared s = {0};
    CHECK_OK(tri_team_create(threads, NULL, &s.team));
    for (int round = 0; round < 20; round++)
        tri_team_for(s.team, chunks, take, &s);
    int calls = 0;
    for (int i = 0; i < threads; i++)
        calls += s.calls[i];
    CHECK((size_t)calls == 20 * chunks, "%d calls for %zu chunks", calls, chunks);
    for (size_t c = 0; c < CHUNKS; c++)
        CHECK(s.taken[c] == (c < chunks ? 20 : 0), "chunk %zu of %zu was taken %d times", c, chunks,
              s.taken[c]);
    tri_team_destroy(&s.team);
}

/* Chunk 0 blocks its thread until all others are done, so these must go to other threads. */
static void slow(void *argument, int thread, size_t chunk) {
    shared *s = argument;
    (void)thread;
    if (chunk == 0)
        while (atomic_load(&s->started) < CHUNKS - 1)
            sched_yield();
    else
        atomic_fetch_add(&s->started, 1);
}

/* The caller observes a running chunk, then lets it finish. */
static void hold(void *argument, int thread, size_t chunk) {
    shared *s = argument;
    (void)chunk;
    s->calls[thread]++;
    atomic_store(&s->started, 1);
    while (atomic_load(&s->started) != 2)
        sched_yield();
}

static void handed_out(void) {
    shared s = {0};
    CHECK_OK(tri_team_create(2, NULL, &s.team));
    tri_team_for(s.team, CHUNKS, slow, &s);
    CHECK(atomic_load(&s.started) == CHUNKS - 1, "%d", atomic_load(&s.started));

    atomic_store(&s.started, 0);
    tri_team_start(s.team, 1, hold, &s);
    while (!atomic_load(&s.started))
        sched_yield();
    atomic_store(&s.started, 2);
    tri_team_wait(s.team);
    CHECK(s.calls[0] == 0 && s.calls[1] == 1, "%d %d", s.calls[0], s.calls[1]);
    tri_team_destroy(&s.team);
}

static int only_cpu(void) {
    cpu_set_t set;
    if (pthread_getaffinity_np(pthread_self(), sizeof set, &set) || CPU_COUNT(&set) != 1) return -1;
    size_t cpu = 0;
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    return (int)cpu;
}

static void where(void *argument, int thread) {
    ((shared *)argument)->calls[thread] = only_cpu();
}

static void bound(void) {
    cpu_set_t before, after;
    CHECK(!pthread_getaffinity_np(pthread_self(), sizeof before, &before), "no affinity");
    int allowed[CPU_SETSIZE], count = 0, cpus[MOST];
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &before)) allowed[count++] = (int)cpu;
    for (int i = 0; i < MOST; i++)
        cpus[i] = allowed[(i + 1) % count];
    for (int threads = 1; threads <= MOST; threads = threads * 2 + (threads > 1)) {
        shared s = {0};
        CHECK_OK(tri_team_create(threads, cpus, &s.team));
        tri_team_run(s.team, where, &s);
        for (int i = 0; i < threads; i++)
            CHECK(s.calls[i] == cpus[i], "thread %d is on %d, not on %d", i, s.calls[i], cpus[i]);
        tri_team_run(s.team, ring, &s);
        tri_team_destroy(&s.team);
        pthread_getaffinity_np(pthread_self(), sizeof after, &after);
        CHECK(CPU_EQUAL(&before, &after), "the caller's binding was not given back");
    }
    static const int wrong[] = {-1, CPU_SETSIZE - 1, 100000, 1 << 30};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        tri_team *team = NULL;
        cpus[2] = wrong[i];
        CHECK_STATUS(tri_team_create(4, cpus, &team), TRI_ERR_ENVIRONMENT);
        CHECK(!team && strstr(tri_error_text(), "thread 2"), "%s", tri_error_text());
        pthread_getaffinity_np(pthread_self(), sizeof after, &after);
        CHECK(CPU_EQUAL(&before, &after), "the caller's binding was not given back");
    }
}

static void failing(void) {
    tri_team *team = NULL;
    CHECK_STATUS(tri_team_create(0, NULL, &team), TRI_ERR_ARGUMENT);
    CHECK_STATUS(tri_team_create(-3, NULL, &team), TRI_ERR_ARGUMENT);
    for (int left = 0; left < 4; left++) {
        created = joined = 0;
        creations_left = left;
        CHECK_STATUS(tri_team_create(5, NULL, &team), TRI_ERR_SYSTEM);
        CHECK(created == left && joined == left && !team, "%d made, %d joined", created, joined);
    }
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    CHECK(!sigismember(&blocked, SIGUSR1), "the caller's signals stay blocked");
    created = creations_left = 0;
    CHECK_OK(tri_team_create(1, NULL, &team));
    CHECK(created == 0, "a team of one made a thread");
    tri_team_destroy(&team);
    tri_team_destroy(&team);
    tri_team_destroy(NULL);
    creations_left = -1;
}

int main(void) {
    for (int threads = 1; threads <= MOST; threads++) {
        everyone_once(threads);
        chunks_once(threads, 0);
        chunks_once(threads, 1);
        chunks_once(threads, CHUNKS);
    }
    handed_out();
    bound();
    failing();
    return check_result("thread teams");
}
