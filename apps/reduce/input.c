#include "apps/reduce/input.h"

tri_status reduce_input_open(reduce_input *input, tri_run *run, const char *file, size_t count, size_t seed,
                             tri_distribution distribution) {
    *input = (reduce_input){.distribution = distribution,
                            .seed = seed,
                            .count = count,
                            .element = TRI_ELEMENT_F64,
                            .team = run->team};
    if (!file) return TRI_OK;
    TRI_TRY(tri_dataset_open(run->comm, file, NULL, &input->dataset));
    input->count = tri_dataset_count(input->dataset);
    input->element = tri_dataset_element(input->dataset);
    return TRI_OK;
}

void reduce_input_close(reduce_input *input) {
    tri_dataset_destroy(&input->dataset);
}

enum { CHUNK = 1 << 16 };

typedef struct filling {
    const reduce_input *input;
    size_t first, count;
    double *to;
} filling;

static void fill_chunk(void *argument, int thread, size_t chunk) {
    (void)thread;
    const filling *f = argument;
    size_t from = chunk * CHUNK, count = f->count - from < CHUNK ? f->count - from : CHUNK;
    tri_random_fill(f->input->distribution, f->input->seed, f->first + from, count, f->to + from);
}

tri_status reduce_input_load(reduce_input *input, size_t first, size_t count, void *to) {
    if (input->dataset) return tri_dataset_read(input->dataset, first, count, to);
    filling f = {input, first, count, to};
    tri_team_for(input->team, count / CHUNK + (count % CHUNK != 0), fill_chunk, &f);
    return TRI_OK;
}
