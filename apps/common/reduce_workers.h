/* The three workers of a reduction inside one rank: threads and a device take chunks of a piece of the vector from one
 * queue, so that whichever is quick takes more and none waits for another. Each keeps its own accumulators; exact ones
 * merge by integer addition, ordered ones by their place in the vector, so who took what does not show.
 */
#ifndef TRIREME_APPS_REDUCE_WORKERS_H
#define TRIREME_APPS_REDUCE_WORKERS_H

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

/* What one worker has of the vector so far. */
typedef struct reduce_accumulator {
    tri_moments moments; /* of an exact sum alone, only totals.sum is used */
    double plain;
    reduce_counts counts;
    tri_status status; /* the device's first failure, with its text */
    char why[256];
} reduce_accumulator;

/* A piece of the vector in memory: `count` elements from global index `first`. */
typedef struct reduce_piece {
    const void *data;
    uint64_t first;
    size_t count;
} reduce_piece;

typedef struct reduce_workers {
    reduce_plan plan;
    tri_team *team;
    tri_gpu *gpu;
    int count; /* one for each thread that computes, and the last for the device where there is one */
    reduce_accumulator *accumulator;
    tri_ordered ordered; /* of all pieces so far */
    /* The piece under way. */
    reduce_piece piece;
    tri_ordered *chunk_nodes; /* ordered: one for each chunk, since a worker's chunks are not in order */
    size_t chunk_room;
    atomic_size_t next; /* chunk that nobody has taken */
    /* Of the device, for the whole vector. */
    int tried;  /* it has computed something */
    int outrun; /* it leaves the rest to the threads */
} reduce_workers;

/* The team must have `threads` threads, and one more where gpu is not NULL. Both are borrowed. */
tri_status reduce_workers_create(reduce_workers *workers, const reduce_plan *plan, tri_team *team,
                                 int threads, tri_gpu *gpu);
void reduce_workers_destroy(reduce_workers *workers);

/* Begins a new vector. */
void reduce_workers_clear(reduce_workers *workers);

/* Starts on a piece; reduce_workers_wait() before the next. For ordered sums pieces begin at whole blocks and come in
 * their order. Where the team has other threads, the caller is free in between. */
tri_status reduce_workers_start(reduce_workers *workers, const reduce_piece *piece);
tri_status reduce_workers_wait(reduce_workers *workers);

/* All workers together, so far. `counts` gets workers' bins added; may be NULL without a histogram. */
void reduce_workers_total(const reduce_workers *workers, reduce_accumulator *out, reduce_counts *counts);

/* Integers of 64 bits as the nearest doubles; `to` may be `from`. */
void reduce_as_doubles(tri_element element, const void *from, size_t count, double *to);

#endif
