/* The scheduler of the model checker, and the exploration of all its choices. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "run.h"

enum { CHOICES = 4096, STEPS = 3000, SITES = 256, SCENARIOS = 64, TRACE = 400, STACK_BYTES = 64 << 10 };

typedef struct thread {
    enum { RUNS, RELAXES, SLEEPS, ENDED } state;
    const void *asleep_at;
    int may_be_late, late;
    ucontext_t context;
    char *stack;
} thread;

int model_current;
static const model_scenario *scenario;
static thread threads[MODEL_THREADS];
static ucontext_t explorer;
static int preemptions_left, steps;
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

void model_note(const char *site, const char *what, uintptr_t value) {
    trace[traced++ % TRACE].thread = model_current;
    trace[(traced - 1) % TRACE].site = site;
    trace[(traced - 1) % TRACE].what = what;
    trace[(traced - 1) % TRACE].value = value;
}

int model_choose(int count) {
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

int model_order(const char *site, int order) {
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

/* ---- threads ---- */

static void leave_run(void) {
    if (model_current) swapcontext(&threads[model_current].context, &explorer);
}

void model_fail(const char *text) {
    if (!fault) fault = text;
    leave_run();
}

void model_schedule(void) {
    if (!model_current) return; /* setup and check run alone */
    if (++steps > STEPS) {
        model_fail("no end: a thread waits for what never comes");
        return;
    }
    thread *self = &threads[model_current];
    int can[MODEL_THREADS], count = 0;
    /* One that relaxes goes on when the others have had a turn. */
    if (self->state == RUNS) can[count++] = model_current;
    int stays = count;
    if (!stays || preemptions_left > 0)
        for (int pass = RUNS; pass <= RELAXES && count == stays; pass++)
            for (int i = 1; i < MODEL_THREADS; i++)
                if (threads[i].state == (unsigned)pass && (i != model_current || pass == RELAXES))
                    can[count++] = i;
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
    int next = can[model_choose(count)];
    int late = threads[next].state == SLEEPS;
    if ((stays && next != model_current) || (late && count > 1)) preemptions_left--;
    if (late) threads[next].late = 1;
    threads[next].state = RUNS;
    if (next == model_current) return;
    int before = model_current;
    model_current = next;
    swapcontext(&threads[before].context, &threads[next].context);
}

static void thread_main(void) {
    scenario->threads[model_current - 1]();
    threads[model_current].state = ENDED;
    model_schedule();
}

/* ---- sleep ---- */

/* The kernel compares the newest value; its locks order this against a wake. */
int model_sleep(const char *site, uint32_t *word, uint32_t seen, double deadline) {
    model_schedule();
    thread *self = &threads[model_current];
    model_note(site, "sleep on", seen);
    if (model_newest(word, sizeof *word) != seen) return 1;
    if (!model_current) { /* nobody else is there to wake it */
        if (deadline >= 1e300) model_fail("setup or check sleeps for ever");
        return 0;
    }
    self->state = SLEEPS;
    self->asleep_at = word;
    self->may_be_late = deadline < 1e300;
    self->late = 0;
    model_schedule();
    return !self->late;
}

void model_wake(const char *site, uint32_t *word, int count) {
    int order = model_order(site, MODEL_SEQ_CST);
    model_schedule();
    model_note(site, "wake", (uintptr_t)count);
    for (int i = 1; i < MODEL_THREADS && count && order == MODEL_SEQ_CST; i++)
        if (threads[i].state == SLEEPS && threads[i].asleep_at == word) {
            threads[i].state = RUNS;
            count--;
        }
}

/* A thread that spins sees in the end what the others have stored. */
void model_relax(void) {
    model_see_all();
    if (model_current) threads[model_current].state = RELAXES;
    model_schedule();
}

uintptr_t model_self(void) {
    return (uintptr_t)model_current + 1;
}

/* ---- exploration ---- */

static void start_run(void) {
    for (int i = 0; i < MODEL_THREADS; i++) {
        thread *t = &threads[i];
        char *stack = t->stack ? t->stack : malloc(STACK_BYTES);
        memset(t, 0, sizeof *t);
        t->stack = stack;
        t->state = i && scenario->threads[i - 1] ? RUNS : ENDED;
    }
    model_memory_start(scenario->weak);
    model_current = steps = traced = choice_at = 0;
    preemptions_left = scenario->preemptions;
    fault = NULL;
}

static void run_once(void) {
    start_run();
    scenario->setup();
    if (fault) return;
    model_memory_fork();
    int present[MODEL_THREADS], count = 0;
    for (int i = 1; i < MODEL_THREADS; i++) {
        thread *t = &threads[i];
        if (t->state == ENDED) continue;
        getcontext(&t->context);
        t->context.uc_stack.ss_sp = t->stack;
        t->context.uc_stack.ss_size = STACK_BYTES;
        makecontext(&t->context, thread_main, 0);
        present[count++] = i;
    }
    model_current = present[model_choose(count)];
    swapcontext(&explorer, &threads[model_current].context);
    model_current = 0;
    if (fault) return; /* what the run has allocated is lost */
    model_memory_join();
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
