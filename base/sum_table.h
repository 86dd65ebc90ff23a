/* Neal's large superaccumulator: one word per sign and exponent. Internal.
 *
 * Adding is one addition in memory whatever the exponent, so it is quick where exponents vary and slow where
 * the same few words wait for their own last store: the other way round than the kernels in sum_kernels.h. */
#ifndef TRIREME_BASE_SUM_TABLE_H
#define TRIREME_BASE_SUM_TABLE_H

#include "base/sum_words.h"

/* At most this many elements at a time; the words are sized for it. Emptying the table costs about as much as
 * adding 8000 elements. */
enum { TRI_TABLE_LIMIT = 1 << 20 };

/* Adds x[0] ... x[count - 1], NaN and Inf among them, to `sum` and, unless squares is NULL, their squares to
 * `squares`. */
void tri_table_add(const double *x, size_t count, tri_words sum, const tri_words *squares);

#endif
