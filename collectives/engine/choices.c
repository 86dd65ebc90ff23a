#include "collectives/engine/choices.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 64 };

typedef struct entry {
    tri_subcase c;
    tri_recipe recipe; /* used = 0: empty */
} entry;

struct tri_choices {
    atomic_int owners;
    atomic_flag busy;
    entry known[ENTRIES];
};

tri_choices *tri_choices_create(void) {
    tri_choices *choices = calloc(1, sizeof *choices);
    if (!choices) return NULL;
    choices->owners = 1;
    atomic_flag_clear(&choices->busy);
    return choices;
}

tri_choices *tri_choices_join(tri_choices *choices) {
    if (choices) atomic_fetch_add(&choices->owners, 1);
    return choices;
}

void tri_choices_leave(tri_choices *choices) {
    if (choices && atomic_fetch_sub(&choices->owners, 1) == 1) free(choices);
}

/* Field by field: the bytes between them are not defined. */
static int is_same(const tri_subcase *a, const tri_subcase *b) {
    return a->operation == b->operation && a->ranks == b->ranks && a->nodes == b->nodes &&
           a->largest == b->largest && a->irregular == b->irregular && a->bytes == b->bytes &&
           a->uneven == b->uneven && a->commutes == b->commutes && a->unit_bytes == b->unit_bytes &&
           a->shared == b->shared && a->single_copy == b->single_copy && a->mapped == b->mapped &&
           a->cores == b->cores && a->nonblocking == b->nonblocking;
}

/* The entry of a case, for this thread alone until release(). */
static entry *take(tri_choices *choices, const tri_subcase *c) {
    uint64_t hash = ((uint64_t)c->bytes * TRI_OPERATION_COUNT + c->operation) * 8191 + (uint64_t)c->ranks;
    while (atomic_flag_test_and_set_explicit(&choices->busy, memory_order_acquire))
        ;
    return &choices->known[(hash * UINT64_C(0x9e3779b97f4a7c15) >> 32) % ENTRIES];
}

static void release(tri_choices *choices) {
    atomic_flag_clear_explicit(&choices->busy, memory_order_release);
}

int tri_choices_find(tri_choices *choices, const tri_subcase *c, tri_recipe *out) {
    if (!choices) return 0;
    const entry *e = take(choices, c);
    int found = e->recipe.used && is_same(&e->c, c);
    if (found) *out = e->recipe;
    release(choices);
    return found;
}

void tri_choices_add(tri_choices *choices, const tri_subcase *c, const tri_recipe *recipe) {
    if (!choices) return;
    entry *e = take(choices, c);
    e->c = *c;
    e->recipe = *recipe;
    release(choices);
}
