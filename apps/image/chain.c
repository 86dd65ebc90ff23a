/* A frame through a chain, tile by tile: from the last stage back, what each needs of the one before; then
 * forward, each stage into a buffer whose border the next one needs. */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

void image_scratch_free(image_scratch *scratch) {
    for (int k = 0; k < 4; k++)
        free(scratch->buffer[k]);
    *scratch = (image_scratch){0};
}

static tri_status reserve(image_scratch *scratch, int which, size_t count) {
    if (count <= scratch->room[which]) return TRI_OK;
    free(scratch->buffer[which]);
    scratch->room[which] = 0;
    scratch->buffer[which] = aligned_alloc(64, (count * sizeof(float) + 127) / 64 * 64);
    if (!scratch->buffer[which])
        return tri_fail(TRI_ERR_MEMORY, "no memory for a tile of %zu bytes", count * sizeof(float));
    scratch->room[which] = count;
    return TRI_OK;
}

static size_t rows_of(const image_box *box) {
    return box->bottom > box->top ? (size_t)(box->bottom - box->top) : 0;
}

static size_t columns_of(const image_box *box) {
    return box->right > box->left ? (size_t)(box->right - box->left) : 0;
}

/* Floats that the kernels need beside their tiles. */
static size_t scratch_of(const image_stage *stage, const image_box *box, const image_box *source) {
    size_t reach = stage->reach, rows = rows_of(box) + 2 * reach, columns = columns_of(box) + 2 * reach;
    size_t more = 2 * reach + 64;
    return 2 * (rows + more) * (columns + more) + 3 * (rows + 2) * (columns + 2) + columns_of(source);
}

/* A buffer between two stages: the pixels `inner`, inside `outer`, which the next stage reads. */
typedef struct tile {
    image_box outer, inner;
    float *data;
    size_t line, plane;
} tile;

static float *at(const tile *t, int plane, ptrdiff_t row, ptrdiff_t column) {
    return t->data + (size_t)plane * t->plane + (size_t)(row - t->outer.top) * t->line +
           (size_t)(column - t->outer.left);
}

/* Fills what lies beyond the edges of the image. */
static void fill_edges(const tile *t, const image_plan *plan, size_t k, int planes) {
    const image_chain *chain = plan->chain;
    ptrdiff_t rows = (ptrdiff_t)plan->form[k].rows, columns = (ptrdiff_t)plan->form[k].columns;
    size_t width = columns_of(&t->outer);
    for (int p = 0; p < planes; p++) {
        for (ptrdiff_t r = t->inner.top; r < t->inner.bottom; r++) {
            for (ptrdiff_t c = t->outer.left; c < t->inner.left; c++) {
                ptrdiff_t from = image_edge_index(chain->edge, c, columns);
                *at(t, p, r, c) = from < 0 ? chain->constant : *at(t, p, r, from);
            }
            for (ptrdiff_t c = t->inner.right; c < t->outer.right; c++) {
                ptrdiff_t from = image_edge_index(chain->edge, c, columns);
                *at(t, p, r, c) = from < 0 ? chain->constant : *at(t, p, r, from);
            }
        }
        for (ptrdiff_t r = t->outer.top; r < t->outer.bottom; r++) {
            if (r >= t->inner.top && r < t->inner.bottom) continue;
            ptrdiff_t from = image_edge_index(chain->edge, r, rows);
            float *to = at(t, p, r, t->outer.left);
            if (from >= 0)
                memcpy(to, at(t, p, from, t->outer.left), width * sizeof *to);
            else
                for (size_t x = 0; x < width; x++)
                    to[x] = chain->constant;
        }
    }
}

/* Reads the pixels `inner` of a source. */
static void load(const image_source *source, const tile *t, int planes, const image_kernels *kernels) {
    size_t columns = columns_of(&t->inner), line = source->form.columns;
    size_t each = image_type_bytes(source->form.type) * (size_t)source->form.channels;
    for (ptrdiff_t r = t->inner.top; r < t->inner.bottom; r++) {
        size_t from = ((size_t)r - source->first) * line + (size_t)t->inner.left;
        float *to[IMAGE_PLANES];
        for (int p = 0; p < planes; p++) {
            to[p] = at(t, p, r, t->inner.left);
            if (!source->bytes)
                memcpy(to[p], source->planes + (size_t)p * source->rows * line + from,
                       columns * sizeof(float));
        }
        if (source->bytes)
            kernels->load((const char *)source->bytes + from * each, source->form.type, planes, columns, to);
    }
}

static void run_stage(const image_plan *plan, size_t k, const tile *from, const image_box *source,
                      const tile *to, float *scratch, const image_kernels *kernels) {
    const image_stage *stage = &plan->chain->stage[k];
    const image_filter *f = stage->filter;
    image_work w = {.plan = plan,
                    .stage = stage,
                    .from_line = from->line,
                    .to_line = to->line,
                    .rows = rows_of(&to->inner),
                    .columns = columns_of(&to->inner),
                    .box = to->inner,
                    .source = *source,
                    .number = k,
                    .planes = plan->planes[k],
                    .scratch = scratch};
    int planes = plan->planes[k], channels = plan->form[k].channels, colours = image_colours(channels);
    bool shape = f->kind == IMAGE_SHAPE, fork = plan->planes[k + 1] > planes;
    ptrdiff_t row = shape ? source->top : to->inner.top, column = shape ? source->left : to->inner.left;
    for (int p = 0; p < planes; p++)
        w.all_from[p] = at(from, p, row, column);
    for (int p = 0; p < plan->planes[k + 1]; p++)
        w.all_to[p] = at(to, p, to->inner.top, to->inner.left);
    if (f->kind == IMAGE_MIX && !fork) {
        kernels->run[f->kernel](&w);
        return;
    }
    for (int p = 0; p < plan->planes[k + 1]; p++) {
        w.plane = p % channels;
        w.from = w.all_from[fork ? w.plane : p];
        w.to = w.all_to[p];
        /* Alpha keeps its values, and so does the first half beside a fork. */
        bool keeps = !shape && (w.plane >= colours || (stage->second && p < channels));
        kernels->run[keeps ? IMAGE_K_copy : f->kernel](&w);
    }
}

tri_status image_tile(const image_plan *plan, size_t from, size_t to, const image_source *source,
                      image_box box, float *out, size_t line, size_t plane, image_scratch *scratch) {
    const image_kernels *kernels = image_kernels_choose();
    image_box outer[IMAGE_STAGES + 1], inner[IMAGE_STAGES + 1];
    size_t most = 0, beside = 0;
    inner[to] = outer[to] = box;
    for (size_t k = to; k > from; k--) {
        outer[k - 1] = image_plan_source(plan, k - 1, inner[k]);
        inner[k - 1] = image_box_clip(outer[k - 1], &plan->form[k - 1]);
        size_t count = rows_of(&outer[k - 1]) * columns_of(&outer[k - 1]) * (size_t)plan->planes[k - 1];
        size_t room = scratch_of(&plan->chain->stage[k - 1], &inner[k], &outer[k - 1]);
        if (count > most) most = count;
        if (room > beside) beside = room;
    }
    for (int k = 0; k < 3; k++)
        TRI_TRY(reserve(scratch, k, k == 2 ? beside : most));
    tile last = {box, box, out, line, plane}, now, next;
    for (size_t k = from; k <= to; k++) {
        next = (tile){outer[k], inner[k], scratch->buffer[k % 2], columns_of(&outer[k]),
                      rows_of(&outer[k]) * columns_of(&outer[k])};
        if (k == to) next = last;
        if (k == from)
            load(source, &next, plan->planes[k], kernels);
        else
            run_stage(plan, k - 1, &now, &outer[k - 1], &next, scratch->buffer[2], kernels);
        if (k < to && plan->chain->stage[k].reach) fill_edges(&next, plan, k, plan->planes[k]);
        now = next;
    }
    return TRI_OK;
}

tri_status image_tile_store(const image_plan *plan, size_t from, size_t to, const image_source *source,
                            image_box box, const image_pixels *out, size_t first, image_scratch *scratch) {
    const image_kernels *kernels = image_kernels_choose();
    int channels = out->form.channels;
    size_t columns = columns_of(&box), rows = rows_of(&box), plane = rows * columns;
    size_t each = image_type_bytes(out->form.type) * (size_t)channels;
    TRI_TRY(reserve(scratch, 3, plane * (size_t)channels));
    TRI_TRY(image_tile(plan, from, to, source, box, scratch->buffer[3], columns, plane, scratch));
    for (size_t r = 0; r < rows; r++) {
        const float *line[IMAGE_PLANES];
        size_t at = ((size_t)box.top + r - first) * out->form.columns + (size_t)box.left;
        for (int p = 0; p < channels; p++)
            line[p] = scratch->buffer[3] + (size_t)p * plane + r * columns;
        kernels->store(line, out->form.type, channels, columns, (char *)out->bytes + at * each);
    }
    return TRI_OK;
}

/* All tiles of an image, to planes or to pixels. */
static tri_status all_tiles(const image_plan *plan, size_t from, size_t to, const image_source *source,
                            float *planes, const image_pixels *pixels, image_scratch *scratch) {
    const image_form *form = &plan->form[to];
    ptrdiff_t rows = (ptrdiff_t)form->rows, columns = (ptrdiff_t)form->columns;
    image_box box;
    for (box.top = 0; box.top < rows; box.top = box.bottom) {
        box.bottom = box.top + IMAGE_TILE_ROWS < rows ? box.top + IMAGE_TILE_ROWS : rows;
        for (box.left = 0; box.left < columns; box.left = box.right) {
            box.right = box.left + IMAGE_TILE_COLUMNS < columns ? box.left + IMAGE_TILE_COLUMNS : columns;
            if (pixels)
                TRI_TRY(image_tile_store(plan, from, to, source, box, pixels, 0, scratch));
            else
                TRI_TRY(image_tile(plan, from, to, source, box, planes + box.top * columns + box.left,
                                   form->columns, form->rows * form->columns, scratch));
        }
    }
    return TRI_OK;
}

double image_frame_bytes(const image_plan *plan, image_type type) {
    image_form out = image_plan_form(plan, type);
    double bytes = (double)image_form_bytes(&plan->form[0]) + (double)image_form_bytes(&out), most = 0;
    for (size_t k = 0; k < plan->chain->count; k++)
        if (plan->chain->stage[k].filter->kind == IMAGE_WHOLE) {
            const image_form *form = &plan->form[k];
            double planes = (double)form->rows * (double)form->columns * form->channels * sizeof(float);
            /* two segments at a time, and the labels of regions */
            if (3 * planes > most) most = 3 * planes;
        }
    return bytes + most;
}

tri_status image_frame(const image_plan *plan, const image_pixels *in, image_type type, image_job *job,
                       image_scratch *scratch, image_pixels *out) {
    const image_chain *chain = plan->chain;
    image_source source = {.bytes = in->bytes, .form = in->form, .rows = in->form.rows};
    tri_status status = TRI_OK;
    size_t from = 0;
    *job = (image_job){.plan = plan, .in = in, .name = job->name, .table = job->table};
    while (status == TRI_OK) {
        size_t to = image_chain_find(chain, IMAGE_WHOLE, from);
        const image_form *form = &plan->form[to];
        if (to == chain->count) break;
        size_t count = form->rows * form->columns * (size_t)form->channels;
        float *planes = malloc((count ? count : 1) * sizeof *planes);
        status = planes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu pixels", count);
        if (status == TRI_OK) status = all_tiles(plan, from, to, &source, planes, NULL, scratch);
        free(job->planes);
        job->planes = planes;
        job->done = to;
        if (status == TRI_OK) status = chain->stage[to].filter->whole(&chain->stage[to], job);
        if (status == TRI_OK && type != IMAGE_F4 && job->regions > (uint64_t)image_type_range(type))
            status = tri_fail(TRI_ERR_DATA, "%llu regions do not fit into the type; use --type u2 or f4",
                              (unsigned long long)job->regions);
        source = (image_source){.planes = planes, .form = *form, .rows = form->rows};
        from = to + 1;
    }
    out->form = image_plan_form(plan, type);
    size_t bytes = image_form_bytes(&out->form);
    if (status == TRI_OK) {
        out->bytes = malloc(bytes ? bytes : 1);
        status = out->bytes ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes", bytes);
    }
    if (status == TRI_OK) status = all_tiles(plan, from, chain->count, &source, NULL, out, scratch);
    free(job->planes);
    job->planes = NULL;
    return status;
}
