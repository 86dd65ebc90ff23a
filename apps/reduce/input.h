/* The input vector: a dataset in a file, or a random vector. */
#ifndef TRIREME_APPS_REDUCE_INPUT_H
#define TRIREME_APPS_REDUCE_INPUT_H

#include "apps/driver/app.h"

typedef struct reduce_input {
    tri_dataset *dataset; /* NULL: a random vector */
    tri_distribution distribution;
    uint64_t seed;
    size_t count; /* of the whole vector */
    tri_element element;
    tri_team *team; /* generates the random vector */
} reduce_input;

/* Opens `file` ("FILE:/dataset"); NULL: the random vector. Collective. */
tri_status reduce_input_open(reduce_input *input, tri_run *run, const char *file, size_t count, size_t seed,
                             tri_distribution distribution);
void reduce_input_close(reduce_input *input);

/* Reads or generates the elements [first, first + count), 8 bytes each. While the team is busy, only
 * datasets can be read. Local. */
tri_status reduce_input_load(reduce_input *input, size_t first, size_t count, void *to);

#endif
