/* Joins the split files of a dataset into one file, which only rank 0 needs to see.
 *
 * The pattern is a gather: every rank has some of the data, and rank 0 collects all of it. Split files say
 * which rows they have, so any number of ranks can join files of any names; a rank that sees a file reads
 * it. Rank 0 writes the whole, front to back, in windows that fit into memory; tri_gatherv collects the
 * rows of each window. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/common/split_file.h"
#include "apps/driver/app.h"
#include "apps/gather/find.h"

/* A rank's share of a window: number of rows and of runs. */
typedef struct share {
    size_t rows, runs;
} share;

typedef struct state {
    /* options */
    tri_texts files;
    const char *out;
    size_t memory;
    bool check;
    /* the same on all ranks */
    char *out_file, *out_path;
    gather_plan plan;
    size_t window; /* rows at a time */
    /* this rank's */
    gather_files mine;
    size_t *next; /* for each of its files: the first row that is not sent yet */
    char *rows;
    row_run *runs;
    /* rank 0's */
    share *shares;
    size_t *bytes, *run_bytes; /* from each rank, in one window */
    ptrdiff_t *bytes_at, *run_bytes_at;
    char *received, *whole, *seen; /* seen: the rows of the window that have arrived */
    row_run *received_runs;
    /* the output */
    tri_result *result;
    tri_array *array;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, files, "PART.h5", NULL,
               "split files, in any order: names, or patterns in quotes such as 'parts/*.h5'",
               .argument = true, .required = true),
    TRI_OPTION(state, out, "out", NULL,
               "FILE.h5:/DATASET to write; the dataset has the same path in the split files"),
    TRI_OPTION(state, memory, "memory", "256Mi", "bytes that each rank holds at a time"),
    TRI_OPTION(state, check, "verify", NULL,
               "read all split files and the result again and compare every row"),
    {.name = NULL},
};

/* ---- Setup ---- */

static tri_status read_out(state *s) {
    if (!s->out) return tri_fail(TRI_ERR_ARGUMENT, "--out is missing; name the output: --out whole.h5:/x");
    TRI_TRY(tri_spec_split(s->out, &s->out_file, &s->out_path));
    return TRI_OK;
}

static tri_status allocate(state *s, tri_run *run) {
    size_t ranks = (size_t)tri_comm_size(run->comm), row_bytes = s->plan.shape.row_bytes, window = s->window;
    int root = tri_comm_rank(run->comm) == 0;
    s->next = calloc(s->mine.count + 1, sizeof *s->next);
    s->rows = malloc(window * row_bytes + 1);
    s->runs = malloc((window + s->mine.count) * sizeof *s->runs);
    int failed = !s->next || !s->rows || !s->runs;
    if (root) {
        s->shares = malloc(ranks * sizeof *s->shares);
        s->bytes = malloc(2 * ranks * sizeof *s->bytes);
        s->bytes_at = malloc(2 * ranks * sizeof *s->bytes_at);
        s->received = malloc(window * row_bytes + 1);
        s->whole = malloc(window * row_bytes + 1);
        s->seen = malloc(window);
        s->received_runs = malloc((window + s->plan.files) * sizeof *s->received_runs);
        failed |= !s->shares || !s->bytes || !s->bytes_at || !s->received || !s->whole || !s->seen ||
                  !s->received_runs;
    }
    if (failed) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows; reduce --memory", window);
    if (!root) return TRI_OK;
    s->run_bytes = s->bytes + ranks;
    s->run_bytes_at = s->bytes_at + ranks;
    return TRI_OK;
}

static tri_status check_out(const state *s) {
    for (size_t p = 0; p < s->mine.count; p++)
        TRI_TRY(tri_out_check(s->out_file, s->mine.file[p].file));
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    TRI_TRY(tri_agree(run->comm, read_out(s)));
    TRI_TRY(gather_find(run, &s->files, s->out_path, &s->plan, &s->mine));
    TRI_TRY(tri_agree(run->comm, check_out(s)));
    /* Rank 0 holds its own rows, the received rows and the window, and at most two runs per row. */
    TRI_TRY(
        tri_agree(run->comm, rows_window(&s->plan.shape, s->memory, 3, 2 * sizeof(row_run) + 1, &s->window)));
    return allocate(s, run);
}

/* ---- Run ---- */

static tri_status start_whole(state *s, tri_run *run) {
    tri_array_destroy(&s->array);
    tri_result_destroy(&s->result);
    memset(s->next, 0, s->mine.count * sizeof *s->next);
    TRI_TRY(tri_result_create_at(
        run->comm, s->out_file, TRI_RESULT_PLAIN | (tri_replaces(run) ? TRI_RESULT_REPLACE : 0), &s->result));
    return tri_array_create(s->result, s->out_path ? s->out_path : s->plan.path, &s->plan.form,
                            s->plan.shape.rank, s->plan.shape.dims, NULL, &s->array);
}

/* Loads this rank's rows in [first, below), file by file. A file stays open from its first row to its
 * last. */
static tri_status load(state *s, size_t first, size_t below, share *mine) {
    size_t row_bytes = s->plan.shape.row_bytes, room = below - first;
    *mine = (share){0, 0};
    for (size_t p = 0; p < s->mine.count; p++) {
        split_file *here = &s->mine.file[p];
        size_t runs, rows;
        if (s->next[p] == here->shape.dims[0] || here->first >= (int64_t)below) continue;
        TRI_TRY(split_file_reopen(here));
        TRI_TRY(
            split_file_runs(here, s->next[p], room - mine->rows, below, s->runs + mine->runs, &runs, &rows));
        if (rows && s->runs[mine->runs].first < first)
            return tri_fail(TRI_ERR_DATA, "'%s' has row %zu, which is also in another split file", here->file,
                            s->runs[mine->runs].first);
        TRI_TRY(rows_read(here->data, s->next[p], rows, s->rows + mine->rows * row_bytes));
        s->next[p] += rows;
        mine->rows += rows;
        mine->runs += runs;
        if (s->next[p] == here->shape.dims[0]) split_file_close(here);
    }
    return TRI_OK;
}

/* Rank 0: checks that each row of the window arrives exactly once. */
static tri_status check_shares(state *s, int ranks, size_t first, size_t count) {
    size_t rows = 0, runs = 0;
    for (int r = 0; r < ranks; r++) {
        s->bytes_at[r] = (ptrdiff_t)(rows * s->plan.shape.row_bytes);
        s->run_bytes_at[r] = (ptrdiff_t)(runs * sizeof *s->runs);
        s->bytes[r] = s->shares[r].rows * s->plan.shape.row_bytes;
        s->run_bytes[r] = s->shares[r].runs * sizeof *s->runs;
        rows += s->shares[r].rows;
        runs += s->shares[r].runs;
    }
    if (rows == count) return TRI_OK;
    return tri_fail(TRI_ERR_DATA,
                    "the split files have %zu rows between %zu and %zu, not %zu: they do not belong together",
                    rows, first, first + count - 1, count);
}

static tri_status communicate(state *s, tri_run *run, const share *mine) {
    TRI_TRY(tri_gatherv(s->rows, mine->rows * s->plan.shape.row_bytes, MPI_BYTE, s->received, s->bytes,
                        s->bytes_at, MPI_BYTE, 0, run->comm));
    return tri_gatherv(s->runs, mine->runs * sizeof *s->runs, MPI_BYTE, s->received_runs, s->run_bytes,
                       s->run_bytes_at, MPI_BYTE, 0, run->comm);
}

/* Rank 0: copies the rows to their positions in the window. */
static tri_status arrange(state *s, int ranks, size_t first) {
    size_t row_bytes = s->plan.shape.row_bytes;
    const char *from = s->received;
    size_t runs = ((size_t)s->run_bytes_at[ranks - 1] + s->run_bytes[ranks - 1]) / sizeof *s->runs;
    memset(s->seen, 0, s->window);
    for (size_t r = 0; r < runs; r++) {
        size_t at = s->received_runs[r].first - first, count = s->received_runs[r].count;
        if (memchr(s->seen + at, 1, count))
            return tri_fail(TRI_ERR_DATA, "rows %zu to %zu are in two split files", first + at,
                            first + at + count - 1);
        memset(s->seen + at, 1, count);
        memcpy(s->whole + at * row_bytes, from, count * row_bytes);
        from += count * row_bytes;
    }
    return TRI_OK;
}

static tri_status write_window(state *s, size_t first, size_t count, int root) {
    size_t start[32] = {first}, length[32];
    memcpy(length, s->plan.shape.dims, sizeof length);
    length[0] = root ? count : 0;
    return tri_array_write(s->array, start, length, s->whole);
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    size_t rows = s->plan.shape.dims[0], row_bytes = s->plan.shape.row_bytes;
    int root = tri_comm_rank(run->comm) == 0, ranks = tri_comm_size(run->comm);
    TRI_TRY(start_whole(s, run));
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first < s->window ? rows - first : s->window;
        share mine;
        double start = tri_now_s();
        TRI_TRY(tri_agree(run->comm, load(s, first, first + count, &mine)));
        tri_report_phase(run, "read", tri_now_s() - start, (double)(mine.rows * row_bytes));
        start = tri_now_s();
        TRI_TRY(tri_gather(&mine, sizeof mine, MPI_BYTE, s->shares, sizeof mine, MPI_BYTE, 0, run->comm));
        TRI_TRY(tri_agree(run->comm, root ? check_shares(s, ranks, first, count) : TRI_OK));
        TRI_TRY(communicate(s, run, &mine));
        TRI_TRY(tri_agree(run->comm, root ? arrange(s, ranks, first) : TRI_OK));
        tri_report_phase(run, "communicate", tri_now_s() - start, root ? (double)(count * row_bytes) : 0);
        start = tri_now_s();
        TRI_TRY(write_window(s, first, count, root));
        tri_report_phase(run, "write", tri_now_s() - start, root ? (double)(count * row_bytes) : 0);
        tri_progress(run, "joining", (double)(first + count), (double)rows, "rows");
    }
    double start = tri_now_s();
    TRI_TRY(tri_result_finish(s->result));
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    return TRI_OK;
}

/* ---- Verify and record ---- */

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    tri_dataset *whole = NULL;
    tri_status status = TRI_OK;
    if (tri_comm_rank(run->comm) == 0)
        status = tri_dataset_open_stored(NULL, s->out_file, s->out_path ? s->out_path : s->plan.path, &whole);
    status = tri_agree(run->comm, status);
    if (status == TRI_OK)
        status =
            split_files_compare(run, whole, s->plan.shape.row_bytes, s->mine.file, s->mine.count, s->window);
    tri_dataset_destroy(&whole);
    return status;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    if (tri_comm_rank(run->comm)) return TRI_OK;
    tri_report_text(run, "output", s->out);
    tri_report_integer(run, "parts", (int64_t)s->plan.files, "1", "files joined");
    tri_report_integer(run, "rows", (int64_t)s->plan.shape.dims[0], "1", "rows of the whole dataset");
    tri_report_integer(run, "row_bytes", (int64_t)s->plan.shape.row_bytes, "B", "bytes of a row");
    if (s->check) tri_report_text(run, "verify", "every row of every split file compared with the output");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    tri_array_destroy(&s->array);
    tri_result_destroy(&s->result);
    gather_files_free(&s->mine);
    tri_template_free(&s->plan.form);
    free(s->out_file);
    free(s->out_path);
    free(s->next);
    free(s->rows);
    free(s->runs);
    free(s->shares);
    free(s->bytes);
    free(s->bytes_at);
    free(s->received);
    free(s->whole);
    free(s->seen);
    free(s->received_runs);
}

static const tri_app app = {
    .name = "gather",
    .summary = "joins the split files of a dataset into one file, with any number of ranks",
    .examples = "mpirun -np 4 trireme gather '/scratch/p*.h5' --out whole.h5:/particles --verify\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .outputs = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
