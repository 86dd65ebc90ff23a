/* What the scheduler (model.c) and the memory (memory.c) of the model checker share. */
#ifndef TRIREME_TESTS_MODEL_RUN_H
#define TRIREME_TESTS_MODEL_RUN_H

#include "model.h"

/* The thread that runs; 0: setup or check, alone. */
extern int model_current;

/* Continues with a thread, perhaps another one: before each step that others may see. */
void model_schedule(void);
/* One of `count` ways to go on: the next untried one at the last choice of the run before. */
int model_choose(int count);
/* The order that a site has in this run. */
int model_order(const char *site, int order);
/* A line of the trace. */
void model_note(const char *site, const char *what, uintptr_t value);

/* malloc() and free() of threads/, by a compile definition: new memory has no useful value. */
void *model_malloc(size_t bytes);
void model_free(void *p);

/* A new run, with so many reads of older stores and early stores. */
void model_memory_start(int weak);
/* All threads know what setup has done; check knows what all threads have. */
void model_memory_fork(void);
void model_memory_join(void);
/* The newest value. */
uintptr_t model_newest(const void *at, size_t bytes);
/* The current thread knows the newest store of each location. */
void model_see_all(void);

#endif
