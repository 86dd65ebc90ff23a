/* Collective calls that do not fit. */
#include <string.h>

#include "apps/watch/judge.h"

/* Functions in which the number of bytes that the record has must be the same on all ranks. */
static bool has_one_length(const char *name) {
    static const char *const ends[] = {"cast", "catter", "ather", "lltoall", "educe", "can", "lock"};
    size_t length = strlen(name);
    if (length > 2 && !strcmp(name + length - 2, "_c")) length -= 2;
    if (length > 5 && !strncmp(name + length - 5, "_init", 5)) length -= 5;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length > end && !strncmp(name + length - end, ends[i], end)) return !strstr(name, "eighbor");
    }
    return false;
}

bool calls_differ(const world *w, const tri_slot_call *a, const tri_slot_call *b) {
    if (a->function != b->function || a->form != b->form) return true;
    if (a->root != b->root || (a->op != b->op && a->op && b->op)) return true;
    if (a->count < 0 || b->count < 0 || !has_one_length(call_name(w, a))) return false;
    return (uint64_t)a->count * tri_slot_type_bytes(a->type) !=
           (uint64_t)b->count * tri_slot_type_bytes(b->type);
}

/* Whether the members' calls of this number differ. */
static bool round_differs(const world *w, const object *o, uint64_t round) {
    const tri_slot_call *first = NULL;
    for (int i = 0; i < o->size[0] && o->ranks[0]; i++) {
        int p = o->ranks[0][i];
        const tri_slot_call *c = p < 0 ? NULL : world_round(w, p, o->id, round);
        if (!c) continue;
        if (!first) first = c;
        if (calls_differ(w, first, c)) return true;
    }
    return false;
}

bool find_mismatch(const world *w, mismatch *out) {
    for (int r = 0; r < w->ranks; r++) {
        const member *m = &w->member[r];
        if (!m->blocked || !m->call || !is_round(m->call)) continue;
        object *o = world_object(w, m->call->object);
        if (!o || (o->one && o->one->side)) continue;
        uint64_t last = m->call->round, from = last > TRI_SLOT_ROUNDS ? last - TRI_SLOT_ROUNDS : 1;
        for (uint64_t round = from; round <= last; round++)
            if (round_differs(w, o, round)) {
                *out = (mismatch){o, round};
                return true;
            }
    }
    return false;
}
