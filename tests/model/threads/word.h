/* Replaces threads/word.h: the same names; each step goes through the model checker (model.h). */
#ifndef TRIREME_THREADS_WORD_H
#define TRIREME_THREADS_WORD_H

#include <stdint.h>

#include "model.h"

typedef uint32_t tri_word;

#define TRI_RELAXED MODEL_RELAXED
#define TRI_ACQUIRE MODEL_ACQUIRE
#define TRI_RELEASE MODEL_RELEASE
#define TRI_ACQ_REL MODEL_ACQ_REL
#define TRI_SEQ_CST MODEL_SEQ_CST

#define tri_load(at, order)         ((__typeof__(*(at)))model_load(MODEL_SITE, (at), sizeof *(at), order))
#define tri_store(at, value, order) model_store(MODEL_SITE, (at), sizeof *(at), (uintptr_t)(value), order)
#define tri_exchange(at, value, order)                                                                       \
    ((__typeof__(*(at)))model_exchange(MODEL_SITE, (at), sizeof *(at), (uintptr_t)(value), order))
#define tri_add(at, value, order)                                                                            \
    ((__typeof__(*(at)))model_add(MODEL_SITE, (at), sizeof *(at), (uintptr_t)(value), order))
#define tri_replace(at, seen, value, order)                                                                  \
    model_replace(MODEL_SITE, (at), sizeof *(at), (seen), (uintptr_t)(value), order)
#define tri_fence()                       model_fence(MODEL_SITE)
#define tri_word_sleep(word, seen, until) model_sleep(MODEL_SITE, word, seen, until)
#define tri_word_wake_one(word)           model_wake(MODEL_SITE, word, 1)
#define tri_word_wake_all(word)           model_wake(MODEL_SITE, word, MODEL_THREADS)
#define tri_relax()                       model_relax()
#define tri_yield()                       model_relax()
#define tri_self()                        model_self()

#endif
