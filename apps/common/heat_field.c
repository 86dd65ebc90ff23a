#include "apps/common/heat_field.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Points of a tile: many enough to make taking one cheap, few enough to balance the load and to fit the L2
 * cache. Columns: the three rows that a point needs fit the L1 cache. */
enum { TILE = 1 << 16, TILE_COLUMNS = 1 << 12, TILE_ROWS = 16 };
enum { STREAM_COLUMNS = 1024, STREAM_BYTES = 1 << 25 };

/* ---- the update ---- */

/* Updates one row. The compiler vectorizes it; the order of operations in a point is fixed, contraction is
 * off. */
static inline __attribute__((always_inline)) void row_2d(double *restrict to, const double *restrict c,
                                                         size_t line, size_t count, double k) {
    const double *north = c - line, *south = c + line, *west = c - 1, *east = c + 1;
    for (size_t i = 0; i < count; i++)
        to[i] = c[i] + k * (((west[i] + east[i]) + (north[i] + south[i])) - 4.0 * c[i]);
}

static inline __attribute__((always_inline)) void row_3d(double *restrict to, const double *restrict c,
                                                         size_t line, size_t plane, size_t count, double k) {
    const double *north = c - line, *south = c + line, *west = c - 1, *east = c + 1, *front = c - plane,
                 *back = c + plane;
    for (size_t i = 0; i < count; i++)
        to[i] =
            c[i] + k * ((((west[i] + east[i]) + (north[i] + south[i])) + (front[i] + back[i])) - 6.0 * c[i]);
}

static inline __attribute__((always_inline)) void update(const heat_field *f, const heat_box *box,
                                                         const double *from, double *to) {
    int solid = f->grid->dims == 3;
    for (size_t p = 0; p < box->count[0]; p++)
        for (size_t r = 0; r < box->count[1]; r++) {
            size_t at = (solid ? (box->first[0] + p + 1) * f->plane : 0) + (box->first[1] + r + 1) * f->line +
                        box->first[2] + 1;
            if (solid)
                row_3d(to + at, from + at, f->line, f->plane, box->count[2], f->k);
            else
                row_2d(to + at, from + at, f->line, box->count[2], f->k);
        }
}

#if defined(__x86_64__)
/* A row in two dimensions with non-temporal stores: the processor does not read lines before overwriting
 * them, so a point takes 16 bytes of memory traffic instead of 24. */
__attribute__((target("avx2"))) static void stream_row(double *to, const double *c, size_t line, size_t count,
                                                       double k) {
    size_t head = (32 - (uintptr_t)to % 32) % 32 / sizeof *to, i = head < count ? head : count;
    row_2d(to, c, line, i, k);
    for (; i + 4 <= count; i += 4) {
        const double *u = c + i;
        __m256d sum = _mm256_add_pd(_mm256_add_pd(_mm256_loadu_pd(u - 1), _mm256_loadu_pd(u + 1)),
                                    _mm256_add_pd(_mm256_loadu_pd(u - line), _mm256_loadu_pd(u + line)));
        __m256d own = _mm256_loadu_pd(u), more = _mm256_sub_pd(sum, _mm256_mul_pd(_mm256_set1_pd(4.0), own));
        _mm256_stream_pd(to + i, _mm256_add_pd(own, _mm256_mul_pd(_mm256_set1_pd(k), more)));
    }
    row_2d(to + i, c + i, line, count - i, k);
}

__attribute__((target("avx2"))) static void stream_update(const heat_field *f, const heat_box *box,
                                                          const double *from, double *to) {
    for (size_t r = 0; r < box->count[1]; r++) {
        size_t at = (box->first[1] + r + 1) * f->line + box->first[2] + 1;
        stream_row(to + at, from + at, f->line, box->count[2], f->k);
    }
    /* Non-temporal stores are not ordered with the barrier of the team. */
    _mm_sfence();
}

__attribute__((target("avx2"))) static void update_avx2(const heat_field *f, const heat_box *box,
                                                        const double *from, double *to) {
    update(f, box, from, to);
}
#endif

void heat_update(const heat_field *f, const heat_box *box, const double *from, double *to) {
#if defined(__x86_64__)
    if (tri_simd_level() != TRI_SIMD_plain) {
        (f->stream ? stream_update : update_avx2)(f, box, from, to);
        return;
    }
#endif
    update(f, box, from, to);
}

/* ---- tiles ---- */

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static tri_status add_tile(heat_tiles *tiles, const heat_box *box) {
    if (tiles->count == tiles->room) {
        size_t room = tiles->room ? 2 * tiles->room : 64;
        heat_box *more = realloc(tiles->box, room * sizeof *more);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu tiles", room);
        tiles->box = more;
        tiles->room = room;
    }
    tiles->box[tiles->count++] = *box;
    return TRI_OK;
}

/* Cuts a box into tiles. */
static tri_status add_box(heat_tiles *tiles, const heat_box *box) {
    size_t columns = smaller(box->count[2], TILE_COLUMNS), most[3];
    if (!box->count[0] || !box->count[1] || !columns) return TRI_OK;
    most[2] = columns;
    /* In three dimensions a tile has rows of several planes, since a plane is read for the previous and
     * the next one, too. */
    size_t rows = box->count[0] > 1 || TILE / columns < TILE_ROWS ? TILE_ROWS : TILE / columns;
    most[1] = smaller(box->count[1], rows);
    most[0] = smaller(box->count[0], TILE / columns / most[1] > 1 ? TILE / columns / most[1] : 1);
    heat_box t;
    for (t.first[0] = box->first[0]; t.first[0] < box->first[0] + box->count[0]; t.first[0] += most[0])
        for (t.first[1] = box->first[1]; t.first[1] < box->first[1] + box->count[1]; t.first[1] += most[1])
            for (t.first[2] = box->first[2]; t.first[2] < box->first[2] + box->count[2];
                 t.first[2] += most[2]) {
                for (int d = 0; d < 3; d++)
                    t.count[d] = smaller(most[d], box->first[d] + box->count[d] - t.first[d]);
                TRI_TRY(add_tile(tiles, &t));
            }
    return TRI_OK;
}

/* The axis (0 planes, 1 rows, 2 columns) of dimension d of the grid. */
static int axis_of(const heat_field *f, int d) {
    return d + 3 - f->grid->dims;
}

/* Tiles of all points: points next to a neighbour's face go to `outer`, dimension by dimension, the others
 * to `inner`, except the device's layers. */
static tri_status make_tiles(heat_field *f) {
    heat_box rest = {.count = {f->size[0], f->size[1], f->size[2]}};
    for (int d = 0; d < f->grid->dims; d++)
        for (int side = 0; side < 2; side++) {
            int axis = axis_of(f, d);
            if (f->grid->peer[d][side] == MPI_PROC_NULL || !rest.count[axis]) continue;
            heat_box face = rest;
            face.count[axis] = 1;
            if (side) face.first[axis] += rest.count[axis] - 1;
            TRI_TRY(add_box(&f->outer, &face));
            rest.count[axis]--;
            if (!side) rest.first[axis]++;
        }
    int first = axis_of(f, 0);
    heat_box before = rest, behind = rest;
    if (f->device_layers) {
        size_t end = rest.first[first] + rest.count[first];
        before.count[first] = f->device_first - rest.first[first];
        behind.first[first] = f->device_first + f->device_layers;
        behind.count[first] = end - behind.first[first];
        TRI_TRY(add_box(&f->inner, &behind));
    }
    return add_box(&f->inner, &before);
}

/* ---- the device ---- */

static size_t layer_bytes(const heat_field *f) {
    return f->layer * sizeof(double);
}

static tri_status make_device(heat_field *f, double share) {
    const tri_grid_info *g = f->grid;
    if (g->ranks[1] > 1 || g->ranks[2] > 1)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--grid: with a device only the first dimension can be divided; use Nx1");
    size_t layers = g->count[0], most = layers > 2 ? layers - 2 : 0;
    f->device_layers = (size_t)(share * (double)layers + 0.5);
    if (f->device_layers > most) f->device_layers = most;
    /* The kernel would take a single plane for a two-dimensional problem. */
    if (f->device_layers < 2) f->device_layers = 0;
    if (!f->device_layers) return TRI_OK;
    f->device_first = (layers - f->device_layers) / 2;
    size_t bytes = (f->device_layers + 2) * layer_bytes(f);
    TRI_TRY(tri_gpu_prepare(f->gpu, "heat"));
    TRI_TRY(tri_gpu_buffer_create(f->gpu, bytes, &f->device_now));
    return tri_gpu_buffer_create(f->gpu, bytes, &f->device_next);
}

/* The device's part of a step: writes the host's adjacent layers, computes, reads back the device's first
 * and last layer. */
static tri_status step_on_device(heat_field *f) {
    size_t bytes = layer_bytes(f), first = f->device_first, layers = f->device_layers;
    int solid = f->grid->dims == 3;
    /* Layer l of the block is layer l + 1 of the host's array, and l - first + 1 of the device's. */
    TRI_TRY(tri_gpu_buffer_write(f->device_now, 0, f->now + first * f->layer, bytes));
    TRI_TRY(tri_gpu_buffer_write(f->device_now, (layers + 1) * bytes,
                                 f->now + (first + layers + 1) * f->layer, bytes));
    TRI_TRY(tri_gpu_heat(f->device_next, 0, f->device_now, 0, solid ? layers : 1, solid ? f->size[1] : layers,
                         f->size[2], f->k));
    TRI_TRY(tri_gpu_buffer_read(f->device_next, bytes, f->next + (first + 1) * f->layer, bytes));
    return tri_gpu_buffer_read(f->device_next, layers * bytes, f->next + (first + layers) * f->layer, bytes);
}

/* Writes the device's layers and the adjacent ones. To both arrays, since the kernel does not write the
 * border. */
static tri_status to_device(heat_field *f) {
    if (!f->device_layers) return TRI_OK;
    size_t bytes = (f->device_layers + 2) * layer_bytes(f);
    TRI_TRY(tri_gpu_buffer_write(f->device_now, 0, f->now + f->device_first * f->layer, bytes));
    return tri_gpu_buffer_write(f->device_next, 0, f->now + f->device_first * f->layer, bytes);
}

static tri_status from_device(heat_field *f) {
    if (!f->device_layers) return TRI_OK;
    return tri_gpu_buffer_read(f->device_now, layer_bytes(f), f->now + (f->device_first + 1) * f->layer,
                               f->device_layers * layer_bytes(f));
}

/* ---- work for the team ---- */

static void run_tile(void *argument, int thread, size_t chunk) {
    (void)thread;
    heat_field *f = argument;
    /* The device first: its thread mostly waits. */
    if (f->device_layers && chunk-- == 0) {
        f->device_status = step_on_device(f);
        if (f->device_status != TRI_OK) snprintf(f->device_why, sizeof f->device_why, "%s", tri_error_text());
        return;
    }
    heat_update(f, &f->inner.box[chunk], f->now, f->next);
}

static void run_outer(void *argument, int thread, size_t chunk) {
    (void)thread;
    heat_field *f = argument;
    heat_update(f, &f->outer.box[chunk], f->now, f->next);
}

tri_status heat_field_step(heat_field *f) {
    double start = tri_now_s(), waited = 0;
    if (!f->now) return TRI_OK;
    TRI_TRY(tri_halo_start(f->halo, f->now));
    size_t work = f->inner.count + (f->device_layers > 0);
    /* Faces travel while the other threads compute, or while this one does if there are no others. */
    int alone = tri_team_threads(f->team) == 1;
    tri_team_start(f->team, work, run_tile, f);
    if (alone) tri_team_wait(f->team);
    double waiting = tri_now_s();
    tri_status status = tri_halo_finish(f->halo);
    waited = tri_now_s() - waiting;
    if (!alone) tri_team_wait(f->team);
    TRI_TRY(status);
    if (f->device_status != TRI_OK) return tri_fail(f->device_status, "%s", f->device_why);
    tri_team_for(f->team, f->outer.count, run_outer, f);
    double *kept = f->now;
    f->now = f->next;
    f->next = kept;
    tri_gpu_buffer *buffer = f->device_now;
    f->device_now = f->device_next;
    f->device_next = buffer;
    f->halo_s += waited;
    f->compute_s += tri_now_s() - start - waited;
    return TRI_OK;
}

/* ---- making, filling, reading ---- */

/* Work on the rows of the block; the threads that compute touch the memory first. */
typedef struct copying {
    heat_field *field;
    double *const *factor;
    const double *from;
    double *to;
} copying;

static double *row_at(const heat_field *f, double *array, size_t row) {
    size_t p = row / f->size[1], r = row % f->size[1];
    return array + (f->grid->dims == 3 ? (p + 1) * f->plane : 0) + (r + 1) * f->line + 1;
}

static void fill_row(void *argument, int thread, size_t row) {
    (void)thread;
    const copying *c = argument;
    heat_field *f = c->field;
    double *to = row_at(f, f->now, row);
    const double *columns = c->factor[f->grid->dims - 1];
    double others = c->factor[f->grid->dims - 2][row % f->size[1]];
    if (f->grid->dims == 3) others *= c->factor[0][row / f->size[1]];
    for (size_t i = 0; i < f->size[2]; i++)
        to[i] = others * columns[i];
}

static void get_row(void *argument, int thread, size_t row) {
    (void)thread;
    const copying *c = argument;
    memcpy(c->to + row * c->field->size[2], row_at(c->field, c->field->now, row),
           c->field->size[2] * sizeof(double));
}

static void set_row(void *argument, int thread, size_t row) {
    (void)thread;
    const copying *c = argument;
    memcpy(row_at(c->field, c->field->now, row), c->from + row * c->field->size[2],
           c->field->size[2] * sizeof(double));
}

tri_status heat_field_fill(heat_field *f, double *const factor[]) {
    copying c = {.field = f, .factor = factor};
    if (!f->now) return TRI_OK;
    tri_team_for(f->team, f->size[0] * f->size[1], fill_row, &c);
    return to_device(f);
}

tri_status heat_field_set(heat_field *f, const double *block) {
    copying c = {.field = f, .from = block};
    if (!f->now) return TRI_OK;
    tri_team_for(f->team, f->size[0] * f->size[1], set_row, &c);
    return to_device(f);
}

tri_status heat_field_get(heat_field *f, double *block) {
    copying c = {.field = f, .to = block};
    if (!f->now) return TRI_OK;
    TRI_TRY(from_device(f));
    tri_team_for(f->team, f->size[0] * f->size[1], get_row, &c);
    return TRI_OK;
}

typedef struct adding {
    heat_field *field;
    tri_sum *sum; /* one for each thread */
} adding;

static void sum_row(void *argument, int thread, size_t row) {
    const adding *a = argument;
    tri_sum_add_array(&a->sum[thread], row_at(a->field, a->field->now, row), a->field->size[2]);
}

tri_status heat_field_sum(heat_field *f, tri_sum *into) {
    if (!f->now) return TRI_OK;
    TRI_TRY(from_device(f));
    int threads = tri_team_threads(f->team);
    adding a = {f, calloc((size_t)threads, sizeof *a.sum)};
    if (!a.sum) return tri_fail(TRI_ERR_MEMORY, "no memory for the sums of %d threads", threads);
    tri_team_for(f->team, f->size[0] * f->size[1], sum_row, &a);
    for (int t = 0; t < threads; t++)
        tri_sum_merge(into, &a.sum[t]);
    free(a.sum);
    return TRI_OK;
}

static void clear_layer(void *argument, int thread, size_t layer) {
    (void)thread;
    heat_field *f = argument;
    memset(f->now + layer * f->layer, 0, layer_bytes(f));
    memset(f->next + layer * f->layer, 0, layer_bytes(f));
}

static tri_status make_arrays(heat_field *f) {
    size_t layers = f->grid->count[0] + 2, bytes = layers * layer_bytes(f);
    /* Large arrays are multiples of huge pages. */
    size_t unit = bytes >= (size_t)8 << 20 ? (size_t)2 << 20 : 64, room = (bytes + unit - 1) / unit * unit;
    f->now = aligned_alloc(unit, room);
    f->next = aligned_alloc(unit, room);
    if (!f->now || !f->next)
        return tri_fail(TRI_ERR_MEMORY,
                        "no memory for two arrays of %zu bytes; use more nodes or fewer points", bytes);
    tri_team_for(f->team, layers, clear_layer, f);
    /* For fields larger than a rank's share of the caches with long rows: 3/4 of the time there, 4/3 on
     * rows of 256 points. */
    f->stream = f->grid->dims == 2 && f->size[2] >= STREAM_COLUMNS && bytes >= STREAM_BYTES;
    return TRI_OK;
}

tri_status heat_field_create(heat_field *f, const tri_grid *grid, double k, tri_team *team, tri_gpu *gpu,
                             double share) {
    const tri_grid_info *g = tri_grid_describe(grid);
    *f = (heat_field){.grid = g, .team = team, .gpu = gpu, .k = k, .size = {1, 1, 1}};
    if (!g->count[0]) return TRI_OK;
    for (int d = 0; d < g->dims; d++)
        f->size[axis_of(f, d)] = g->count[d];
    f->line = f->size[2] + 2;
    f->plane = (f->size[1] + 2) * f->line;
    f->layer = g->dims == 3 ? f->plane : f->line;
    if (gpu) TRI_TRY(make_device(f, share));
    TRI_TRY(tri_halo_create(grid, MPI_DOUBLE, &f->halo));
    /* The arrays before the tiles, so that a lack of memory is reported for the arrays. */
    TRI_TRY(make_arrays(f));
    return make_tiles(f);
}

void heat_field_destroy(heat_field *f) {
    tri_halo_destroy(&f->halo);
    tri_gpu_buffer_destroy(&f->device_now);
    tri_gpu_buffer_destroy(&f->device_next);
    free(f->inner.box);
    free(f->outer.box);
    free(f->now);
    free(f->next);
    *f = (heat_field){0};
}
