/* Atomic words, and sleep until one changes: all that this folder's primitives use of the machine. Every
 * primitive is made of these, so that the model checker (tests/model/), which replaces this file, sees each
 * of their steps. The orders are those of C11. A failed tri_replace() is relaxed. */
#ifndef TRIREME_THREADS_WORD_H
#define TRIREME_THREADS_WORD_H

#include <pthread.h>
#include <stdint.h>

/* tri_phase.word, tri_mutex.state, ...: 32 bits, as a futex has. */
typedef uint32_t tri_word;

#define TRI_RELAXED __ATOMIC_RELAXED
#define TRI_ACQUIRE __ATOMIC_ACQUIRE
#define TRI_RELEASE __ATOMIC_RELEASE
#define TRI_ACQ_REL __ATOMIC_ACQ_REL
#define TRI_SEQ_CST __ATOMIC_SEQ_CST

#define tri_load(at, order)            __atomic_load_n(at, order)
#define tri_store(at, value, order)    __atomic_store_n(at, value, order)
#define tri_exchange(at, value, order) __atomic_exchange_n(at, value, order)
#define tri_add(at, value, order)      __atomic_fetch_add(at, value, order)
#define tri_replace(at, seen, value, order)                                                                  \
    __atomic_compare_exchange_n(at, seen, value, 0, order, __ATOMIC_RELAXED)

/* Sequentially consistent. The thread sanitizer does not know fences; the code that has one needs it for
 * the order of atomic accesses only, which the sanitizer does not check. */
static inline void tri_fence(void) {
#if defined(__SANITIZE_THREAD__)
#pragma GCC diagnostic ignored "-Wtsan"
#endif
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Sleeps while the word holds `seen`, until a wake or the deadline (trireme/sync.h). May return early.
 * Returns 0 after the deadline. */
int tri_word_sleep(tri_word *word, tri_word seen, double deadline);
/* Wakes one thread that sleeps on the word, or all. The word may no longer exist. */
void tri_word_wake_one(tri_word *word);
void tri_word_wake_all(tri_word *word);

/* Between two polls of a thread that spins. */
static inline void tri_relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb");
#endif
}

/* Gives the core to another thread, where the next step is that thread's. */
void tri_yield(void);

/* The calling thread; never 0. */
static inline uintptr_t tri_self(void) {
    return (uintptr_t)pthread_self();
}

#endif
