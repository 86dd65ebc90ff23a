#include "apps/common/split_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tri_status row_shape_of(const tri_dataset *dataset, row_shape *out) {
    int rank = tri_dataset_rank(dataset);
    if (!rank)
        return tri_fail(TRI_ERR_DATA, "'%s' in '%s' is a scalar: it has no rows to split",
                        tri_dataset_path(dataset), tri_dataset_file(dataset));
    *out = (row_shape){.rank = rank, .row_bytes = tri_dataset_stored_bytes(dataset), .chunk_rows = 1};
    memcpy(out->dims, tri_dataset_dims(dataset), (size_t)rank * sizeof *out->dims);
    for (int i = 1; i < rank; i++)
        out->row_bytes *= out->dims[i];
    if (tri_dataset_chunk(dataset)) out->chunk_rows = tri_dataset_chunk(dataset)[0];
    return TRI_OK;
}

/* An attribute that files of other programs do not have. */
static tri_status optional_integer(const tri_dataset *dataset, const char *name, int64_t *out) {
    tri_status status = tri_dataset_file_integer(dataset, name, out);
    return status == TRI_ERR_DATA ? TRI_OK : status;
}

static tri_status open_data(split_file *p) {
    TRI_TRY(tri_dataset_open_stored(NULL, p->file, p->path, &p->data));
    return p->first < 0 ? tri_dataset_open(NULL, p->file, SPLIT_ROW_NUMBERS, &p->numbers) : TRI_OK;
}

static tri_status learn_part(split_file *p) {
    TRI_TRY(row_shape_of(p->data, &p->shape));
    TRI_TRY(optional_integer(p->data, SPLIT_INDEX, &p->index));
    if (p->index < 0) return TRI_OK;
    char *split;
    TRI_TRY(tri_dataset_file_integer(p->data, SPLIT_COUNT, &p->parts));
    TRI_TRY(tri_dataset_file_integer(p->data, SPLIT_FIRST, &p->first));
    TRI_TRY(tri_dataset_file_integer(p->data, SPLIT_TOTAL, &p->total));
    TRI_TRY(tri_dataset_file_text(p->data, SPLIT_ID, &split));
    snprintf(p->split, sizeof p->split, "%s", split);
    free(split);
    if (p->first < 0) TRI_TRY(tri_dataset_open(NULL, p->file, SPLIT_ROW_NUMBERS, &p->numbers));
    size_t rows = p->shape.dims[0];
    if (p->total < 0 || p->index >= p->parts ||
        (p->numbers ? tri_dataset_count(p->numbers) != rows
                    : (size_t)p->total < rows || (size_t)p->first > (size_t)p->total - rows))
        return tri_fail(TRI_ERR_DATA,
                        "'%s' is inconsistent: split file %lld of %lld, from row %lld of %lld, but %zu rows",
                        p->file, (long long)p->index, (long long)p->parts, (long long)p->first,
                        (long long)p->total, rows);
    return TRI_OK;
}

tri_status split_file_open(const char *file, const char *path, split_file *out) {
    split_file p = {.file = strdup(file), .index = -1, .parts = -1, .total = -1};
    tri_status status = p.file ? tri_dataset_open_stored(NULL, file, path, &p.data)
                               : tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", file);
    if (status == TRI_OK && !(p.path = strdup(tri_dataset_path(p.data))))
        status = tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", file);
    if (status == TRI_OK) status = learn_part(&p);
    if (status == TRI_OK)
        *out = p;
    else
        split_file_free(&p);
    return status;
}

void split_file_close(split_file *p) {
    tri_dataset_destroy(&p->data);
    tri_dataset_destroy(&p->numbers);
}

tri_status split_file_reopen(split_file *p) {
    return p->data ? TRI_OK : open_data(p);
}

void split_file_free(split_file *p) {
    split_file_close(p);
    free(p->file);
    free(p->path);
    p->file = p->path = NULL;
}

/* Adds rows to the runs while their numbers are below `below`; *used is the number of rows added. */
static tri_status add_numbers(const split_file *p, const int64_t *numbers, size_t count, size_t below,
                              row_run *runs, size_t *run_count, size_t *used) {
    for (*used = 0; *used < count && numbers[*used] < (int64_t)below; (*used)++) {
        row_run *last = *run_count ? &runs[*run_count - 1] : NULL;
        if (numbers[*used] < 0 || (last && (size_t)numbers[*used] < last->first + last->count))
            return tri_fail(TRI_ERR_DATA, "'%s' is damaged: its row numbers do not ascend", p->file);
        if (last && (size_t)numbers[*used] == last->first + last->count)
            last->count++;
        else
            runs[(*run_count)++] = (row_run){(size_t)numbers[*used], 1};
    }
    return TRI_OK;
}

tri_status split_file_runs(const split_file *p, size_t from, size_t count, size_t below, row_run *runs,
                           size_t *run_count, size_t *rows) {
    int64_t numbers[4096];
    size_t left = p->shape.dims[0] - from, runs_made = 0, done = 0;
    if (count > left) count = left;
    if (!p->numbers) {
        size_t first = (size_t)p->first + from;
        done = first >= below ? 0 : below - first < count ? below - first : count;
        if (done) runs[runs_made++] = (row_run){first, done};
    }
    for (size_t used = 1, most; p->numbers && done < count && used; done += used) {
        most = count - done < 4096 ? count - done : 4096;
        TRI_TRY(tri_dataset_read(p->numbers, from + done, most, numbers));
        TRI_TRY(add_numbers(p, numbers, most, below, runs, &runs_made, &used));
        if (used < most) count = done + used;
    }
    *run_count = runs_made;
    *rows = done;
    return TRI_OK;
}

tri_status rows_read(tri_dataset *dataset, size_t from, size_t count, void *out) {
    size_t start[32] = {from}, length[32];
    memcpy(length, tri_dataset_dims(dataset), (size_t)tri_dataset_rank(dataset) * sizeof *length);
    length[0] = count;
    return tri_dataset_read_stored(dataset, start, length, out);
}

tri_status rows_window(const row_shape *shape, size_t memory, size_t copies, size_t more, size_t *out) {
    size_t each = copies * shape->row_bytes + more, window = each ? memory / each : shape->dims[0];
    char text[TRI_SIZE_TEXT];
    if (!window && shape->dims[0])
        return tri_fail(TRI_ERR_ARGUMENT, "--memory: a row takes %s bytes; give at least that much",
                        tri_size_format(each, text));
    if (window > shape->chunk_rows) window -= window % shape->chunk_rows;
    if (window > shape->dims[0]) window = shape->dims[0];
    *out = window ? window : 1;
    return TRI_OK;
}

/* ---- Comparing: each rank sends its rows, rank 0 compares them with the whole ---- */

typedef struct comparison {
    tri_run *run;
    tri_dataset *whole;
    size_t window, row_bytes;
    row_run *runs;
    char *rows, *wanted;
    size_t head[2]; /* runs and rows of the current piece; no rows: the end */
} comparison;

static tri_status name_row(const comparison *c, const row_run *run, const char *rows) {
    size_t row = 0;
    while (!memcmp(c->wanted + row * c->row_bytes, rows + row * c->row_bytes, c->row_bytes))
        row++;
    return tri_fail(TRI_ERR_WRONG, "row %zu of '%s' differs in its split file", run->first + row,
                    tri_dataset_path(c->whole));
}

static tri_status compare_piece(const comparison *c) {
    const char *at = c->rows;
    for (size_t r = 0; r < c->head[0]; r++) {
        TRI_TRY(rows_read(c->whole, c->runs[r].first, c->runs[r].count, c->wanted));
        if (memcmp(c->wanted, at, c->runs[r].count * c->row_bytes)) return name_row(c, &c->runs[r], at);
        at += c->runs[r].count * c->row_bytes;
    }
    return TRI_OK;
}

/* Sends the rows of one split file to rank 0 in pieces, or compares them there. Continues after a
 * difference. */
static tri_status offer_part(comparison *c, split_file *p, int root, tri_status *compared) {
    TRI_TRY(split_file_reopen(p));
    for (size_t from = 0; from < p->shape.dims[0]; from += c->head[1]) {
        TRI_TRY(split_file_runs(p, from, c->window, SIZE_MAX / 2, c->runs, &c->head[0], &c->head[1]));
        TRI_TRY(rows_read(p->data, from, c->head[1], c->rows));
        if (root) {
            if (*compared == TRI_OK) *compared = compare_piece(c);
            continue;
        }
        TRI_TRY(tri_send(c->head, sizeof c->head, MPI_BYTE, 0, 0, c->run->comm));
        TRI_TRY(tri_send(c->runs, c->head[0] * sizeof *c->runs, MPI_BYTE, 0, 0, c->run->comm));
        TRI_TRY(tri_send(c->rows, c->head[1] * c->row_bytes, MPI_BYTE, 0, 0, c->run->comm));
    }
    split_file_close(p);
    return TRI_OK;
}

/* Sends all of this rank's split files. After a failure it sends the end at once, so that rank 0 does not
 * wait. */
static tri_status offer(comparison *c, split_file *parts, size_t count) {
    tri_status status = TRI_OK, compared = TRI_OK;
    int root = tri_comm_rank(c->run->comm) == 0;
    for (size_t p = 0; p < count && status == TRI_OK; p++)
        status = offer_part(c, &parts[p], root, &compared);
    c->head[0] = c->head[1] = 0;
    if (!root && status != TRI_ERR_MPI)
        TRI_TRY(tri_send(c->head, sizeof c->head, MPI_BYTE, 0, 0, c->run->comm));
    return status == TRI_OK ? compared : status;
}

/* Rank 0: receives and compares the rows of another rank; receives all of them even after a difference. */
static tri_status judge(comparison *c, int rank) {
    tri_status status = TRI_OK;
    for (;;) {
        TRI_TRY(tri_recv(c->head, sizeof c->head, MPI_BYTE, rank, 0, c->run->comm));
        if (!c->head[1]) return status;
        TRI_TRY(tri_recv(c->runs, c->head[0] * sizeof *c->runs, MPI_BYTE, rank, 0, c->run->comm));
        TRI_TRY(tri_recv(c->rows, c->head[1] * c->row_bytes, MPI_BYTE, rank, 0, c->run->comm));
        if (status == TRI_OK) status = compare_piece(c);
    }
}

tri_status split_files_compare(tri_run *run, tri_dataset *whole, size_t row_bytes, split_file *parts,
                               size_t count, size_t window) {
    int root = tri_comm_rank(run->comm) == 0;
    comparison c = {.run = run,
                    .whole = whole,
                    .window = window,
                    .row_bytes = row_bytes,
                    .runs = malloc(window * sizeof *c.runs),
                    .rows = malloc(window * row_bytes + 1),
                    .wanted = malloc((root ? window * row_bytes : 0) + 1)};
    tri_status status = TRI_OK;
    if (!c.runs || !c.rows || !c.wanted)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows; reduce --memory", window);
    status = tri_agree(run->comm, status);
    if (status == TRI_OK) {
        status = offer(&c, parts, count);
        for (int rank = 1; root && rank < tri_comm_size(run->comm) && status != TRI_ERR_MPI; rank++) {
            tri_status judged = judge(&c, rank);
            if (status == TRI_OK || judged == TRI_ERR_MPI) status = judged;
        }
    }
    free(c.runs);
    free(c.rows);
    free(c.wanted);
    return status;
}
