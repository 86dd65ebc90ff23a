/* Which datasets are read and made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/map/map.h"

static tri_status open_input(tri_run *run, map_state *s, const char *spec) {
    const char *equals = strchr(spec, '=');
    map_input *input = &s->input[s->inputs];
    if (!equals)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s' is not NAME=FILE.h5:/DATASET: say what EXPR calls it", spec);
    input->name = strndup(spec, (size_t)(equals - spec));
    TRI_TRY(tri_agree(run->comm, input->name ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a name")));
    s->inputs++;
    return tri_dataset_open(run->comm, equals + 1, NULL, &input->dataset);
}

static bool same_shape(const tri_dataset *a, const tri_dataset *b) {
    size_t bytes = (size_t)tri_dataset_rank(a) * sizeof(size_t);
    return tri_dataset_rank(a) == tri_dataset_rank(b) &&
           !memcmp(tri_dataset_dims(a), tri_dataset_dims(b), bytes);
}

static void shape_text(const tri_dataset *d, char *text, size_t room) {
    size_t at = (size_t)snprintf(text, room, "%s", tri_dataset_rank(d) ? "" : "scalar");
    for (int k = 0; k < tri_dataset_rank(d) && at < room; k++)
        at += (size_t)snprintf(text + at, room - at, "%s%zu", k ? " x " : "", tri_dataset_dims(d)[k]);
}

/* One element stands for all: so the shape is that of the first input with another number of them. */
static tri_status find_shape(map_state *s) {
    const map_input *shape = s->input;
    for (size_t k = 0; k < s->inputs && tri_dataset_count(shape->dataset) == 1; k++)
        shape = &s->input[k];
    s->block = 1;
    for (const map_input *in = s->input; in < s->input + s->inputs; in++) {
        if (tri_dataset_count(in->dataset) == 1) continue;
        if (tri_dataset_block(in->dataset) > s->block) s->block = tri_dataset_block(in->dataset);
        if (same_shape(in->dataset, shape->dataset)) continue;
        char a[200], b[200];
        shape_text(shape->dataset, a, sizeof a);
        shape_text(in->dataset, b, sizeof b);
        return tri_fail(TRI_ERR_DATA, "%s is %s, but %s is %s: all must have one shape, or one element",
                        shape->name, a, in->name, b);
    }
    s->count = tri_dataset_count(shape->dataset);
    s->rank = tri_dataset_rank(shape->dataset);
    s->dims = tri_dataset_dims(shape->dataset);
    if (s->rank) return TRI_OK;
    /* A scalar, or nothing at all. */
    s->rank = 1;
    s->dims = &s->count;
    return TRI_OK;
}

tri_status map_inputs_open(tri_run *run, map_state *s) {
    if (!s->specs.count)
        return tri_fail(TRI_ERR_ARGUMENT, "there is no input: name them behind EXPR, as in x=a.h5:/x");
    if (s->specs.count > TRI_GPU_MAP_INPUTS)
        return tri_fail(TRI_ERR_ARGUMENT, "%zu inputs: at most %d are possible", s->specs.count,
                        TRI_GPU_MAP_INPUTS);
    for (size_t k = 0; k < s->specs.count; k++)
        TRI_TRY(open_input(run, s, s->specs.text[k]));
    return find_shape(s);
}

/* "/g/r,/s" */
static tri_status split_paths(map_state *s, char *paths) {
    for (char *at = paths, *next; at; at = next) {
        next = strstr(at, ",/");
        if (next) *next++ = 0;
        const char *slash = strrchr(at, '/'), *name = slash ? slash + 1 : at;
        if (!*name) return tri_fail(TRI_ERR_ARGUMENT, "--out: '%s' is no name of a dataset", at);
        if (s->outputs == TRI_GPU_MAP_OUTPUTS)
            return tri_fail(TRI_ERR_ARGUMENT, "--out: more than %d datasets", TRI_GPU_MAP_OUTPUTS);
        s->output[s->outputs].path = strdup(at);
        if (!s->output[s->outputs].path) return tri_fail(TRI_ERR_MEMORY, "no memory for a name");
        s->name[s->outputs] = s->output[s->outputs].path + (name - at);
        s->outputs++;
    }
    return TRI_OK;
}

tri_status map_outputs_read(map_state *s) {
    char *paths = NULL;
    if (!s->out) return TRI_OK;
    TRI_TRY(tri_spec_split(s->out, &s->file, &paths));
    tri_status status =
        paths ? split_paths(s, paths)
              : tri_fail(TRI_ERR_ARGUMENT, "--out: '%s' names no dataset: write FILE.h5:/r, or FILE.h5:/r,/s",
                         s->out);
    free(paths);
    for (size_t k = 0; k < s->inputs && status == TRI_OK; k++)
        status = tri_out_check(s->file, tri_dataset_file(s->input[k].dataset));
    return status;
}

tri_status map_outputs_start(tri_run *run, map_state *s, const char *file, int how) {
    for (size_t k = 0; k < s->outputs; k++)
        tri_array_destroy(&s->output[k].array);
    tri_result_destroy(&s->result);
    if (!s->outputs) return TRI_OK;
    TRI_TRY(tri_result_create_at(run->comm, file, TRI_RESULT_PLAIN | how, &s->result));
    tri_result_text(s->result, "expression", s->expression);
    tri_result_texts(s->result, "inputs", s->specs.count, (const char *const *)s->specs.text);
    for (size_t k = 0; k < s->outputs; k++) {
        tri_template form = {NULL, 0};
        TRI_TRY(
            tri_agree(run->comm, tri_template_number(tri_gpu_map_number(s->map, k), s->expression, &form)));
        tri_status status = tri_array_create(s->result, s->output[k].path, &form, s->rank, s->dims, NULL,
                                             &s->output[k].array);
        tri_template_free(&form);
        TRI_TRY(status);
    }
    return TRI_OK;
}

void map_files_close(map_state *s) {
    for (size_t k = 0; k < s->outputs; k++) {
        tri_array_destroy(&s->output[k].array);
        free(s->output[k].path);
    }
    tri_result_destroy(&s->result);
    free(s->file);
    for (size_t k = 0; k < s->inputs; k++) {
        tri_dataset_destroy(&s->input[k].dataset);
        free(s->input[k].name);
    }
}

tri_status map_load(map_state *s, size_t slot, size_t first, size_t count) {
    for (size_t k = 0; k < s->inputs; k++) {
        tri_dataset *dataset = s->input[k].dataset;
        if (!tri_gpu_map_uses(s->map, k) || tri_dataset_count(dataset) == 1) continue;
        TRI_TRY(tri_dataset_read_numbers(dataset, first, count, tri_gpu_map_input(s->map, slot, k)));
    }
    return TRI_OK;
}

tri_status map_load_single(map_state *s, size_t slot) {
    for (size_t k = 0; k < s->inputs; k++) {
        tri_dataset *dataset = s->input[k].dataset;
        if (tri_gpu_map_uses(s->map, k) && tri_dataset_count(dataset) == 1)
            TRI_TRY(tri_dataset_read_numbers(dataset, 0, 1, tri_gpu_map_input(s->map, slot, k)));
    }
    return TRI_OK;
}
