/* A reduction inside one rank. Workers are the threads and the device; they take chunks of the vector from
 * one queue, so that faster ones take more and none waits for another. Each has its own accumulators.
 * Exact ones merge by integer addition, ordered ones by their index in the vector, so the assignment of
 * chunks does not change the result. */
#ifndef TRIREME_APPS_REDUCE_WORKERS_H
#define TRIREME_APPS_REDUCE_WORKERS_H

#include <stdatomic.h>

#include "trireme/trireme.h"

typedef enum reduce_sum { REDUCE_EXACT, REDUCE_ORDERED, REDUCE_PLAIN } reduce_sum;

/* What to compute. */
typedef struct reduce_plan {
    reduce_sum sum;
    tri_element element;
    int moments;  /* all statistics; 0: only the sum */
    int64_t bins; /* of a histogram over [low, high]; 0: none */
    double low, high;
} reduce_plan;

/* Counts of a histogram, and of the elements outside its range. */
typedef struct reduce_counts {
    int64_t below, above, nan;
    int64_t *bin;
} reduce_counts;

/* The accumulators of one worker. */
typedef struct reduce_accumulator {
    tri_moments moments; /* for an exact sum only totals.sum is used */
    double plain;
    reduce_counts counts;
    tri_status status; /* first failure, with its text */
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
    int count; /* one worker per compute thread, plus the device */
    reduce_accumulator *accumulator;
    tri_ordered ordered; /* of all pieces so far */
    /* The current piece. */
    reduce_piece piece;
    tri_ordered *chunk_nodes; /* ordered sums: one per chunk, since a worker's chunks are not consecutive */
    size_t chunk_room;
    atomic_size_t next; /* next chunk to take */
    /* Of the device, for the whole vector. */
    int tried;  /* it has computed a piece */
    int outrun; /* the threads are faster and do the rest */
} reduce_workers;

/* The team must have `threads` threads, plus one for gpu if that is not NULL. team and gpu are borrowed.
 * Local. */
tri_status reduce_workers_create(reduce_workers *workers, const reduce_plan *plan, tri_team *team,
                                 int threads, tri_gpu *gpu);
void reduce_workers_destroy(reduce_workers *workers);

/* Starts a new vector. */
void reduce_workers_clear(reduce_workers *workers);

/* Starts a piece; call reduce_workers_wait() before the next one. For ordered sums pieces start at whole
 * blocks and come in ascending order. If the team has several threads, the caller may do other work in
 * between. */
tri_status reduce_workers_start(reduce_workers *workers, const reduce_piece *piece);
tri_status reduce_workers_wait(reduce_workers *workers);

/* Merges the accumulators of all workers. Adds their bins to `counts`, which may be NULL without a
 * histogram. */
void reduce_workers_total(const reduce_workers *workers, reduce_accumulator *out, reduce_counts *counts);

/* Converts 64-bit integers to the nearest doubles; `to` may be `from`. */
void reduce_as_doubles(tri_element element, const void *from, size_t count, double *to);

#endif
