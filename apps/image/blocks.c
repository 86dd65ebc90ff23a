/* Each image in bands of rows over the ranks, for images larger than a rank's memory. A rank reads the rows
 * of its band and those around it that the chain needs; so no messages are sent between filters, and the bits
 * are those of the whole image. Bands go round the ranks, and the output is written in the order of the rows.
 */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

enum { MOST_ROWS = 2048, LEAST_ROWS = 16 };

/* Rows [first, first + count) of a frame, in memory. */
typedef struct window {
    image_state *s;
    size_t frame, first, count, room;
    size_t line; /* bytes */
    image_reader *reader;
    size_t next; /* row that the reader gives next */
    char *bytes;
} window;

static tri_status read_rows(window *w, size_t first, size_t rows, void *to) {
    image_frames *frames = &w->s->frames;
    if (!rows) return TRI_OK;
    if (frames->dataset) return image_frames_rows(frames, w->frame, first, rows, to);
    if (!w->reader || first < w->next) {
        image_reader_close(&w->reader);
        TRI_TRY(image_frames_open(frames, w->frame, &w->reader));
        w->next = 0;
    }
    TRI_TRY(image_reader_skip(w->reader, first));
    w->next = first + rows;
    return image_reader_read(w->reader, rows, to);
}

/* Makes the window rows [first, end): keeps what it has of them. */
static tri_status move(window *w, size_t first, size_t end) {
    size_t have = w->first + w->count, rows = end - first;
    if (rows > w->room) return tri_fail(TRI_ERR_ARGUMENT, "--memory: too small for %zu rows at a time", rows);
    if (first < w->first || first >= have) {
        w->first = first;
        w->count = 0;
        have = first;
    } else if (first > w->first) {
        memmove(w->bytes, w->bytes + (first - w->first) * w->line, (have - first) * w->line);
        w->first = first;
        w->count = have - first;
    }
    if (end > have) {
        TRI_TRY(read_rows(w, have, end - have, w->bytes + (have - first) * w->line));
        w->count = rows;
    }
    return TRI_OK;
}

/* The rows of the input that rows [top, bottom) of the output need. */
static tri_range rows_needed(const image_plan *plan, size_t top, size_t bottom) {
    size_t stages = plan->chain->count;
    image_box box = {(ptrdiff_t)top, (ptrdiff_t)bottom, 0, (ptrdiff_t)plan->form[stages].columns};
    for (size_t k = stages; k > 0; k--)
        box = image_box_clip(image_plan_source(plan, k - 1, box), &plan->form[k - 1]);
    return (tri_range){(size_t)box.top, (size_t)(box.bottom - box.top)};
}

typedef struct band {
    image_state *s;
    const image_plan *plan;
    image_source source;
    image_pixels out;
    size_t first, rows, across;
    tri_status *status; /* of each thread */
} band;

static void do_tile(void *argument, int thread, size_t number) {
    const band *b = argument;
    size_t top = b->first + number / b->across * IMAGE_TILE_ROWS,
           left = number % b->across * IMAGE_TILE_COLUMNS;
    size_t bottom = top + IMAGE_TILE_ROWS < b->first + b->rows ? top + IMAGE_TILE_ROWS : b->first + b->rows;
    size_t columns = b->out.form.columns;
    size_t right = left + IMAGE_TILE_COLUMNS < columns ? left + IMAGE_TILE_COLUMNS : columns;
    image_box box = {(ptrdiff_t)top, (ptrdiff_t)bottom, (ptrdiff_t)left, (ptrdiff_t)right};
    double start = tri_now_s();
    image_worker *worker = &b->s->worker[thread];
    tri_status status = image_tile_store(b->plan, 0, b->plan->chain->count, &b->source, box, &b->out,
                                         b->first, &worker->scratch);
    if (status != TRI_OK) b->status[thread] = status;
    worker->filter_s += tri_now_s() - start;
}

static tri_status do_band(tri_run *run, window *w, band *b, size_t first, size_t rows) {
    tri_range needed = rows_needed(b->plan, first, first + rows);
    double start = tri_now_s();
    TRI_TRY(move(w, needed.first, needed.first + needed.count));
    w->s->worker[0].read_s += tri_now_s() - start;
    b->source =
        (image_source){.bytes = w->bytes, .form = b->plan->form[0], .first = w->first, .rows = w->count};
    b->first = first;
    b->rows = rows;
    size_t down = (rows + IMAGE_TILE_ROWS - 1) / IMAGE_TILE_ROWS;
    tri_team_for(run->team, down * b->across, do_tile, b);
    for (int t = 0; t < w->s->threads; t++)
        if (b->status[t] != TRI_OK)
            return tri_fail(b->status[t], "no memory for the tiles of %d threads", w->s->threads);
    return TRI_OK;
}

/* The rows of a band: as many as the memory holds, and not more than a share. */
static tri_status choose_rows(const image_state *s, const image_plan *plan, const image_form *out,
                              size_t ranks, size_t *rows, size_t *room) {
    size_t in_line =
        plan->form[0].columns * (size_t)plan->form[0].channels * image_type_bytes(plan->form[0].type);
    size_t out_line = out->columns * (size_t)out->channels * image_type_bytes(out->type);
    size_t share = (out->rows + ranks - 1) / ranks;
    *rows = share < MOST_ROWS ? share + !share : MOST_ROWS;
    while (1) {
        *room = 0;
        for (size_t top = 0; top < out->rows; top += *rows) {
            size_t bottom = top + *rows < out->rows ? top + *rows : out->rows;
            tri_range needed = rows_needed(plan, top, bottom);
            if (needed.count > *room) *room = needed.count;
        }
        /* Rank 0 of a file also has the rows of all. */
        double bands = s->out_file ? 1 : 1 + (double)ranks;
        double bytes = (double)*room * (double)in_line + bands * (double)*rows * (double)out_line;
        if (bytes <= (double)s->memory) return TRI_OK;
        if (*rows <= LEAST_ROWS)
            return tri_fail(TRI_ERR_DATA,
                            "%zu rows of the output need %zu rows of the input, %.4g MiB: more than --memory",
                            *rows, *room, bytes / 1048576);
        *rows = (*rows + 1) / 2;
    }
}

static tri_status do_frame(tri_run *run, image_state *s, image_sink *sink, const image_plan *plan,
                           size_t frame) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm), rows, room;
    const image_form *out = &sink->form, *in = &plan->form[0];
    TRI_TRY(tri_agree(run->comm, choose_rows(s, plan, out, ranks, &rows, &room)));
    window w = {.s = s,
                .frame = frame,
                .room = room,
                .line = in->columns * (size_t)in->channels * image_type_bytes(in->type)};
    image_form some = *out;
    some.rows = rows;
    band b = {.s = s, .plan = plan, .across = (out->columns + IMAGE_TILE_COLUMNS - 1) / IMAGE_TILE_COLUMNS};
    w.bytes = malloc(room * w.line + 1);
    b.out = (image_pixels){*out, malloc(image_form_bytes(&some) + 1)};
    b.status = calloc((size_t)s->threads, sizeof *b.status);
    tri_status status =
        w.bytes && b.out.bytes && b.status ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a band");
    status = tri_agree(run->comm, status);
    for (size_t at = 0; at < out->rows && status == TRI_OK; at += ranks * rows) {
        size_t first = at + rank * rows < out->rows ? at + rank * rows : out->rows,
               mine = out->rows - first < rows ? out->rows - first : rows;
        status = tri_agree(run->comm, mine ? do_band(run, &w, &b, first, mine) : TRI_OK);
        double start = tri_now_s();
        if (status == TRI_OK) status = image_sink_write(sink, frame * out->rows + first, mine, b.out.bytes);
        s->worker[0].write_s += tri_now_s() - start;
        size_t done = at + ranks * rows < out->rows ? at + ranks * rows : out->rows;
        tri_progress(run, "filtering", (double)(frame * out->rows + done),
                     (double)(s->frames.count * out->rows), "rows");
        s->worker[0].pixels += (double)mine * (double)in->columns;
    }
    image_reader_close(&w.reader);
    free(w.bytes);
    free(b.out.bytes);
    free(b.status);
    return status;
}

tri_status image_blocks(tri_run *run, image_state *s) {
    image_form first;
    image_plan *plan = NULL;
    tri_status status = TRI_OK;
    size_t whole = image_chain_find(&s->chain, IMAGE_WHOLE, 0);
    if (whole < s->chain.count)
        status = tri_fail(TRI_ERR_ARGUMENT, "%s needs the whole image; omit --blocks",
                          s->chain.stage[whole].filter->name + (*s->chain.stage[whole].filter->name == '.'));
    if (status == TRI_OK) status = image_frames_form(&s->frames, 0, &first);
    if (status == TRI_OK) status = image_plan_create(&s->chain, &first, &plan);
    TRI_TRY(tri_agree(run->comm, status));
    image_form out = image_plan_form(plan, image_output_type(s, first.type));
    image_sink sink;
    status = image_sink_create(run, s, &out, s->frames.count, &sink);
    for (size_t k = 0; k < s->frames.count && status == TRI_OK; k++) {
        image_form form;
        status = image_frames_form(&s->frames, k, &form);
        if (status == TRI_OK && memcmp(&form, &first, sizeof form) != 0)
            status = tri_fail(TRI_ERR_DATA, "frame %zu is of another size or type than the first", k);
        status = tri_agree(run->comm, status);
        if (status == TRI_OK) status = do_frame(run, s, &sink, plan, k);
        if (status == TRI_OK) s->done++;
    }
    if (status == TRI_OK) status = image_sink_finish(&sink);
    image_sink_destroy(&sink);
    image_plan_destroy(&plan);
    return status;
}
