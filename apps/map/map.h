/* An expression over datasets: what the files of apps/map share. */
#ifndef TRIREME_APPS_MAP_H
#define TRIREME_APPS_MAP_H

#include "apps/driver/app.h"

typedef enum map_reduce { MAP_NOTHING, MAP_SUM, MAP_MIN, MAP_MAX } map_reduce;

typedef struct map_input {
    char *name;
    tri_dataset *dataset;
} map_input;

typedef struct map_output {
    char *path; /* in the file */
    tri_array *array;
} map_output;

typedef struct map_state {
    /* options */
    const char *expression, *out;
    tri_texts specs; /* NAME=FILE:/DATASET */
    size_t memory;
    int reduce;
    bool replace, check, baseline;
    /* inputs */
    map_input input[TRI_GPU_MAP_INPUTS];
    size_t inputs, block; /* elements that should stay together in reading */
    int rank;             /* dimensions of the outputs */
    const size_t *dims;
    size_t count;
    /* outputs */
    char *file;
    map_output output[TRI_GPU_MAP_OUTPUTS];
    const char *name[TRI_GPU_MAP_OUTPUTS]; /* the last part of the path */
    size_t outputs;                        /* datasets; there may be none, and one value */
    tri_result *result;
    /* work */
    tri_gpu_map *map;
    tri_range slab;       /* of this rank */
    size_t piece, pieces; /* elements of a piece; pieces of the rank that has most */
    tri_moments *part;    /* for each thread, for each value */
    int threads;
    double map_s, alone_s; /* of all timed repeats */
    /* what the values are reduced to, on rank 0 */
    tri_moments total[TRI_GPU_MAP_OUTPUTS];
    char key[TRI_GPU_MAP_OUTPUTS][2][96];
} map_state;

/* Opens the inputs and finds their common shape. Collective. */
tri_status map_inputs_open(tri_run *run, map_state *s);
/* Reads --out. */
tri_status map_outputs_read(map_state *s);
/* Begins an output file, with the arrays in it. Collective. */
tri_status map_outputs_start(tri_run *run, map_state *s, const char *file, int how);
void map_files_close(map_state *s);

/* Fills a slot's inputs with the elements [first, first + count), or those that are single. */
tri_status map_load(map_state *s, size_t slot, size_t first, size_t count);
tri_status map_load_single(map_state *s, size_t slot);

/* All pieces from file to file. compute: false to read and write only, where a stream before has computed. */
tri_status map_stream(tri_run *run, map_state *s, bool compute);
/* The accumulators of all threads and ranks, to rank 0. */
tri_status map_total(tri_run *run, map_state *s);

/* Reads the files again and computes again, in another split. */
tri_status map_verify(tri_run *run, map_state *s);

#endif
