/* Splits a dataset by rows: from a file that only rank 0 opens into one file per rank.
 *
 * The pattern is a scatter: rank 0 has all data, and every rank gets its share. Rank 0 reads the file
 * once, front to back, in windows that fit into memory. tri_scatterv sends each rank its rows of a window,
 * and the rank appends them to its split file. While the ranks write, rank 0 reads the next window. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/common/split_file.h"
#include "apps/driver/app.h"
#include "apps/scatter/owner.h"

/* Broadcast by rank 0 before the work. */
typedef struct plan {
    row_shape shape;
    size_t window; /* rows at a time */
    char split[64], path[1024];
} plan;

/* A rank's share of a window: number of rows and of runs. */
typedef struct share {
    size_t rows, runs;
} share;

typedef struct state {
    /* options */
    const char *file, *out, *weights, *key;
    size_t memory;
    bool check;
    /* the whole dataset; all except the plan on rank 0 only */
    plan plan;
    tri_template form;
    tri_dataset *whole;
    scatter_owner owner;
    char *window, *packed;
    scatter_piece *pieces;
    row_run *sorted; /* the runs of a window, rank by rank */
    share *shares;
    size_t *bytes, *run_bytes; /* for each rank, in one window */
    ptrdiff_t *bytes_at, *run_bytes_at;
    /* this rank's split file */
    tri_comm *alone;
    char *split_path;
    row_run mine; /* first: SIZE_MAX with a key */
    tri_result *split;
    tri_array *rows, *numbers;
    char *received;
    row_run *runs;
    int64_t *row_numbers;
    size_t done; /* rows already written */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, file, "FILE.h5:/DATASET", NULL,
               "dataset to split, also FILE.npy, FILE.bin:f8:1000x1000, or - for standard input; only rank 0 "
               "opens the file",
               .argument = true, .required = true),
    TRI_OPTION(state, out, "out", NULL, "name of the split files, with %r for the rank: 'parts/p%r.h5'"),
    TRI_OPTION(state, weights, "weights", NULL,
               "one number per rank, such as 1,2,1; rows are divided in proportion; default: equally"),
    TRI_OPTION(
        state, key, "key", NULL,
        "column number, or path of a dataset with one whole number per row: the key; a row goes to rank "
        "(key modulo number of ranks)"),
    TRI_OPTION(state, memory, "memory", "256Mi", "bytes that each rank holds at a time"),
    TRI_OPTION(state, check, "verify", NULL,
               "read all split files again and compare every row with the input"),
    {.name = NULL},
};

/* ---- Setup ---- */

static tri_status name_split_file(state *s, tri_run *run) {
    const char *mark = s->out ? strstr(s->out, "%r") : NULL;
    if (!mark)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--out %s; give a name with %%r for the rank: --out 'parts/p%%r.h5'",
                        s->out ? "has no %r, so every rank would write the same file" : "is missing");
    /* Each %r, two characters, becomes a number of at most ten digits. */
    size_t room = 5 * strlen(s->out) + 1, length = 0;
    s->split_path = malloc(room);
    if (!s->split_path) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", s->out);
    const char *at = s->out;
    for (; mark; at = mark + 2, mark = strstr(at, "%r"))
        length += (size_t)snprintf(s->split_path + length, room - length, "%.*s%d", (int)(mark - at), at,
                                   tri_comm_rank(run->comm));
    snprintf(s->split_path + length, room - length, "%s", at);

    char *file, *path;
    TRI_TRY(tri_spec_split(s->file, &file, &path));
    tri_status status = tri_out_check(s->split_path, file);
    free(file);
    free(path);
    return status;
}

/* Rank 0: opens the file and divides its rows. */
static tri_status open_whole(state *s, tri_run *run) {
    int parts = tri_comm_size(run->comm);
    if (s->weights && s->key) return tri_fail(TRI_ERR_ARGUMENT, "--weights and --key exclude each other");
    TRI_TRY(tri_dataset_open_stored(NULL, s->file, NULL, &s->whole));
    TRI_TRY(row_shape_of(s->whole, &s->plan.shape));
    /* With a key: each row in file order and in rank order, and its key, piece and run. */
    TRI_TRY(rows_window(&s->plan.shape, s->memory, s->key ? 2 : 1,
                        s->key ? sizeof(int64_t) + sizeof(scatter_piece) + sizeof(row_run) : 0,
                        &s->plan.window));
    const char *path = tri_dataset_path(s->whole);
    if (strlen(path) >= sizeof s->plan.path || !strcmp(path, "/" SPLIT_ROW_NUMBERS))
        return tri_fail(TRI_ERR_DATA,
                        "the dataset name '%.80s' is reserved or too long for split files; rename it", path);
    strcpy(s->plan.path, path);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(s->plan.split, sizeof s->plan.split, "%.24s-%ld-%lld.%09ld", tri_comm_host(run->comm),
             (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
    TRI_TRY(tri_template_take(s->whole, &s->form));
    TRI_TRY(scatter_owner_create(s->whole, s->weights, s->key, parts, s->plan.window, &s->owner));

    size_t most = s->plan.window > (size_t)parts ? s->plan.window : (size_t)parts, p = (size_t)parts;
    s->window = malloc(s->plan.window * s->plan.shape.row_bytes + 1);
    s->packed = s->key ? malloc(s->plan.window * s->plan.shape.row_bytes + 1) : s->window;
    s->pieces = malloc((s->key ? most : p) * sizeof *s->pieces);
    s->sorted = malloc((s->key ? most : p) * sizeof *s->sorted);
    s->shares = malloc(p * sizeof *s->shares);
    s->bytes = malloc(2 * p * sizeof *s->bytes);
    s->bytes_at = malloc(2 * p * sizeof *s->bytes_at);
    if (!s->window || !s->packed || !s->pieces || !s->sorted || !s->shares || !s->bytes || !s->bytes_at)
        return tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows; reduce --memory", s->plan.window);
    s->run_bytes = s->bytes + p;
    s->run_bytes_at = s->bytes_at + p;
    return TRI_OK;
}

static tri_status allocate(state *s) {
    size_t rows = s->plan.window < s->mine.count ? s->plan.window : s->mine.count;
    s->received = malloc(rows * s->plan.shape.row_bytes + 1);
    s->runs = malloc((rows + 1) * sizeof *s->runs);
    s->row_numbers = s->key ? malloc((rows + 1) * sizeof *s->row_numbers) : NULL;
    if (!s->received || !s->runs || (s->key && !s->row_numbers))
        return tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows; reduce --memory", rows);
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    int root = tri_comm_rank(run->comm) == 0;
    TRI_TRY(tri_agree(run->comm, name_split_file(s, run)));
    TRI_TRY(tri_agree(run->comm, root ? open_whole(s, run) : TRI_OK));
    tri_comm_options plain = {.algorithms = "", .network = "none"};
    TRI_TRY(tri_comm_create_with(MPI_COMM_SELF, &plain, &s->alone));
    TRI_TRY(tri_bcast(&s->plan, sizeof s->plan, MPI_BYTE, 0, run->comm));
    TRI_TRY(tri_template_share(&s->form, 0, run->comm));
    for (int p = 0; p < tri_comm_size(run->comm) && root; p++)
        s->sorted[p] = (row_run){s->key ? SIZE_MAX : s->owner.first[p], s->owner.count[p]};
    TRI_TRY(
        tri_scatter(s->sorted, sizeof s->mine, MPI_BYTE, &s->mine, sizeof s->mine, MPI_BYTE, 0, run->comm));
    return allocate(s);
}

/* ---- Run ---- */

static tri_status start_split_file(state *s, tri_run *run) {
    const row_shape *shape = &s->plan.shape;
    size_t dims[32];
    tri_array_destroy(&s->rows);
    tri_array_destroy(&s->numbers);
    tri_result_destroy(&s->split);
    s->done = 0;
    TRI_TRY(
        tri_result_create_at(s->alone, s->split_path, tri_replaces(run) ? TRI_RESULT_REPLACE : 0, &s->split));
    tri_result_text(s->split, "program", "scatter");
    tri_result_text(s->split, "source", s->file);
    tri_result_text(s->split, SPLIT_ID, s->plan.split);
    tri_result_integer(s->split, SPLIT_INDEX, tri_comm_rank(run->comm));
    tri_result_integer(s->split, SPLIT_COUNT, tri_comm_size(run->comm));
    tri_result_integer(s->split, SPLIT_FIRST, s->key ? -1 : (int64_t)s->mine.first);
    tri_result_integer(s->split, SPLIT_ROWS, (int64_t)s->mine.count);
    tri_result_integer(s->split, SPLIT_TOTAL, (int64_t)shape->dims[0]);
    memcpy(dims, shape->dims, sizeof dims);
    dims[0] = s->mine.count;
    TRI_TRY(tri_array_create(s->split, s->plan.path, &s->form, shape->rank, dims, NULL, &s->rows));
    return s->key ? tri_array_create(s->split, SPLIT_ROW_NUMBERS, NULL, 1, dims, NULL, &s->numbers) : TRI_OK;
}

/* Rank 0: reads the rows [first, first + count) and sorts them by rank. */
static tri_status load(state *s, size_t first, size_t count) {
    size_t row_bytes = s->plan.shape.row_bytes, piece_count, parts = (size_t)s->owner.parts;
    TRI_TRY(rows_read(s->whole, first, count, s->window));
    TRI_TRY(scatter_owner_pieces(&s->owner, first, count, s->pieces, &piece_count));
    memset(s->shares, 0, parts * sizeof *s->shares);
    for (size_t i = 0; i < piece_count; i++) {
        s->shares[s->pieces[i].part].rows += s->pieces[i].rows.count;
        s->shares[s->pieces[i].part].runs++;
    }
    for (size_t p = 0, bytes = 0, runs = 0; p < parts; p++) {
        s->bytes_at[p] = (ptrdiff_t)bytes;
        s->run_bytes_at[p] = (ptrdiff_t)runs;
        bytes += s->bytes[p] = s->shares[p].rows * row_bytes;
        runs += s->run_bytes[p] = s->shares[p].runs * sizeof *s->sorted;
    }
    if (!s->key) return TRI_OK; /* Consecutive rows are already in rank order. */
    for (size_t i = 0; i < piece_count; i++) {
        const scatter_piece *piece = &s->pieces[i];
        size_t bytes = piece->rows.count * row_bytes;
        memcpy(s->packed + s->bytes_at[piece->part], s->window + (piece->rows.first - first) * row_bytes,
               bytes);
        s->sorted[(size_t)s->run_bytes_at[piece->part] / sizeof *s->sorted] = piece->rows;
        s->bytes_at[piece->part] += (ptrdiff_t)bytes;
        s->run_bytes_at[piece->part] += (ptrdiff_t)sizeof *s->sorted;
    }
    for (size_t p = 0; p < parts; p++) {
        s->bytes_at[p] -= (ptrdiff_t)s->bytes[p];
        s->run_bytes_at[p] -= (ptrdiff_t)s->run_bytes[p];
    }
    return TRI_OK;
}

/* Scatters the shares of a window: first their sizes, then the rows. */
static tri_status communicate(state *s, tri_run *run, share *mine) {
    TRI_TRY(tri_scatter(s->shares, sizeof *mine, MPI_BYTE, mine, sizeof *mine, MPI_BYTE, 0, run->comm));
    TRI_TRY(tri_scatterv(s->packed, s->bytes, s->bytes_at, MPI_BYTE, s->received,
                         mine->rows * s->plan.shape.row_bytes, MPI_BYTE, 0, run->comm));
    if (!s->key) return TRI_OK;
    return tri_scatterv(s->sorted, s->run_bytes, s->run_bytes_at, MPI_BYTE, s->runs,
                        mine->runs * sizeof *s->runs, MPI_BYTE, 0, run->comm);
}

/* Appends the received rows to this rank's split file. */
static tri_status store(state *s, const share *mine) {
    size_t start[32] = {s->done}, count[32], used = 0;
    memcpy(count, s->plan.shape.dims, sizeof count);
    count[0] = mine->rows;
    s->done += mine->rows;
    TRI_TRY(tri_array_write(s->rows, start, count, s->received));
    if (!s->key) return TRI_OK;
    for (size_t r = 0; r < mine->runs; r++)
        for (size_t i = 0; i < s->runs[r].count; i++)
            s->row_numbers[used++] = (int64_t)(s->runs[r].first + i);
    return tri_array_write(s->numbers, start, count, s->row_numbers);
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    size_t rows = s->plan.shape.dims[0], row_bytes = s->plan.shape.row_bytes;
    int root = tri_comm_rank(run->comm) == 0;
    tri_status status = start_split_file(s, run);
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first < s->plan.window ? rows - first : s->plan.window;
        share mine;
        double start = tri_now_s();
        if (root && status == TRI_OK) status = load(s, first, count);
        tri_report_phase(run, "read", tri_now_s() - start, root ? (double)(count * row_bytes) : 0);
        /* No message is in flight: any failure, of reading or writing, ends the run here. */
        start = tri_now_s();
        TRI_TRY(tri_agree(run->comm, status));
        TRI_TRY(communicate(s, run, &mine));
        tri_report_phase(run, "communicate", tri_now_s() - start, (double)(mine.rows * row_bytes));
        start = tri_now_s();
        status = store(s, &mine);
        tri_report_phase(run, "write", tri_now_s() - start, (double)(mine.rows * row_bytes));
        tri_progress(run, "splitting", (double)(first + count), (double)rows, "rows");
    }
    TRI_TRY(tri_agree(run->comm, status));
    double start = tri_now_s();
    tri_status mine = tri_result_finish(s->split);
    status = tri_agree(run->comm, mine);
    /* All files or none. */
    if (status != TRI_OK && mine == TRI_OK) remove(s->split_path);
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    return status;
}

/* ---- Verify and record ---- */

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    split_file mine;
    TRI_TRY(tri_agree(run->comm, split_file_open(s->split_path, s->plan.path, &mine)));
    uint64_t rows = mine.shape.dims[0], all = 0;
    tri_status status = split_files_compare(run, s->whole, s->plan.shape.row_bytes, &mine, 1, s->plan.window);
    split_file_free(&mine);
    if (status == TRI_ERR_MPI) return status;
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_allreduce(&rows, &all, 1, MPI_UINT64_T, MPI_SUM, run->comm));
    if (all == s->plan.shape.dims[0]) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "the split files have %zu rows, but the input has %zu", (size_t)all,
                    s->plan.shape.dims[0]);
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    if (tri_comm_rank(run->comm)) return TRI_OK;
    size_t least = SIZE_MAX, most = 0, parts = (size_t)s->owner.parts;
    for (size_t p = 0; p < parts; p++) {
        if (s->owner.count[p] < least) least = s->owner.count[p];
        if (s->owner.count[p] > most) most = s->owner.count[p];
    }
    tri_report_text(run, "input", s->file);
    tri_report_text(run, "output", s->out);
    tri_report_integer(run, "parts", (int64_t)parts, "1", "files written, one per rank");
    tri_report_integer(run, "rows", (int64_t)s->plan.shape.dims[0], "1", "rows of the whole dataset");
    tri_report_integer(run, "row_bytes", (int64_t)s->plan.shape.row_bytes, "B", "bytes of a row");
    tri_report_integer(run, "least_rows", (int64_t)least, "1", "rows of the smallest split file");
    tri_report_integer(run, "most_rows", (int64_t)most, "1", "rows of the largest split file");
    if (run->result)
        tri_result_integers(run->result, "rows_of_part", 1, &parts, (const int64_t *)s->owner.count, "1",
                            "rows of each split file");
    if (s->check) tri_report_text(run, "verify", "every row of every split file compared with the input");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    tri_array_destroy(&s->rows);
    tri_array_destroy(&s->numbers);
    tri_result_destroy(&s->split);
    tri_template_free(&s->form);
    scatter_owner_free(&s->owner);
    tri_dataset_destroy(&s->whole);
    if (s->packed != s->window) free(s->packed);
    free(s->window);
    free(s->pieces);
    free(s->sorted);
    free(s->shares);
    free(s->bytes);
    free(s->bytes_at);
    free(s->received);
    free(s->runs);
    free(s->row_numbers);
    free(s->split_path);
    tri_comm_destroy(&s->alone);
}

static const tri_app app = {
    .name = "scatter",
    .summary = "splits a dataset by rows into one file per rank; only rank 0 needs access to the input",
    .examples = "mpirun -np 4 trireme scatter run.h5:/particles --out '/scratch/p%r.h5'\n"
                "mpirun -np 4 trireme scatter run.h5:/particles --out 'parts/p%r.h5' --key /owner\n",
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
