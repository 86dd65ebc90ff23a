/* The three banks of a reduction inside one rank: threads and a device take chunks of a piece of the vector from one
 * queue, so that whichever is quick takes more and none waits for another. Each keeps its own accumulators; exact ones
 * merge by integer addition, ordered ones by their place in the vector, so who took what does not show.
 */
#ifndef TRIREME_APPS_REDUCE_BANKS_H
#define TRIREME_APPS_REDUCE_BANKS_H

#include <stdatomic.h>

#include "trireme/trireme.h"

typedef enum reduce_sum { REDUCE_EXACT, REDUCE_ORDERED, REDUCE_PLAIN } reduce_sum;

/* What to compute. */
typedef struct reduce_plan {
    reduce_sum sum;
    tri_element element;
    int moments;  /* all statistics; 0: nothing but the sum */
    int64_t bins; /* of a histogram over [low, high]; 0: none */
    double low, high;
} reduce_plan;

/* A histogram's counts; below, above and nan besides. */
typedef struct reduce_counts {
    int64_t below, above, nan;
    int64_t *bin;
} reduce_counts;

/* What one bank has of the vector so far. */
typedef struct reduce_part {
    tri_moments moments; /* of an exact sum alone, only totals.sum is used */
    double plain;
    reduce_counts counts;
    tri_status status; /* the device's first failure, with its text */
    char why[256];
} reduce_part;

/* A piece of the vector in memory: `count` elements from global index `first`. */
typedef struct reduce_piece {
    const void *data;
    uint64_t first;
    size_t count;
} reduce_piece;

typedef struct reduce_banks {
    reduce_plan plan;
    tri_team *team;
    tri_gpu *gpu;
    int parts; /* one for each thread that computes, and the last for the device where there is one */
    reduce_part *part;
    tri_ordered ordered; /* of all pieces so far */
    /* The piece under way. */
    reduce_piece piece;
    tri_ordered *chunk_nodes; /* ordered: one for each chunk, since a bank's chunks are not in order */
    size_t chunk_room;
    atomic_size_t next; /* chunk that nobody has taken */
    /* Of the device, for the whole vector. */
    int tried;  /* it has computed something */
    int outrun; /* it leaves the rest to the threads */
} reduce_banks;

/* The team must have `threads` threads, and one more where gpu is not NULL. Both are borrowed. */
tri_status reduce_banks_create(reduce_banks *banks, const reduce_plan *plan, tri_team *team, int threads,
                               tri_gpu *gpu);
void reduce_banks_destroy(reduce_banks *banks);

/* Begins a new vector. */
void reduce_banks_clear(reduce_banks *banks);

/* Starts on a piece; reduce_banks_wait() before the next. For ordered sums pieces begin at whole blocks and come in
 * their order. Where the team has other threads, the caller is free in between. */
tri_status reduce_banks_start(reduce_banks *banks, const reduce_piece *piece);
tri_status reduce_banks_wait(reduce_banks *banks);

/* All banks together, so far. `counts` gets banks' bins added; may be NULL without a histogram. */
void reduce_banks_total(const reduce_banks *banks, reduce_part *out, reduce_counts *counts);

/* Integers of 64 bits as the nearest doubles; `to` may be `from`. */
void reduce_as_doubles(tri_element element, const void *from, size_t count, double *to);

#endif
