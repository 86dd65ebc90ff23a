#include "model.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

enum {
    LOCATIONS = 128,
    STORES = 12, /* the latest of a location that are kept */
    CHOICES = 4096,
    STEPS = 3000,
    SITES = 256,
    SCENARIOS = 64,
    FREED = 64,
    TRACE = 400,
    STACK_BYTES = 64 << 10,
    STAMP = 1 << 16
};

/* What a thread must know of: `clock` of threads, for races, and the stamp of a store for each location. */
typedef struct view {
    unsigned clock[MODEL_THREADS];
    unsigned stamp[LOCATIONS];
} view;

typedef struct message {
    uintptr_t value;
    unsigned stamp;
    int by_update; /* directly after the one before */
    view released;
} message;

typedef struct location {
    const void *at;
    size_t bytes;
    int count, plain;
    message stores[STORES];                               /* in modification order */
    unsigned read[MODEL_THREADS], written[MODEL_THREADS]; /* clocks; an atomic access is a read */
} location;

typedef struct thread {
    enum { RUNS, RELAXES, SLEEPS, ENDED } state;
    view now, acquired, released; /* released: of the last fence */
    const void *asleep_at;
    int may_be_late, late;
    ucontext_t context;
    char *stack;
} thread;

static const model_scenario *scenario;
static thread threads[MODEL_THREADS];
static location locations[LOCATIONS];
static view fences;
static ucontext_t explorer;
static int current, location_count, preemptions_left, weak_left, steps;
static const char *weakened, *fault;
static unsigned char choices[CHOICES], options[CHOICES];
static int choice_at, choice_count;
static struct {
    const char *text;
    const model_scenario *users[SCENARIOS];
    int user_count;
} sites[SITES];
static size_t site_count;
static struct {
    int thread;
    const char *site, *what;
    uintptr_t value;
} trace[TRACE];
static int traced;
static char *freed[FREED]; /* of this run: not reused before its end */
static int freed_count;

static void note(const char *site, const char *what, uintptr_t value) {
    trace[traced++ % TRACE].thread = current;
    trace[(traced - 1) % TRACE].site = site;
    trace[(traced - 1) % TRACE].what = what;
    trace[(traced - 1) % TRACE].value = value;
}

/* One of `count` ways to go on: the next untried one at the last choice of the run before. */
static int choose(int count) {
    if (count < 2 || fault) return 0;
    if (choice_at == CHOICES) {
        model_fail("more choices than the checker keeps");
        return 0;
    }
    if (choice_at == choice_count) {
        choices[choice_count] = 0;
        options[choice_count++] = (unsigned char)count;
    }
    return choices[choice_at++];
}

static int next_run(void) {
    while (choice_count && choices[choice_count - 1] + 1 == options[choice_count - 1])
        choice_count--;
    if (!choice_count) return 0;
    choices[choice_count - 1]++;
    return 1;
}

/* ---- threads ---- */

static void leave_run(void) {
    if (current) swapcontext(&threads[current].context, &explorer);
}

void model_fail(const char *text) {
    if (!fault) fault = text;
    leave_run();
}

/* Continues with a thread, perhaps another one. */
static void schedule(void) {
    if (!current) return; /* setup and check run alone */
    if (++steps > STEPS) {
        model_fail("no end: a thread waits for what never comes");
        return;
    }
    thread *self = &threads[current];
    int can[MODEL_THREADS], count = 0;
    /* One that relaxes goes on when the others have had a turn. */
    if (self->state == RUNS) can[count++] = current;
    int stays = count;
    if (!stays || preemptions_left > 0)
        for (int pass = RUNS; pass <= RELAXES && count == stays; pass++)
            for (int i = 1; i < MODEL_THREADS; i++)
                if (threads[i].state == (unsigned)pass && (i != current || pass == RELAXES)) can[count++] = i;
    /* A deadline passes where nothing else can happen, or at the cost of a preemption. */
    if (!count || preemptions_left > 0)
        for (int i = 1; i < MODEL_THREADS; i++)
            if (threads[i].state == SLEEPS && threads[i].may_be_late) can[count++] = i;
    if (!count) {
        int all_ended = 1;
        for (int i = 1; i < MODEL_THREADS; i++)
            all_ended = all_ended && threads[i].state == ENDED;
        if (!all_ended) model_fail("all threads are asleep: a wake-up was lost");
        leave_run();
        return;
    }
    int next = can[choose(count)];
    int late = threads[next].state == SLEEPS;
    if ((stays && next != current) || (late && count > 1)) preemptions_left--;
    if (late) threads[next].late = 1;
    threads[next].state = RUNS;
    if (next == current) return;
    int before = current;
    current = next;
    swapcontext(&threads[before].context, &threads[next].context);
}

static void thread_main(void) {
    scenario->threads[current - 1]();
    threads[current].state = ENDED;
    schedule();
}

/* ---- memory ---- */

static void join(view *to, const view *from) {
    for (int i = 0; i < MODEL_THREADS; i++)
        if (from->clock[i] > to->clock[i]) to->clock[i] = from->clock[i];
    for (int i = 0; i < location_count; i++)
        if (from->stamp[i] > to->stamp[i]) to->stamp[i] = from->stamp[i];
}

static uintptr_t memory(const void *at, size_t bytes) {
    uintptr_t value = 0;
    memcpy(&value, at, bytes); /* little-endian */
    return value;
}

/* A location that ordinary code has written since, because its object is new, starts again. */
static location *find(const void *at, size_t bytes) {
    int i = 0;
    while (i < location_count && locations[i].at != at)
        i++;
    location *l = &locations[i];
    if (i == LOCATIONS) {
        model_fail("more locations than the checker keeps");
        return &locations[0];
    }
    if (i == location_count) {
        memset(l, 0, sizeof *l);
        location_count++;
    } else if (l->plain || l->stores[l->count - 1].value == memory(at, bytes)) {
        return l;
    }
    for (int t = 0; t < MODEL_THREADS; t++)
        threads[t].now.stamp[i] = threads[t].acquired.stamp[i] = threads[t].released.stamp[i] = 0;
    fences.stamp[i] = 0;
    l->at = at;
    l->bytes = bytes;
    l->count = 1;
    l->stores[0] = (message){.value = memory(at, bytes), .stamp = STAMP};
    return l;
}

/* An atomic access. */
static location *touch(const void *at, size_t bytes) {
    for (int i = 0; i < freed_count; i++)
        if ((const char *)at >= freed[i] && (const char *)at < freed[i] + malloc_usable_size(freed[i]))
            model_fail("a use of memory that has been freed");
    location *l = find(at, bytes);
    l->read[current] = ++threads[current].now.clock[current];
    return l;
}

/* The order that a site has in this run. */
static int order_at(const char *site, int order) {
    if (order == MODEL_RELAXED) return order;
    size_t i = 0;
    while (i < site_count && strcmp(sites[i].text, site))
        i++;
    if (i == SITES) model_fail("more sites than the checker keeps");
    if (i == SITES) return order;
    if (i == site_count) sites[site_count++].text = site;
    int used = 0;
    for (int k = 0; k < sites[i].user_count; k++)
        used = used || sites[i].users[k] == scenario;
    if (!used && sites[i].user_count < SCENARIOS) sites[i].users[sites[i].user_count++] = scenario;
    return weakened && !strcmp(site, weakened) ? MODEL_RELAXED : order;
}

static int acquires(int order) {
    return order == MODEL_ACQUIRE || order >= MODEL_ACQ_REL;
}

static int releases(int order) {
    return order == MODEL_RELEASE || order >= MODEL_ACQ_REL;
}

static unsigned *known(location *l) {
    return &threads[current].now.stamp[l - locations];
}

static void fence_now(void) {
    thread *self = &threads[current];
    join(&self->now, &self->acquired);
    /* Fences order accesses; by themselves they synchronize nothing, so clocks stay. */
    for (int i = 0; i < location_count; i++) {
        if (fences.stamp[i] > self->now.stamp[i]) self->now.stamp[i] = fences.stamp[i];
        fences.stamp[i] = self->now.stamp[i];
    }
    self->released = self->now;
}

static void take_in(location *l, const message *m, int order) {
    thread *self = &threads[current];
    if (m->stamp > *known(l)) *known(l) = m->stamp;
    join(&self->acquired, &m->released);
    if (acquires(order)) join(&self->now, &m->released);
}

/* A load of the newest store, or, if the bound allows, of one of the `older` that the thread may still see.
 * */
static int read_which(location *l) {
    int older = 0;
    while (older + 1 < l->count && l->stores[l->count - 1 - older].stamp > *known(l))
        older++;
    int back = weak_left > 0 ? choose(older + 1) : 0;
    if (back) weak_left--;
    return l->count - 1 - back;
}

/* Adds a store at index `where`. `update`: the value that it replaces was read there. */
static void add_store(location *l, int where, uintptr_t value, int order, const view *update) {
    thread *self = &threads[current];
    if (l->count == STORES) {
        memmove(l->stores, l->stores + 1, (STORES - 1) * sizeof *l->stores);
        l->count--;
        where--;
    }
    memmove(l->stores + where + 1, l->stores + where, (size_t)(l->count - where) * sizeof *l->stores);
    message *m = &l->stores[where];
    unsigned before = l->stores[where - 1].stamp;
    m->stamp = where == l->count ? before + STAMP : before + (m[1].stamp - before) / 2;
    l->count++;
    m->value = value;
    m->by_update = update != NULL;
    *known(l) = m->stamp;
    m->released = releases(order) ? self->now : self->released;
    m->released.stamp[l - locations] = m->stamp;
    if (update) join(&m->released, update); /* the release sequence goes on */
    memcpy((void *)l->at, &l->stores[l->count - 1].value, l->bytes);
}

uintptr_t model_load(const char *site, const void *at, size_t bytes, int order) {
    order = order_at(site, order);
    schedule();
    location *l = touch(at, bytes);
    message *m = &l->stores[read_which(l)];
    take_in(l, m, order);
    note(site, "load", m->value);
    return m->value;
}

void model_store(const char *site, void *at, size_t bytes, uintptr_t value, int order) {
    order = order_at(site, order);
    schedule();
    location *l = touch(at, bytes);
    int earlier = 0;
    while (l->count - 1 - earlier > 0 && l->stores[l->count - 1 - earlier].stamp > *known(l) &&
           !l->stores[l->count - 1 - earlier].by_update)
        earlier++;
    int back = weak_left > 0 ? choose(earlier + 1) : 0;
    if (back) weak_left--;
    add_store(l, l->count - back, value, order, NULL);
    note(site, back ? "store, early," : "store", value);
}

static uintptr_t update(const char *site, const char *what, location *l, uintptr_t value, int order) {
    message old = l->stores[l->count - 1];
    take_in(l, &old, order);
    add_store(l, l->count, value, order, &old.released);
    note(site, what, value);
    return old.value;
}

uintptr_t model_exchange(const char *site, void *at, size_t bytes, uintptr_t value, int order) {
    order = order_at(site, order);
    schedule();
    return update(site, "exchange for", touch(at, bytes), value, order);
}

uintptr_t model_add(const char *site, void *at, size_t bytes, uintptr_t value, int order) {
    order = order_at(site, order);
    schedule();
    location *l = touch(at, bytes);
    uintptr_t sum = l->stores[l->count - 1].value + value;
    if (bytes < sizeof sum) sum &= ((uintptr_t)1 << 8 * bytes) - 1;
    return update(site, "add, to", l, sum, order);
}

int model_replace(const char *site, void *at, size_t bytes, void *seen, uintptr_t value, int order) {
    order = order_at(site, order);
    schedule();
    location *l = touch(at, bytes);
    uintptr_t expected = memory(seen, bytes);
    message *m = &l->stores[l->count - 1];
    if (m->value == expected) {
        update(site, "replace by", l, value, order);
        return 1;
    }
    take_in(l, m, MODEL_RELAXED);
    memcpy(seen, &m->value, bytes);
    note(site, "fail to replace", m->value);
    return 0;
}

void model_fence(const char *site) {
    int order = order_at(site, MODEL_SEQ_CST);
    schedule();
    if (order == MODEL_SEQ_CST) fence_now();
    note(site, "fence", 0);
}

/* The kernel compares the newest value; its locks order this against a wake. */
int model_sleep(const char *site, uint32_t *word, uint32_t seen, double deadline) {
    schedule();
    location *l = find(word, sizeof *word);
    thread *self = &threads[current];
    note(site, "sleep on", seen);
    if (l->stores[l->count - 1].value != seen) return 1;
    if (!current) { /* nobody else is there to wake it */
        if (deadline >= 1e300) model_fail("setup or check sleeps for ever");
        return 0;
    }
    self->state = SLEEPS;
    self->asleep_at = word;
    self->may_be_late = deadline < 1e300;
    self->late = 0;
    schedule();
    return !self->late;
}

void model_wake(const char *site, uint32_t *word, int count) {
    int order = order_at(site, MODEL_SEQ_CST);
    schedule();
    note(site, "wake", (uintptr_t)count);
    for (int i = 1; i < MODEL_THREADS && count && order == MODEL_SEQ_CST; i++)
        if (threads[i].state == SLEEPS && threads[i].asleep_at == word) {
            threads[i].state = RUNS;
            count--;
        }
}

/* A thread that spins sees in the end what the others have stored. */
void model_relax(void) {
    for (int i = 0; i < location_count && !locations[i].plain; i++)
        threads[current].now.stamp[i] = locations[i].stores[locations[i].count - 1].stamp;
    if (current) threads[current].state = RELAXES;
    schedule();
}

uintptr_t model_self(void) {
    return (uintptr_t)current + 1;
}

/* ---- ordinary memory ---- */

static int is_race(const location *l, int writes) {
    const unsigned *clock = threads[current].now.clock;
    for (int i = 0; i < MODEL_THREADS; i++)
        if (i != current && (l->written[i] > clock[i] || (writes && l->read[i] > clock[i]))) return 1;
    return 0;
}

static void plain_access(const int *at, int writes) {
    location *l = find(at, sizeof *at);
    l->plain = 1;
    if (is_race(l, writes)) model_fail("a data race");
    (writes ? l->written : l->read)[current] = ++threads[current].now.clock[current];
}

void model_write(int *at, int value) {
    plain_access(at, 1);
    *at = value;
}

int model_read(const int *at) {
    plain_access(at, 0);
    return *at;
}

void *model_malloc(size_t bytes) {
    void *p = malloc(bytes);
    return p ? memset(p, 0xa5, bytes) : p;
}

/* Like a write to all of it. */
void model_free(void *p) {
    if (!p) return;
    size_t bytes = malloc_usable_size(p);
    for (int i = 0; i < location_count; i++)
        if ((const char *)locations[i].at >= (char *)p && (const char *)locations[i].at < (char *)p + bytes &&
            is_race(&locations[i], 1))
            model_fail("memory is freed that another thread uses");
    if (freed_count < FREED) freed[freed_count++] = p;
}

/* ---- exploration ---- */

static void start_run(void) {
    while (freed_count)
        free(freed[--freed_count]);
    for (int i = 0; i < MODEL_THREADS; i++) {
        thread *t = &threads[i];
        char *stack = t->stack ? t->stack : malloc(STACK_BYTES);
        memset(t, 0, sizeof *t);
        t->stack = stack;
        t->state = i && scenario->threads[i - 1] ? RUNS : ENDED;
        /* A clock of 0 is that of no access. */
        t->now.clock[i] = 1;
    }
    memset(&fences, 0, sizeof fences);
    location_count = current = steps = traced = choice_at = 0;
    preemptions_left = scenario->preemptions;
    weak_left = scenario->weak;
    fault = NULL;
}

static void run_once(void) {
    start_run();
    scenario->setup();
    if (fault) return;
    int first = 0;
    for (int i = MODEL_THREADS - 1; i > 0; i--) {
        thread *t = &threads[i];
        if (t->state == ENDED) continue;
        join(&t->now, &threads[0].now);
        getcontext(&t->context);
        t->context.uc_stack.ss_sp = t->stack;
        t->context.uc_stack.ss_size = STACK_BYTES;
        makecontext(&t->context, thread_main, 0);
        first = i;
    }
    current = first;
    swapcontext(&explorer, &threads[first].context);
    current = 0;
    if (fault) return; /* what the run has allocated is lost */
    for (int i = 1; i < MODEL_THREADS; i++)
        join(&threads[0].now, &threads[i].now);
    for (int i = 0; i < location_count; i++)
        if (!locations[i].plain) threads[0].now.stamp[i] = locations[i].stores[locations[i].count - 1].stamp;
    scenario->check();
}

static void print_trace(void) {
    for (int i = traced > TRACE ? traced - TRACE : 0; i < traced; i++) {
        const char *name = strrchr(trace[i % TRACE].site, '/');
        printf("  %*s%d %s: %s %#lx\n", 4 * trace[i % TRACE].thread, "", trace[i % TRACE].thread,
               name ? name + 1 : trace[i % TRACE].site, trace[i % TRACE].what,
               (unsigned long)trace[i % TRACE].value);
    }
}

model_result model_explore(const model_scenario *explored, const char *without, long most_runs,
                           int with_trace) {
    model_result result = {.complete = 1};
    scenario = explored;
    weakened = without;
    choice_count = 0;
    do {
        if (result.runs++ == most_runs) {
            result.complete = 0;
            break;
        }
        run_once();
        result.fault = fault;
    } while (!fault && next_run());
    if (fault && with_trace) print_trace();
    return result;
}

const char *model_site(size_t index) {
    return index < site_count ? sites[index].text : NULL;
}

int model_site_used(size_t index, const model_scenario *by) {
    for (int k = 0; k < sites[index].user_count; k++)
        if (sites[index].users[k] == by) return 1;
    return 0;
}
