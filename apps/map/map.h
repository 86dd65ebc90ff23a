/* The interfaces between the files of apps/map. */
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
    bool check, baseline;
    /* inputs */
    map_input input[TRI_GPU_MAP_INPUTS];
    size_t inputs, block; /* block: elements of a chunk, which is read as a whole */
    int rank;             /* dimensions of the outputs */
    const size_t *dims;
    size_t count;
    /* outputs */
    char *file;
    map_output output[TRI_GPU_MAP_OUTPUTS];
    const char *name[TRI_GPU_MAP_OUTPUTS]; /* last component of the path */
    size_t outputs;                        /* number of datasets; 0 with --reduce alone */
    tri_result *result;
    /* work */
    tri_gpu_map *map;
    tri_range slab;       /* of this rank */
    size_t piece, pieces; /* elements of a piece; maximum number of pieces of a rank */
    tri_moments *part;    /* accumulators [thread][value] */
    int threads;
    double map_s, alone_s; /* of all timed repeats */
    /* the reduced values, on rank 0 */
    tri_moments total[TRI_GPU_MAP_OUTPUTS];
    char key[TRI_GPU_MAP_OUTPUTS][2][96];
} map_state;

/* Opens the inputs and determines their common shape. Collective. */
tri_status map_inputs_open(tri_run *run, map_state *s);
/* Parses --out. Local. */
tri_status map_outputs_read(map_state *s);
/* Creates an output file with its arrays. Collective. */
tri_status map_outputs_start(tri_run *run, map_state *s, const char *file, int how);
void map_files_close(map_state *s);

/* Load the elements [first, first + count) of the inputs into a slot, or the inputs with a single element.
 * Local. */
tri_status map_load(map_state *s, size_t slot, size_t first, size_t count);
tri_status map_load_single(map_state *s, size_t slot);

/* Processes all pieces. compute: false to read and write only, after a run that computed. Collective. */
tri_status map_stream(tri_run *run, map_state *s, bool compute);
/* Combines the accumulators of all threads and ranks on rank 0. Collective. */
tri_status map_total(tri_run *run, map_state *s);

/* Recomputes with another distribution over ranks and compares. Collective. */
tri_status map_verify(tri_run *run, map_state *s);

#endif
