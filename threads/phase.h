/* A counter of changes to wait for, by polls and then asleep. */
#ifndef TRIREME_THREADS_PHASE_H
#define TRIREME_THREADS_PHASE_H

#include "threads/word.h"

/* TRI_SPINS: polls of a thread with its own cpu before it sleeps: some tens of microseconds, a few times the
 * cost of a wake-up. */
enum { TRI_SPINS = 1000, TRI_PHASE_STEP = 2, TRI_PHASE_AWAITED = 1, TRI_CACHE_LINE = 64 };

/* In its own cache line: threads spin on it. Zero is a new one. */
typedef struct tri_phase {
    /* Changes * TRI_PHASE_STEP, and whether a thread may sleep, so that a change without sleepers makes no
     * system call. */
    _Alignas(TRI_CACHE_LINE) tri_word word;
} tri_phase;

static inline tri_word tri_phase_now(tri_phase *phase) {
    return tri_load(&phase->word, TRI_ACQUIRE) & ~(tri_word)TRI_PHASE_AWAITED;
}

/* Changes the phase, if its bits `mask` are `bits`; what was written before is released in any case. Several
 * threads may do it at once. */
static inline void tri_phase_next_if(tri_phase *phase, tri_word mask, tri_word bits) {
    tri_word seen = tri_load(&phase->word, TRI_RELAXED), next;
    do {
        next = (seen & mask) == bits ? (seen & ~(tri_word)TRI_PHASE_AWAITED) + TRI_PHASE_STEP : seen;
    } while (!tri_replace(&phase->word, &seen, next, TRI_RELEASE));
    if (next != seen && seen & TRI_PHASE_AWAITED) tri_word_wake_all(&phase->word);
}

static inline void tri_phase_next(tri_phase *phase) {
    tri_phase_next_if(phase, 0, 0);
}

/* Returns when the phase is no longer `seen`; 0 if the deadline passes. */
static inline int tri_phase_wait(tri_phase *phase, tri_word seen, int spins, double deadline) {
    for (int i = 0; i < spins; i++) {
        if (tri_phase_now(phase) != seen) return 1;
        tri_relax();
    }
    while (tri_phase_now(phase) == seen) {
        tri_word now = seen;
        if (!tri_replace(&phase->word, &now, seen | TRI_PHASE_AWAITED, TRI_RELAXED) &&
            now != (seen | TRI_PHASE_AWAITED))
            continue;
        if (!tri_word_sleep(&phase->word, seen | TRI_PHASE_AWAITED, deadline))
            return tri_phase_now(phase) != seen;
    }
    return 1;
}

#endif
