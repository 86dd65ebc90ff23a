/* Times steps of the heat equation: a plain loop on one thread, all threads, a device; against the memory
 * bound, a copy of the field by all threads. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"
#include "apps/common/heat_field.h"

enum { COPY, LOOP, THREADS, DEVICE, VARIANTS };

/* Per update: reads the old value and writes the new one. Reading a line before writing it costs a copy
 * the same. */
enum { BYTES = 16 };

typedef struct state {
    size_t points[3]; /* of each rank */
    int trials, steps;
    const char *points_text;
    tri_grid *grid;
    heat_field field[VARIANTS]; /* COPY has none of its own: it uses those of THREADS */
    bench_variant variants[VARIANTS];
    int used;
    tri_run *run;
    double updates; /* of all ranks in a trial */
    uint64_t hash[VARIANTS];
} state;

static const tri_option options[] = {
    TRI_OPTION(state, points_text, "points", "2048x2048",
               "points of the whole field, in two or three dimensions"),
    TRI_OPTION(state, steps, "steps", "5", "steps of one trial"),
    TRI_OPTION(state, trials, "trials", "11", "trials of each variant"),
    {.name = NULL},
};

static const char *const names[] = {"copy", "plain_loop", "threads", "device"};
static const double factor = 0.125;

static int read_points(const char *text, size_t points[3]) {
    int dims = 0;
    for (char *end = NULL; dims < 3; text = end + 1) {
        points[dims++] = strtoull(text, &end, 10);
        if (end == text || !points[dims - 1]) return 0;
        if (*end != 'x') return *end ? 0 : dims;
    }
    return 0;
}

static tri_status make_field(state *s, int variant, tri_gpu *gpu) {
    heat_field *f = &s->field[variant];
    TRI_TRY(heat_field_create(f, s->grid, factor, s->run->team, gpu, 1));
    const tri_grid_info *g = tri_grid_describe(s->grid);
    double *profile[3] = {NULL};
    tri_status status = TRI_OK;
    for (int d = 0; d < g->dims; d++) {
        profile[d] = malloc((g->count[d] + 1) * sizeof *profile[d]);
        if (!profile[d]) status = tri_fail(TRI_ERR_MEMORY, "no memory for a profile");
        for (size_t i = 0; profile[d] && i < g->count[d]; i++)
            profile[d][i] = sin(M_PI * (double)(g->start[d] + i + 1) / (double)(g->points[d] + 1));
    }
    if (status == TRI_OK) status = heat_field_fill(f, profile);
    for (int d = 0; d < g->dims; d++)
        free(profile[d]);
    return status;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    s->run = run;
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (s->steps < 1) return tri_fail(TRI_ERR_ARGUMENT, "--steps: at least 1");
    int dims = read_points(s->points_text, s->points);
    if (dims < 2)
        return tri_fail(TRI_ERR_ARGUMENT, "--points: '%s' is not 2048x2048 or 256x256x256", s->points_text);
    TRI_TRY(tri_grid_create(run->comm, dims, s->points, run->gpu ? (int[]){0, 1, 1} : NULL, &s->grid));
    const tri_grid_info *g = tri_grid_describe(s->grid);
    s->used = run->gpu ? VARIANTS : DEVICE;
    s->updates = s->steps;
    for (int d = 0; d < dims; d++)
        s->updates *= (double)g->points[d];
    double mine = (double)g->count[0] * (double)g->count[1] * (double)g->count[2] * s->steps;
    for (int v = 0; v < s->used; v++)
        s->variants[v] = (bench_variant){.name = names[v], .bytes = BYTES * mine};
    TRI_TRY(bench_create(s->variants, s->used, s->trials));
    for (int v = LOOP; v < s->used; v++)
        TRI_TRY(make_field(s, v, v == DEVICE ? run->gpu : NULL));
    return TRI_OK;
}

/* ---- the variants ---- */

/* A straightforward loop. */
static void plain_step(heat_field *f) {
    int solid = f->grid->dims == 3;
    double *from = f->now, *to = f->next;
    for (size_t p = 0; p < f->size[0]; p++)
        for (size_t r = 0; r < f->size[1]; r++)
            for (size_t i = 0; i < f->size[2]; i++) {
                size_t at = (solid ? (p + 1) * f->plane : 0) + (r + 1) * f->line + i + 1;
                double sum = (from[at - 1] + from[at + 1]) + (from[at - f->line] + from[at + f->line]);
                if (solid) sum += from[at - f->plane] + from[at + f->plane];
                to[at] = from[at] + f->k * (sum - (solid ? 6.0 : 4.0) * from[at]);
            }
    f->now = to;
    f->next = from;
}

/* Copies row by row, with the tiles of a step. */
static void copy_tile(void *argument, int thread, size_t tile) {
    (void)thread;
    const heat_field *f = argument;
    const heat_box *box = tile < f->inner.count ? &f->inner.box[tile] : &f->outer.box[tile - f->inner.count];
    int solid = f->grid->dims == 3;
    for (size_t p = 0; p < box->count[0]; p++)
        for (size_t r = 0; r < box->count[1]; r++) {
            size_t at = (solid ? (box->first[0] + p + 1) * f->plane : 0) + (box->first[1] + r + 1) * f->line +
                        box->first[2] + 1;
            memcpy(f->next + at, f->now + at, box->count[2] * sizeof(double));
        }
}

static tri_status one_step(state *s, int variant) {
    heat_field *f = &s->field[variant == COPY ? THREADS : variant];
    if (!f->now && variant != THREADS && variant != DEVICE) return TRI_OK;
    if (variant == COPY)
        tri_team_for(s->run->team, f->inner.count + f->outer.count, copy_tile, f);
    else if (variant == LOOP)
        plain_step(f);
    else
        return heat_field_step(f);
    return TRI_OK;
}

/* All ranks start together. */
static tri_status trial(void *argument, int variant, double *seconds) {
    state *s = argument;
    tri_status status = tri_barrier(s->run->comm);
    double start = tri_now_s();
    for (int step = 0; step < s->steps && status == TRI_OK; step++)
        status = one_step(s, variant);
    *seconds = tri_now_s() - start;
    return status;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    return bench_alternate(run, s->variants, s->used, s->trials, trial, s);
}

/* All variants made the same number of steps from the same field. The plain loop does not exchange faces,
 * so it is compared on one rank only. */
static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    const tri_grid_info *g = tri_grid_describe(s->grid);
    double *block = malloc((g->count[0] * g->count[1] * g->count[2] + 1) * sizeof *block);
    tri_status status = block ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the comparison");
    for (int v = LOOP; v < s->used && status == TRI_OK; v++) {
        status = heat_field_get(&s->field[v], block);
        s->hash[v] = tri_block_hash(g->dims, g->points, g->start, g->count, block);
    }
    free(block);
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, s->hash, VARIANTS, MPI_UINT64_T, MPI_SUM, run->comm));
    for (int v = tri_comm_size(run->comm) > 1 ? THREADS : LOOP; v < s->used; v++)
        if (s->hash[v] != s->hash[THREADS])
            return tri_fail(TRI_ERR_WRONG, "the results of %s and %s differ", names[v], names[THREADS]);
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    static const char *const keys[] = {"copied", "plain_loop", "threads", "device"};
    static const char *const long_names[] = {"points that can be copied in a second: the memory bound",
                                             "updates in a second by one thread of each rank",
                                             "updates in a second by all threads",
                                             "updates in a second with the device"};
    state *s = argument;
    double *sorted = malloc((size_t)s->trials * sizeof *sorted);
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory for %d samples", s->trials);
    tri_report_text(run, "points", s->points_text);
    for (int v = 0; v < s->used; v++) {
        memcpy(sorted, s->variants[v].seconds, (size_t)s->trials * sizeof *sorted);
        double median = tri_summarise(sorted, (size_t)s->trials).median;
        tri_report_real(run, keys[v], median > 0 ? s->updates / median : 0, "1/s", long_names[v]);
    }
    free(sorted);
    bench_report(run, s->variants, s->used, s->trials, COPY, "samples");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int v = LOOP; v < VARIANTS; v++)
        heat_field_destroy(&s->field[v]);
    tri_grid_destroy(&s->grid);
    bench_destroy(s->variants, VARIANTS);
}

const tri_app bench_heat = {
    .name = "bench-heat",
    .summary =
        "measures time steps of the heat equation on threads and a device, relative to the memory bound",
    .examples = "mpirun -np 2 trireme bench heat --points 512x512x128\n",
    .options = options,
    .state_bytes = sizeof(state),
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};
