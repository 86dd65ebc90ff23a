/* Sleep by Linux's futex; and the clock of deadlines. */
#include "threads/word.h"
#include "trireme/sync.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Beyond any machine's time; seconds of a timespec must not overflow. */
static const double NEVER_S = 1e12;

double tri_deadline(double seconds) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec + seconds;
}

int tri_word_sleep(tri_word *word, tri_word seen, double deadline) {
    if (!(deadline > 0)) return 0;
    struct timespec at = {.tv_sec = 0};
    if (deadline < NEVER_S) {
        at.tv_sec = (time_t)deadline;
        at.tv_nsec = (long)(1e9 * (deadline - (double)at.tv_sec));
    }
    /* FUTEX_WAIT_BITSET takes a moment of CLOCK_MONOTONIC, FUTEX_WAIT a duration. */
    return !syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, seen, deadline < NEVER_S ? &at : NULL, NULL,
                    FUTEX_BITSET_MATCH_ANY) ||
           errno != ETIMEDOUT;
}

void tri_word_wake_one(tri_word *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1);
}

void tri_word_wake_all(tri_word *word) {
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX);
}

void tri_yield(void) {
    sched_yield();
}
