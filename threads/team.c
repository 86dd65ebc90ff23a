#include "trireme/team.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* SPINS: polls of a thread with its own cpu before it sleeps: some tens of microseconds, a few times the cost
 * of a wake-up. */
enum { SPINS = 1000, LINE_BYTES = 64 };

/* A counter to wait for, in its own cache line: threads spin on it. */
typedef struct gate {
    _Alignas(LINE_BYTES) atomic_uint phase;
    pthread_mutex_t mutex; /* for sleeping threads */
    pthread_cond_t moved;
} gate;

typedef struct member {
    tri_team *team;
    int thread;
    pthread_t id;
} member;

struct tri_team {
    int threads, spins;
    int made;              /* members [1, made) are running */
    member *members;       /* [0] is the caller */
    cpu_set_t *caller_set; /* the caller's previous binding; NULL if the team does not bind threads */
    size_t set_bytes;

    /* The current work: one of `each` and `chunk`. Neither: the threads exit. */
    tri_team_work each;
    tri_team_chunk chunk;
    void *argument;
    size_t chunks;
    int under_way;            /* started, not yet waited for */
    unsigned finished_before; /* phase of `finished` when the work started */
    gate started, finished, met;
    _Alignas(LINE_BYTES) atomic_size_t next_chunk;
    _Alignas(LINE_BYTES) atomic_int busy;    /* members that have not finished, without the caller */
    _Alignas(LINE_BYTES) atomic_int arrived; /* at the barrier */
};

static void pause_cpu(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

static void gate_init(gate *g) {
    atomic_init(&g->phase, 0);
    pthread_mutex_init(&g->mutex, NULL);
    pthread_cond_init(&g->moved, NULL);
}

static void gate_end(gate *g) {
    pthread_mutex_destroy(&g->mutex);
    pthread_cond_destroy(&g->moved);
}

static unsigned gate_phase(gate *g) {
    return atomic_load_explicit(&g->phase, memory_order_acquire);
}

static void gate_open(gate *g) {
    pthread_mutex_lock(&g->mutex);
    atomic_fetch_add_explicit(&g->phase, 1, memory_order_release);
    pthread_cond_broadcast(&g->moved);
    pthread_mutex_unlock(&g->mutex);
}

/* Returns when the phase is no longer `seen`. */
static void gate_wait(gate *g, unsigned seen, int spins) {
    for (int i = 0; i < spins; i++) {
        if (gate_phase(g) != seen) return;
        pause_cpu();
    }
    pthread_mutex_lock(&g->mutex);
    while (gate_phase(g) == seen)
        pthread_cond_wait(&g->moved, &g->mutex);
    pthread_mutex_unlock(&g->mutex);
}

static void take_part(tri_team *team, int thread) {
    if (team->each) {
        team->each(team->argument, thread);
        return;
    }
    size_t chunk;
    while ((chunk = atomic_fetch_add_explicit(&team->next_chunk, 1, memory_order_relaxed)) < team->chunks)
        team->chunk(team->argument, thread, chunk);
}

static void *member_main(void *data) {
    member *self = data;
    tri_team *team = self->team;
    for (unsigned seen = 0;; seen++) {
        gate_wait(&team->started, seen, team->spins);
        if (!team->each && !team->chunk) return NULL;
        take_part(team, self->thread);
        if (atomic_fetch_sub_explicit(&team->busy, 1, memory_order_acq_rel) == 1) gate_open(&team->finished);
    }
}

/* Whether every thread has its own cpu. Then threads may spin: no other thread of the team waits for the
 * cpu. */
static int all_distinct(int threads, const int *cpus) {
    for (int i = 0; i < threads; i++)
        for (int j = 0; j < i; j++)
            if (cpus[i] == cpus[j]) return 0;
    return 1;
}

/* Saves the caller's binding. EINVAL means that the kernel's cpu sets are larger. */
static tri_status remember_binding(tri_team *team) {
    for (size_t cpus = CPU_SETSIZE;; cpus *= 2) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set) return tri_fail(TRI_ERR_MEMORY, "no memory for a set of %zu cpus", cpus);
        size_t bytes = CPU_ALLOC_SIZE(cpus);
        int error = pthread_getaffinity_np(pthread_self(), bytes, set);
        if (!error) {
            team->caller_set = set;
            team->set_bytes = bytes;
            return TRI_OK;
        }
        CPU_FREE(set);
        if (error != EINVAL || cpus > (size_t)1 << 20)
            return tri_fail(TRI_ERR_SYSTEM, "cannot get the binding of the calling thread: %s",
                            strerror(error));
    }
}

/* Binds the calling thread. */
static tri_status bind_caller(const tri_team *team, int thread, int cpu) {
    cpu_set_t *set = NULL;
    int error = EINVAL;
    if (cpu >= 0 && (size_t)cpu < team->set_bytes * 8) {
        set = CPU_ALLOC(team->set_bytes * 8);
        if (!set) return tri_fail(TRI_ERR_MEMORY, "no memory for a set of cpus");
        CPU_ZERO_S(team->set_bytes, set);
        CPU_SET_S((size_t)cpu, team->set_bytes, set);
        error = pthread_setaffinity_np(pthread_self(), team->set_bytes, set);
        CPU_FREE(set);
    }
    return !error ? TRI_OK
                  : tri_fail(TRI_ERR_ENVIRONMENT,
                             "cannot bind thread %d to cpu %d: %s (taskset -p shows the "
                             "cpus that a process may use)",
                             thread, cpu, strerror(error));
}

/* Creates the other members. Each inherits the current binding of the caller. */
static tri_status make_members(tri_team *team, const int *cpus) {
    for (; team->made < team->threads; team->made++) {
        int thread = team->made;
        if (cpus) TRI_TRY(bind_caller(team, thread, cpus[thread]));
        team->members[thread] = (member){.team = team, .thread = thread};
        int error = pthread_create(&team->members[thread].id, NULL, member_main, &team->members[thread]);
        if (error)
            return tri_fail(TRI_ERR_SYSTEM, "cannot create thread %d of %d: %s (check ulimit -u and memory)",
                            thread, team->threads, strerror(error));
    }
    return cpus ? bind_caller(team, 0, cpus[0]) : TRI_OK;
}

/* Blocks signals, so that the other members do not run the program's handlers; except faults and
 * profiling. */
static void block_signals(sigset_t *before) {
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};
    sigset_t set;
    sigfillset(&set);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        sigdelset(&set, kept[i]);
    pthread_sigmask(SIG_BLOCK, &set, before);
}

tri_status tri_team_create(int threads, const int *cpus, tri_team **out) {
    if (threads < 1) return tri_fail(TRI_ERR_ARGUMENT, "a team has at least one thread, not %d", threads);
    tri_team *team = aligned_alloc(LINE_BYTES, sizeof *team);
    member *members = calloc((size_t)threads, sizeof *members);
    if (!team || !members) {
        free(team);
        free(members);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a team of %d threads", threads);
    }
    *team = (tri_team){.threads = threads, .made = 1, .members = members};
    team->spins = cpus && all_distinct(threads, cpus) ? SPINS : 0;
    gate_init(&team->started);
    gate_init(&team->finished);
    gate_init(&team->met);

    sigset_t before;
    block_signals(&before);
    tri_status status = cpus ? remember_binding(team) : TRI_OK;
    if (status == TRI_OK) status = make_members(team, cpus);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status != TRI_OK)
        tri_team_destroy(&team);
    else
        *out = team;
    return status;
}

void tri_team_destroy(tri_team **team) {
    if (!team || !*team) return;
    tri_team *t = *team;
    t->each = NULL;
    t->chunk = NULL;
    gate_open(&t->started);
    for (int i = 1; i < t->made; i++)
        pthread_join(t->members[i].id, NULL);
    if (t->caller_set) {
        pthread_setaffinity_np(pthread_self(), t->set_bytes, t->caller_set);
        CPU_FREE(t->caller_set);
    }
    gate_end(&t->started);
    gate_end(&t->finished);
    gate_end(&t->met);
    free(t->members);
    free(t);
    *team = NULL;
}

int tri_team_threads(const tri_team *team) {
    return team->threads;
}

/* Starts the other members, after the work has been set. */
static void begin(tri_team *team) {
    team->under_way = 1;
    team->finished_before = gate_phase(&team->finished);
    atomic_store_explicit(&team->busy, team->threads - 1, memory_order_relaxed);
    atomic_store_explicit(&team->next_chunk, 0, memory_order_relaxed);
    if (team->threads > 1) gate_open(&team->started);
}

void tri_team_wait(tri_team *team) {
    take_part(team, 0);
    if (team->threads > 1) gate_wait(&team->finished, team->finished_before, team->spins);
    team->under_way = 0;
}

int tri_team_idle(const tri_team *team) {
    return !team->under_way;
}

void tri_team_run(tri_team *team, tri_team_work work, void *argument) {
    team->each = work;
    team->chunk = NULL;
    team->argument = argument;
    begin(team);
    tri_team_wait(team);
}

void tri_team_start(tri_team *team, size_t chunks, tri_team_chunk work, void *argument) {
    team->each = NULL;
    team->chunk = work;
    team->argument = argument;
    team->chunks = chunks;
    begin(team);
}

void tri_team_for(tri_team *team, size_t chunks, tri_team_chunk work, void *argument) {
    tri_team_start(team, chunks, work, argument);
    tri_team_wait(team);
}

void tri_team_barrier(tri_team *team) {
    unsigned seen = gate_phase(&team->met); /* does not change before this thread arrives */
    if (atomic_fetch_add_explicit(&team->arrived, 1, memory_order_acq_rel) == team->threads - 1) {
        atomic_store_explicit(&team->arrived, 0, memory_order_relaxed);
        gate_open(&team->met);
    } else {
        gate_wait(&team->met, seen, team->spins);
    }
}
