/* An element-wise expression over datasets larger than memory, computed by a device: r[i] = EXPR(x[i],
 * y[i], ...).
 *
 * The only communication is a reduction at the end. The pattern is a stream: pieces are read, computed and
 * written concurrently (stream.c). With a fast device the run takes as long as reading and writing the
 * files; memory holds two pieces, whatever the size of the datasets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/map/map.h"

static const tri_option options[] = {
    TRI_OPTION(map_state, expression, "EXPR", NULL,
               "C expression of input names and the index i, or statements [TYPE] NAME = ...; integers wrap, "
               "x / 0 is 0",
               .argument = true, .required = true),
    TRI_OPTION(map_state, specs, "NAME=FILE.h5:/DATASET", NULL,
               "inputs of the same shape, also NAME=FILE.npy, NAME=FILE.bin:f8:1000x1000; an input with one "
               "element is broadcast",
               .argument = true),
    TRI_OPTION(map_state, out, "out", NULL,
               "FILE.h5:/r to write; FILE.h5:/r,/s writes the values that EXPR assigns to r and s"),
    TRI_OPTION(map_state, reduce, "reduce", "none",
               "also compute the exact sum, the minimum or the maximum of each value",
               .choices = "none|sum|min|max"),
    TRI_OPTION(map_state, memory, "memory", "64Mi", "bytes of elements that each rank holds at a time"),
    TRI_OPTION(map_state, check, "verify", NULL,
               "recompute on the device with another distribution over ranks and compare all bits; does not "
               "check the arithmetic of the device"),
    TRI_OPTION(
        map_state, baseline, "baseline", NULL,
        "also measure reading and writing without computation (to FILE.h5.baseline), and show the ratio"),
    {.name = NULL},
};

static tri_status check_options(const map_state *s) {
    if (!s->out && s->reduce == MAP_NOTHING)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--out is missing; name the output (--out r.h5:/r) or use --reduce");
    if (s->baseline && !s->out) return tri_fail(TRI_ERR_ARGUMENT, "--baseline needs --out");
    return TRI_OK;
}

static tri_status compile(tri_run *run, map_state *s) {
    tri_gpu_input inputs[TRI_GPU_MAP_INPUTS];
    for (size_t k = 0; k < s->inputs; k++)
        inputs[k] = (tri_gpu_input){.name = s->input[k].name,
                                    .number = tri_dataset_number(s->input[k].dataset),
                                    .single = tri_dataset_count(s->input[k].dataset) == 1};
    return tri_agree(run->comm, tri_gpu_map_create(run->gpu, s->expression, inputs, s->inputs, s->name,
                                                   s->outputs, &s->map));
}

/* This rank's elements, and the size of the pieces. */
static tri_status divide(tri_run *run, map_state *s) {
    enum { PAGE = 4096 }; /* elements; pieces aligned to it are written without a copy */
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm), each = 0;
    size_t unit = s->block > 1 && s->block <= s->count / ranks ? s->block
                  : PAGE <= s->count / ranks                   ? PAGE
                                                               : 1;
    for (size_t k = 0; k < s->inputs; k++)
        if (tri_gpu_map_uses(s->map, k) && tri_dataset_count(s->input[k].dataset) != 1)
            each += tri_number_bytes(tri_dataset_number(s->input[k].dataset));
    for (size_t v = 0; v < tri_gpu_map_outputs(s->map); v++)
        each += tri_number_bytes(tri_gpu_map_number(s->map, v));
    s->piece = s->memory / TRI_GPU_MAP_SLOTS / each;
    if (!s->piece)
        return tri_fail(TRI_ERR_ARGUMENT, "--memory: too small for two elements of %zu bytes", each);
    if (s->piece > unit) s->piece -= s->piece % unit;
    s->slab = tri_range_block_of_units(s->count, unit, ranks, rank);
    size_t most = tri_range_block_of_units(s->count, unit, ranks, 0).count;
    if (s->piece > most) s->piece = most ? most : 1;
    s->pieces = most / s->piece + (most % s->piece != 0);
    return TRI_OK;
}

static tri_status allocate(tri_run *run, map_state *s) {
    s->threads = tri_team_threads(run->team);
    s->part = malloc((size_t)s->threads * tri_gpu_map_outputs(s->map) * sizeof *s->part);
    if (!s->part) return tri_fail(TRI_ERR_MEMORY, "no memory for the accumulators of %d threads", s->threads);
    TRI_TRY(tri_gpu_map_reserve(s->map, s->piece));
    for (size_t slot = 0; slot < TRI_GPU_MAP_SLOTS; slot++)
        TRI_TRY(map_load_single(s, slot));
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    map_state *s = argument;
    TRI_TRY(check_options(s));
    TRI_TRY(map_inputs_open(run, s));
    TRI_TRY(tri_agree(run->comm, map_outputs_read(s)));
    TRI_TRY(compile(run, s));
    TRI_TRY(divide(run, s));
    return allocate(run, s);
}

static tri_status stream_to(tri_run *run, map_state *s, const char *file, int how, bool compute) {
    TRI_TRY(map_outputs_start(run, s, file, how));
    TRI_TRY(map_stream(run, s, compute));
    double start = tri_now_s();
    if (s->outputs) TRI_TRY(tri_result_finish(s->result));
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    return TRI_OK;
}

/* Times reading and writing alone, with a temporary output file. */
static tri_status run_baseline(tri_run *run, map_state *s, double map_s) {
    char *file = NULL;
    int root = tri_comm_rank(run->comm) == 0;
    TRI_TRY(tri_agree(run->comm, root ? tri_output_name(s->file, &file) : TRI_OK));
    tri_status status = tri_barrier(run->comm);
    double start = tri_now_s();
    int repeat = run->repeat;
    run->repeat = -1; /* its phases do not count */
    if (status == TRI_OK) status = stream_to(run, s, root ? file : "", 0, false);
    run->repeat = repeat;
    double alone_s = tri_now_s() - start;
    tri_report_phase(run, "files alone", alone_s, 0);
    if (root) unlink(file);
    free(file);
    if (repeat < 0) return status;
    s->map_s += map_s;
    s->alone_s += alone_s;
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    map_state *s = argument;
    double start = tri_now_s();
    for (size_t p = 0; p < (size_t)s->threads * tri_gpu_map_outputs(s->map); p++)
        tri_moments_clear(&s->part[p]);
    TRI_TRY(stream_to(run, s, s->file, tri_replaces(run) ? TRI_RESULT_REPLACE : 0, true));
    if (s->reduce != MAP_NOTHING) TRI_TRY(map_total(run, s));
    if (s->baseline) TRI_TRY(run_baseline(run, s, tri_now_s() - start));
    return TRI_OK;
}

static tri_status verify(tri_run *run, void *argument) {
    return map_verify(run, argument);
}

/* "sum", or with several values "sum_r". */
static void record_value(tri_run *run, map_state *s, size_t v) {
    static const char *const names[] = {"none", "sum", "min", "max"};
    bool one = tri_gpu_map_outputs(s->map) == 1;
    char(*key)[sizeof s->key[v][0]] = s->key[v];
    snprintf(key[0], sizeof key[0], "%s%s%.80s", names[s->reduce], one ? "" : "_", one ? "" : s->name[v]);
    snprintf(key[1], sizeof key[1], "%.84s_index", key[0]);
    if (s->reduce == MAP_SUM) {
        tri_report_real(run, key[0], tri_sum_round(&s->total[v].totals.sum), "1", "sum, rounded once");
        return;
    }
    const tri_extreme *e = s->reduce == MAP_MIN ? &s->total[v].extremes.min : &s->total[v].extremes.max;
    tri_number number = tri_gpu_map_number(s->map, v);
    long double exact = (long double)e->high + (long double)e->low;
    if (e->index == TRI_NO_INDEX || number == TRI_FLOAT32 || number == TRI_FLOAT64)
        tri_report_real(run, key[0], e->high, "1", "element that is not NaN");
    else if (exact <= (long double)INT64_MAX)
        tri_report_integer(run, key[0], (int64_t)exact, "1", "element");
    else {
        char text[32];
        snprintf(text, sizeof text, "%.0Lf", exact);
        tri_report_text(run, key[0], text);
    }
    tri_report_integer(run, key[1], e->index == TRI_NO_INDEX ? -1 : (int64_t)e->index, "1",
                       "index of the first such element; -1: none");
}

static tri_status record(tri_run *run, void *argument) {
    map_state *s = argument;
    tri_report_text(run, "expression", s->expression);
    char inputs[1024];
    for (size_t k = 0, at = 0; k < s->specs.count && at < sizeof inputs; k++)
        at += (size_t)snprintf(inputs + at, sizeof inputs - at, "%s%s", k ? " " : "", s->specs.text[k]);
    tri_report_text(run, "inputs", inputs);
    if (s->out) tri_report_text(run, "output", s->out);
    tri_report_integer(run, "elements", (int64_t)s->count, "1", "elements of each output");
    tri_report_integer(run, "piece", (int64_t)s->piece, "1", "elements that a rank processes at a time");
    for (size_t v = 0; v < tri_gpu_map_outputs(s->map) && s->reduce != MAP_NOTHING; v++)
        record_value(run, s, v);
    if (s->alone_s > 0)
        tri_report_real(run, "ratio", s->map_s / s->alone_s, "1",
                        "total time divided by the time of reading and writing alone");
    if (s->check) tri_report_text(run, "verify", "all bits equal when recomputed with another distribution");
    return TRI_OK;
}

static void teardown(void *argument) {
    map_state *s = argument;
    tri_gpu_map_destroy(&s->map);
    map_files_close(s);
    free(s->part);
}

static tri_device_use device_use(const void *argument) {
    (void)argument;
    return TRI_DEVICE_REQUIRED;
}

static const tri_app app = {
    .name = "map",
    .summary = "computes an element-wise expression over datasets of any size on a device",
    .examples =
        "mpirun -np 2 trireme map 'sqrt(x * x + y * y)' x=wind.h5:/u y=wind.h5:/v --out speed.h5:/speed\n"
        "mpirun -np 2 trireme map 'd = x - y; d * d' x=a.h5:/x y=b.h5:/x --reduce sum\n",
    .options = options,
    .state_bytes = sizeof(map_state),
    .outputs = true,
    .device_use = device_use,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
