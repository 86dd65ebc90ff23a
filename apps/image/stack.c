/* Statistics over the stack. The frames of a round are turned over: each rank gets its rows of all of them,
 * so that it sees each of its pixels in the order of the frames, on any number of ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/image/image.h"

enum { MEAN, MAXIMUM, MINIMUM, DEVIATION, MEDIAN };

typedef struct stack {
    tri_run *run;
    image_state *s;
    image_form form;
    size_t ranks, rank, parts, part; /* the rows of a rank are done in parts */
    size_t line;                     /* floats of a row */
    size_t most;                     /* floats of the largest block of a rank and a part */
    size_t count;                    /* frames so far */
    float *send, *recv, *all;        /* all: MEDIAN, frame by frame */
    size_t send_room, recv_room;
    double *mean, *squares; /* sums of squares of differences; `mean` also holds extremes */
} stack;

/* The rows of a rank in the current part. */
static tri_range rows_of(const stack *k, size_t rank) {
    tri_range mine = tri_range_block(k->form.rows, k->ranks, rank);
    tri_range part = tri_range_block(mine.count, k->parts, k->part);
    return (tri_range){mine.first + part.first, part.count};
}

static void add(stack *k, const float *x, size_t floats) {
    double number = (double)++k->count;
    for (size_t i = 0; i < floats; i++) {
        double v = (double)x[i], before = k->mean ? k->mean[i] : 0;
        switch (k->s->stack) {
        case MAXIMUM:
            k->mean[i] = k->count == 1 || v > before ? v : before;
            break;
        case MINIMUM:
            k->mean[i] = k->count == 1 || v < before ? v : before;
            break;
        case MEDIAN:
            k->all[(k->count - 1) * k->most + i] = x[i];
            break;
        default:
            k->mean[i] = before + (v - before) / number;
            k->squares[i] += (v - before) * (v - k->mean[i]);
        }
    }
}

static tri_status room(float **array, size_t *have, size_t needed) {
    if (needed <= *have) return TRI_OK;
    free(*array);
    *array = malloc(needed * sizeof **array);
    *have = *array ? needed : 0;
    return *array ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu bytes", needed * sizeof **array);
}

/* Turns over the frames of a round. */
static tri_status take(void *argument, size_t first, size_t count, const char *bytes, const int *valid) {
    stack *k = argument;
    tri_comm *comm = k->run->comm;
    size_t ranks = k->ranks, mine = rows_of(k, k->rank).count * k->line, total = 0, all_frames = 0;
    size_t *counts = calloc(4 * ranks, sizeof *counts);
    ptrdiff_t *displs = calloc(2 * ranks, sizeof *displs);
    size_t each = image_round_most(k->run, k->s, &k->form) + 1;
    int *flags = calloc(ranks * each, sizeof *flags), *own = NULL;
    (void)first;
    tri_status status =
        counts && displs && flags ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a round");
    own = calloc(each, sizeof *own);
    if (!own) status = tri_fail(TRI_ERR_MEMORY, "no memory for a round");
    TRI_TRY(tri_agree(comm, status));
    own[0] = (int)count;
    for (size_t i = 0; i < count; i++)
        own[i + 1] = valid[i];
    TRI_TRY(tri_allgather(own, each, MPI_INT, flags, each, MPI_INT, comm));
    for (size_t r = 0; r < ranks; r++)
        all_frames += (size_t)flags[r * each];
    status = room(&k->send, &k->send_room, count * k->form.rows * k->line + 1);
    if (status == TRI_OK) status = room(&k->recv, &k->recv_room, all_frames * mine + 1);
    TRI_TRY(tri_agree(comm, status));
    size_t got = 0;
    for (size_t r = 0; r < ranks; r++) {
        tri_range rows = rows_of(k, r);
        counts[r] = count * rows.count * k->line;
        displs[r] = (ptrdiff_t)total;
        for (size_t i = 0; i < count; i++)
            memcpy(k->send + total + i * rows.count * k->line,
                   (const float *)(const void *)bytes + (i * k->form.rows + rows.first) * k->line,
                   rows.count * k->line * sizeof(float));
        total += counts[r];
        counts[ranks + r] = (size_t)flags[r * each] * mine;
        displs[ranks + r] = (ptrdiff_t)got;
        got += counts[ranks + r];
    }
    TRI_TRY(tri_alltoallv(k->send, counts, displs, MPI_FLOAT, k->recv, counts + ranks, displs + ranks,
                          MPI_FLOAT, comm));
    const float *at = k->recv;
    for (size_t r = 0; r < ranks; r++)
        for (int i = 0; i < flags[r * each]; i++, at += mine)
            if (flags[r * each + 1 + (size_t)i]) add(k, at, mine);
    free(counts);
    free(displs);
    free(flags);
    free(own);
    return TRI_OK;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

typedef struct finishing {
    stack *k;
    float *out;
    size_t floats;
} finishing;

enum { PIECE = 4096 };

static void finish_piece(void *argument, int thread, size_t number) {
    const finishing *f = argument;
    stack *k = f->k;
    size_t end = (number + 1) * PIECE < f->floats ? (number + 1) * PIECE : f->floats, n = k->count;
    float *column = k->s->stack == MEDIAN ? malloc((n + 1) * sizeof *column) : NULL;
    (void)thread;
    for (size_t i = number * PIECE; i < end; i++) {
        if (!n)
            f->out[i] = 0;
        else if (k->s->stack == DEVIATION)
            f->out[i] = (float)sqrt(k->squares[i] / (double)n);
        else if (k->s->stack != MEDIAN)
            f->out[i] = (float)k->mean[i];
        else if (!column)
            f->out[i] = NAN;
        else {
            for (size_t j = 0; j < n; j++)
                column[j] = k->all[j * k->most + i];
            qsort(column, n, sizeof *column, ascending);
            f->out[i] =
                n % 2 ? column[n / 2] : (float)(((double)column[n / 2 - 1] + (double)column[n / 2]) / 2);
        }
    }
    free(column);
}

/* The parts that the memory asks for, and the room for one. */
static tri_status prepare(stack *k) {
    size_t share = (k->form.rows + k->ranks - 1) / k->ranks, frames = k->s->frames.count;
    double each = k->s->stack == MEDIAN ? (double)frames * sizeof(float) : 2 * sizeof(double);
    double row = (double)k->line * each;
    k->parts = 1;
    while (k->parts < share) {
        size_t most = (share + k->parts - 1) / k->parts;
        if (row * (double)most <= (double)k->s->memory) break;
        k->parts++;
    }
    size_t rows = (share + k->parts - 1) / k->parts;
    k->most = rows * k->line;
    if (row * (double)rows > (double)k->s->memory)
        return tri_fail(TRI_ERR_ARGUMENT, "--memory: too small for one row of %zu frames", frames);
    if (k->s->stack == MEDIAN)
        k->all = malloc((k->most * frames + 1) * sizeof *k->all);
    else
        k->mean = calloc(2 * k->most + 1, sizeof *k->mean);
    if (!k->all && !k->mean) return tri_fail(TRI_ERR_MEMORY, "no memory for the pixels of %zu rows", share);
    k->squares = k->mean ? k->mean + k->most : NULL;
    return TRI_OK;
}

/* Gathers the finished rows of a part at rank 0. */
static tri_status gather(stack *k, float *image) {
    size_t floats = rows_of(k, k->rank).count * k->line, *counts = calloc(k->ranks, sizeof *counts);
    ptrdiff_t *displs = calloc(k->ranks, sizeof *displs);
    float *mine = malloc((floats + 1) * sizeof *mine);
    tri_status status = counts && displs && mine ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for a part");
    TRI_TRY(tri_agree(k->run->comm, status));
    finishing f = {k, mine, floats};
    tri_team_for(k->run->team, (floats + PIECE - 1) / PIECE, finish_piece, &f);
    for (size_t r = 0; r < k->ranks; r++) {
        tri_range rows = rows_of(k, r);
        counts[r] = rows.count * k->line;
        displs[r] = (ptrdiff_t)(rows.first * k->line);
    }
    status = tri_gatherv(mine, floats, MPI_FLOAT, image, counts, displs, MPI_FLOAT, 0, k->run->comm);
    free(counts);
    free(displs);
    free(mine);
    return status;
}

/* Rank 0 runs the filters behind the statistic and writes the image. */
static tri_status finish(stack *k, const float *image, image_type input) {
    image_state *s = k->s;
    image_form form = k->form;
    form.type = input; /* white is that of the frames */
    image_plan *plan = NULL;
    image_pixels in = {k->form, (void *)(uintptr_t)image}, out = {.bytes = NULL};
    image_job job = {.name = "stack"};
    image_type type = s->type ? (image_type)(s->type - 1) : s->stack == DEVIATION ? IMAGE_F4 : input;
    int root = k->rank == 0;
    tri_status status = image_plan_create(&s->after, &form, &plan);
    if (status == TRI_OK && root) status = image_frame(plan, &in, type, &job, &s->worker[0].scratch, &out);
    image_sink sink = {.run = NULL};
    status = tri_agree(k->run->comm, status);
    form = status == TRI_OK ? image_plan_form(plan, type) : form;
    if (status == TRI_OK) status = image_sink_create(k->run, s, &form, 1, &sink);
    if (status == TRI_OK) status = image_sink_write(&sink, 0, root ? form.rows : 0, out.bytes);
    if (status == TRI_OK) status = image_sink_finish(&sink);
    if (sink.run) image_sink_destroy(&sink);
    if (root && job.table) {
        free(s->tables[s->frames.count]);
        s->tables[s->frames.count] = job.table;
    }
    image_plan_destroy(&plan);
    free(out.bytes);
    return status;
}

tri_status image_stack(tri_run *run, image_state *s, const image_form *form, image_type input) {
    stack k = {.run = run,
               .s = s,
               .form = *form,
               .ranks = (size_t)tri_comm_size(run->comm),
               .rank = (size_t)tri_comm_rank(run->comm),
               .line = form->columns * (size_t)form->channels};
    float *image = NULL;
    tri_status status = prepare(&k);
    if (status == TRI_OK && !k.rank) {
        image = malloc(form->rows * k.line * sizeof *image + 1);
        if (!image) status = tri_fail(TRI_ERR_MEMORY, "no memory for the image of the stack");
    }
    status = tri_agree(run->comm, status);
    for (k.part = 0; k.part < k.parts && status == TRI_OK; k.part++) {
        k.count = s->done = s->broken = 0;
        if (k.mean) memset(k.mean, 0, 2 * k.most * sizeof *k.mean);
        status = image_rounds_do(run, s, form, take, &k);
        if (status == TRI_OK) status = gather(&k, image);
    }
    if (status == TRI_OK) status = finish(&k, image, input);
    free(image);
    free(k.send);
    free(k.recv);
    free(k.all);
    free(k.mean);
    return status;
}
