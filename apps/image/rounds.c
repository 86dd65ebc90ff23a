/* Rounds of frames: in each, every rank does some frames in a row and all write them to one output, or turn
 * them over to the ranks that own their rows, for statistics over the stack (stack.c). */
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

enum { ROUND_BYTES = 1 << 25 };

/* Frames that a rank does in a round. */
typedef struct batch {
    image_state *s;
    size_t first;
    image_pixels *out;
    char **table;
    tri_status *status;
    char (*why)[512];
} batch;

static void do_one(void *argument, int thread, size_t number) {
    const batch *b = argument;
    b->out[number].bytes = NULL;
    b->status[number] =
        image_frame_do(b->s, b->first + number, &b->s->worker[thread], &b->out[number], &b->table[number]);
    if (b->status[number] != TRI_OK) snprintf(b->why[number], sizeof *b->why, "%s", tri_error_text());
}

static bool same_form(const image_form *a, const image_form *b) {
    return a->rows == b->rows && a->columns == b->columns && a->channels == b->channels && a->type == b->type;
}

/* Puts the frames one behind another into `bytes`; a broken one is zeros, and not valid. */
static tri_status collect(batch *b, size_t count, const image_form *form, char *bytes, int *valid) {
    image_state *s = b->s;
    size_t each = image_form_bytes(form);
    for (size_t k = 0; k < count; k++) {
        if (b->status[k] == TRI_OK && !same_form(&b->out[k].form, form)) {
            char name[400];
            image_frames_name(&s->frames, b->first + k, name, sizeof name);
            b->status[k] = TRI_ERR_DATA;
            snprintf(b->why[k], sizeof *b->why,
                     "'%s' becomes %zu x %zu x %d %s, but the first frame %zu x %zu x %d: a stack has frames "
                     "of one size and type",
                     name, b->out[k].form.rows, b->out[k].form.columns, b->out[k].form.channels,
                     b->out[k].form.type == form->type ? "" : "of another type", form->rows, form->columns,
                     form->channels);
        }
        valid[k] = b->status[k] == TRI_OK;
        if (valid[k])
            memcpy(bytes + k * each, b->out[k].bytes, each);
        else
            memset(bytes + k * each, 0, each);
        free(b->out[k].bytes);
        b->out[k].bytes = NULL;
        s->done += (size_t)valid[k];
        free(s->tables[b->first + k]);
        s->tables[b->first + k] = valid[k] ? b->table[k] : NULL;
        if (!valid[k]) free(b->table[k]);
    }
    for (size_t k = 0; k < count; k++) {
        if (valid[k]) continue;
        if (!s->keep_going) return tri_fail(b->status[k], "%s", b->why[k]);
        image_broken(s, b->status[k], b->why[k]);
    }
    return TRI_OK;
}

static tri_status make_batch(image_state *s, size_t most, const image_form *form, batch *b, char **bytes,
                             int **valid) {
    *b = (batch){.s = s};
    b->out = calloc(most, sizeof *b->out);
    b->table = calloc(most, sizeof *b->table);
    b->status = calloc(most, sizeof *b->status);
    b->why = calloc(most, sizeof *b->why);
    *bytes = malloc(most * image_form_bytes(form) + 1);
    *valid = calloc(most, sizeof **valid);
    if (b->out && b->table && b->status && b->why && *bytes && *valid) return TRI_OK;
    return tri_fail(TRI_ERR_MEMORY, "no memory for %zu frames", most);
}

size_t image_round_most(const tri_run *run, const image_state *s, const image_form *form) {
    size_t ranks = (size_t)tri_comm_size(run->comm), share = (s->frames.count + ranks - 1) / ranks;
    /* Each frame twice; rank 0 of a file, and a statistic, also have the frames of all. */
    double each = (double)image_form_bytes(form) * (s->out_file && s->stack < 0 ? 2 : 2 + (double)ranks);
    /* A frame for each thread, as far as the memory allows, and small ones by the megabyte: a round has a
     * fixed cost. */
    double bytes = (double)s->memory / 2 < ROUND_BYTES ? (double)s->memory / 2 : ROUND_BYTES;
    size_t most = (size_t)s->least_threads;
    while (most > 1 && (double)most * each > (double)s->memory)
        most--;
    while (most < share && 2 * (double)most * each <= bytes)
        most *= 2;
    return most < share ? most : share + !share;
}

tri_status image_rounds_do(tri_run *run, image_state *s, const image_form *form,
                           tri_status (*take)(void *, size_t, size_t, const char *, const int *),
                           void *argument) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm);
    size_t count = s->frames.count, most = image_round_most(run, s, form);
    batch b;
    char *bytes = NULL;
    int *valid = NULL;
    tri_status status = tri_agree(run->comm, make_batch(s, most, form, &b, &bytes, &valid));
    for (size_t at = 0; at < count && status == TRI_OK; at += ranks * most) {
        size_t first = at + rank * most < count ? at + rank * most : count,
               mine = count - first < most ? count - first : most;
        b.first = first;
        tri_team_for(run->team, mine, do_one, &b);
        status = tri_agree(run->comm, collect(&b, mine, form, bytes, valid));
        double start = tri_now_s();
        if (status == TRI_OK) status = take(argument, first, mine, bytes, valid);
        s->worker[0].write_s += tri_now_s() - start;
        size_t done = at + ranks * most < count ? at + ranks * most : count;
        tri_progress(run, "filtering", (double)done, (double)count, "frames");
    }
    free(b.out);
    free(b.table);
    free(b.status);
    free(b.why);
    free(bytes);
    free(valid);
    return status;
}
