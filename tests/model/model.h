/* A model checker for small programs of a few threads: runs one again and again, each time with other
 * interleavings and other values of weak loads, until all have been tried or one fails.
 *
 * Interleavings: a switch may come before each atomic access. Switches away from a thread that could go on
 * are bounded (Musuvathi, Qadeer, "Iterative Context Bounding for Systematic Testing of Multithreaded
 * Programs", 2007); others are free.
 *
 * Memory: each location keeps the stores to it in their modification order, each with the view of the thread
 * that stored, and each thread has a view: the newest store of each location that it must know of (the views
 * of Kang, Hur, Lahav, Vafeiadis, Dreyer, "A Promising Semantics for Relaxed-Memory Concurrency", 2017,
 * without promises). A load reads any store that is not older than the thread's view, a store comes after any
 * such store, an acquire joins the view of the store that it reads, a fence that of the fences before it.
 * Reads of older stores, and stores before newer ones, are bounded, too. Not covered: a load that sees a
 * later store of its own future, which no machine that Trireme runs on does for dependent accesses.
 *
 * Faults: model_fail(), a data race on an address of model_read() and model_write(), memory that is freed
 * while another thread may use it, or used afterwards, all threads asleep (a lost wake-up), no end.
 *
 * Plants: each place in the source with an order, a fence or a wake is a site. A run may weaken one of
 * them; model.planted does so for all, and each must be found. */
#ifndef TRIREME_TESTS_MODEL_H
#define TRIREME_TESTS_MODEL_H

#include <stddef.h>
#include <stdint.h>

enum { MODEL_RELAXED, MODEL_ACQUIRE, MODEL_RELEASE, MODEL_ACQ_REL, MODEL_SEQ_CST };
enum { MODEL_THREADS = 4 }; /* the first is the scenario's setup and check */

#define MODEL_TEXT_(x) #x
#define MODEL_TEXT(x)  MODEL_TEXT_(x)
#define MODEL_SITE     __FILE__ ":" MODEL_TEXT(__LINE__)

/* ---- for threads/word.h ---- */
uintptr_t model_load(const char *site, const void *at, size_t bytes, int order);
void model_store(const char *site, void *at, size_t bytes, uintptr_t value, int order);
uintptr_t model_exchange(const char *site, void *at, size_t bytes, uintptr_t value, int order);
uintptr_t model_add(const char *site, void *at, size_t bytes, uintptr_t value, int order);
int model_replace(const char *site, void *at, size_t bytes, void *seen, uintptr_t value, int order);
void model_fence(const char *site);
int model_sleep(const char *site, uint32_t *word, uint32_t seen, double deadline);
void model_wake(const char *site, uint32_t *word, int count);
void model_relax(void);
uintptr_t model_self(void);

/* ---- for scenarios ---- */

/* Accesses of ordinary memory. */
void model_write(int *at, int value);
int model_read(const int *at);
void model_fail(const char *text);
#define MODEL_CHECK(condition)                                                                               \
    do {                                                                                                     \
        if (!(condition)) model_fail(MODEL_SITE ": " #condition);                                            \
    } while (0)

typedef struct model_scenario {
    const char *name;
    int preemptions, weak; /* bounds */
    void (*setup)(void);
    void (*threads[MODEL_THREADS - 1])(void);
    void (*check)(void); /* after all threads; frees what setup made */
} model_scenario;

typedef struct model_result {
    const char *fault; /* NULL: none */
    long runs;
    int complete; /* all runs within the bounds were made */
} model_result;

/* Explores a scenario, with the site `without` (or NULL) without its order, fence or wake. After a fault the
 * trace of the run is printed if `with_trace` is set. */
model_result model_explore(const model_scenario *explored, const char *without, long most_runs,
                           int with_trace);

/* The sites that scenarios have used so far and that can be weakened; NULL after the last. */
const char *model_site(size_t index);
/* Whether the scenario has used that site. */
int model_site_used(size_t index, const model_scenario *by);

#endif
