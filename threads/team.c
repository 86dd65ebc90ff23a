#include "trireme/team.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "threads/barrier.h"

typedef struct member {
    tri_team *team;
    int thread;
    tri_thread *id;
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
    tri_word finished_before; /* phase of `finished` when the work started */
    tri_phase started, finished;
    tri_thread_barrier barrier;
    _Alignas(TRI_CACHE_LINE) size_t next_chunk;
    _Alignas(TRI_CACHE_LINE) tri_word busy; /* members that have not finished, without the caller */
};

static void take_part(tri_team *team, int thread) {
    if (team->each) {
        team->each(team->argument, thread);
        return;
    }
    size_t chunk;
    while ((chunk = tri_add(&team->next_chunk, 1, TRI_RELAXED)) < team->chunks)
        team->chunk(team->argument, thread, chunk);
}

static void member_main(void *data) {
    member *self = data;
    tri_team *team = self->team;
    /* The next start comes after this member has finished, so it misses none. */
    for (tri_word seen = 0;; seen += TRI_PHASE_STEP) {
        (void)tri_phase_wait(&team->started, seen, team->spins, TRI_FOREVER);
        if (!team->each && !team->chunk) return;
        take_part(team, self->thread);
        if (tri_add(&team->busy, (tri_word)-1, TRI_ACQ_REL) == 1) tri_phase_next(&team->finished);
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
        char name[TRI_THREAD_NAME + 16];
        snprintf(name, sizeof name, "team %d/%d", thread, team->threads);
        TRI_TRY(tri_thread_create(name, member_main, &team->members[thread], &team->members[thread].id));
    }
    return cpus ? bind_caller(team, 0, cpus[0]) : TRI_OK;
}

tri_status tri_team_create(int threads, const int *cpus, tri_team **out) {
    if (threads < 1) return tri_fail(TRI_ERR_ARGUMENT, "a team has at least one thread, not %d", threads);
    tri_team *team = aligned_alloc(TRI_CACHE_LINE, sizeof *team);
    member *members = calloc((size_t)threads, sizeof *members);
    if (!team || !members) {
        free(team);
        free(members);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a team of %d threads", threads);
    }
    *team = (tri_team){.threads = threads, .made = 1, .members = members};
    team->spins = cpus && all_distinct(threads, cpus) ? TRI_SPINS : 0;
    team->barrier = (tri_thread_barrier){.threads = threads, .spins = team->spins};
    tri_status status = cpus ? remember_binding(team) : TRI_OK;
    if (status == TRI_OK) status = make_members(team, cpus);
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
    tri_phase_next(&t->started);
    for (int i = 1; i < t->made; i++)
        tri_thread_join(&t->members[i].id);
    if (t->caller_set) {
        pthread_setaffinity_np(pthread_self(), t->set_bytes, t->caller_set);
        CPU_FREE(t->caller_set);
    }
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
    team->finished_before = tri_phase_now(&team->finished);
    tri_store(&team->busy, (tri_word)team->threads - 1, TRI_RELAXED);
    tri_store(&team->next_chunk, 0, TRI_RELAXED);
    if (team->threads > 1) tri_phase_next(&team->started);
}

void tri_team_wait(tri_team *team) {
    take_part(team, 0);
    if (team->threads > 1)
        (void)tri_phase_wait(&team->finished, team->finished_before, team->spins, TRI_FOREVER);
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
    (void)tri_thread_barrier_wait(&team->barrier);
}
