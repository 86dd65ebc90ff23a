/* Memory as the model checker sees it: stores in modification order, and the views of threads. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

enum {
    LOCATIONS = 128,
    STORES = 12, /* the latest of a location that are kept */
    FREED = 64,
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
    view now, acquired, released; /* released: of the last fence */
} thread;

static thread threads[MODEL_THREADS];
static location locations[LOCATIONS];
static view fences;
static int location_count, weak_left;
static char *freed[FREED]; /* of this run: not reused before its end */
static int freed_count;

static thread *me(void) {
    return &threads[model_current];
}

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
    l->read[model_current] = ++me()->now.clock[model_current];
    return l;
}

static int acquires(int order) {
    return order == MODEL_ACQUIRE || order >= MODEL_ACQ_REL;
}

static int releases(int order) {
    return order == MODEL_RELEASE || order >= MODEL_ACQ_REL;
}

static unsigned *known(location *l) {
    return &me()->now.stamp[l - locations];
}

static void fence_now(void) {
    join(&me()->now, &me()->acquired);
    /* Fences order accesses; by themselves they synchronize nothing, so clocks stay. */
    for (int i = 0; i < location_count; i++) {
        if (fences.stamp[i] > me()->now.stamp[i]) me()->now.stamp[i] = fences.stamp[i];
        fences.stamp[i] = me()->now.stamp[i];
    }
    me()->released = me()->now;
}

static void take_in(location *l, const message *m, int order) {
    if (m->stamp > *known(l)) *known(l) = m->stamp;
    join(&me()->acquired, &m->released);
    if (acquires(order)) join(&me()->now, &m->released);
}

/* A load of the newest store, or, if the bound allows, of an older one that the thread may still see. */
static int read_which(location *l) {
    int older = 0;
    while (older + 1 < l->count && l->stores[l->count - 1 - older].stamp > *known(l))
        older++;
    int back = weak_left > 0 ? model_choose(older + 1) : 0;
    if (back) weak_left--;
    return l->count - 1 - back;
}

/* Adds a store at index `where`. `update`: the value that it replaces was read there. */
static void add_store(location *l, int where, uintptr_t value, int order, const view *update) {
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
    m->released = releases(order) ? me()->now : me()->released;
    m->released.stamp[l - locations] = m->stamp;
    if (update) join(&m->released, update); /* the release sequence goes on */
    memcpy((void *)l->at, &l->stores[l->count - 1].value, l->bytes);
}

uintptr_t model_load(const char *site, const void *at, size_t bytes, int order) {
    order = model_order(site, order);
    model_schedule();
    location *l = touch(at, bytes);
    message *m = &l->stores[read_which(l)];
    take_in(l, m, order);
    model_note(site, "load", m->value);
    return m->value;
}

void model_store(const char *site, void *at, size_t bytes, uintptr_t value, int order) {
    order = model_order(site, order);
    model_schedule();
    location *l = touch(at, bytes);
    int earlier = 0;
    while (l->count - 1 - earlier > 0 && l->stores[l->count - 1 - earlier].stamp > *known(l) &&
           !l->stores[l->count - 1 - earlier].by_update)
        earlier++;
    int back = weak_left > 0 ? model_choose(earlier + 1) : 0;
    if (back) weak_left--;
    add_store(l, l->count - back, value, order, NULL);
    model_note(site, back ? "store, early," : "store", value);
}

static uintptr_t update(const char *site, const char *what, location *l, uintptr_t value, int order) {
    message old = l->stores[l->count - 1];
    take_in(l, &old, order);
    add_store(l, l->count, value, order, &old.released);
    model_note(site, what, value);
    return old.value;
}

uintptr_t model_exchange(const char *site, void *at, size_t bytes, uintptr_t value, int order) {
    order = model_order(site, order);
    model_schedule();
    return update(site, "exchange for", touch(at, bytes), value, order);
}

uintptr_t model_add(const char *site, void *at, size_t bytes, uintptr_t value, int order) {
    order = model_order(site, order);
    model_schedule();
    location *l = touch(at, bytes);
    uintptr_t sum = l->stores[l->count - 1].value + value;
    if (bytes < sizeof sum) sum &= ((uintptr_t)1 << 8 * bytes) - 1;
    return update(site, "add, to", l, sum, order);
}

int model_replace(const char *site, void *at, size_t bytes, void *seen, uintptr_t value, int order) {
    order = model_order(site, order);
    model_schedule();
    location *l = touch(at, bytes);
    uintptr_t expected = memory(seen, bytes);
    message *m = &l->stores[l->count - 1];
    if (m->value == expected) {
        update(site, "replace by", l, value, order);
        return 1;
    }
    take_in(l, m, MODEL_RELAXED);
    memcpy(seen, &m->value, bytes);
    model_note(site, "fail to replace", m->value);
    return 0;
}

void model_fence(const char *site) {
    int order = model_order(site, MODEL_SEQ_CST);
    model_schedule();
    if (order == MODEL_SEQ_CST) fence_now();
    model_note(site, "fence", 0);
}
/* ---- ordinary memory ---- */

static int is_race(const location *l, int writes) {
    const unsigned *clock = me()->now.clock;
    for (int i = 0; i < MODEL_THREADS; i++)
        if (i != model_current && (l->written[i] > clock[i] || (writes && l->read[i] > clock[i]))) return 1;
    return 0;
}

static void plain_access(const int *at, int writes) {
    location *l = find(at, sizeof *at);
    l->plain = 1;
    if (is_race(l, writes)) model_fail("a data race");
    (writes ? l->written : l->read)[model_current] = ++me()->now.clock[model_current];
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

uintptr_t model_newest(const void *at, size_t bytes) {
    location *l = find(at, bytes);
    return l->stores[l->count - 1].value;
}

void model_see_all(void) {
    for (int i = 0; i < location_count; i++)
        if (!locations[i].plain) me()->now.stamp[i] = locations[i].stores[locations[i].count - 1].stamp;
}

void model_memory_start(int weak) {
    while (freed_count)
        free(freed[--freed_count]);
    memset(threads, 0, sizeof threads);
    for (int i = 0; i < MODEL_THREADS; i++)
        threads[i].now.clock[i] = 1; /* 0 is that of no access */
    memset(&fences, 0, sizeof fences);
    location_count = 0;
    weak_left = weak;
}

void model_memory_fork(void) {
    for (int i = 1; i < MODEL_THREADS; i++)
        join(&threads[i].now, &threads[0].now);
}

void model_memory_join(void) {
    for (int i = 1; i < MODEL_THREADS; i++)
        join(&threads[0].now, &threads[i].now);
    model_see_all();
}
