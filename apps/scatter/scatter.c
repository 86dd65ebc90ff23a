/* Splits a dataset by rows: from a file that only rank 0 sees into one file for each rank.
 *
 * The pattern is a scatter: rank 0 has all the data, and every rank gets its own part of it. Rank 0 reads the file from
 * front to back in windows that fit into memory; of each window every rank gets the rows that are its own, with
 * tri_scatterv, and adds them to its part. While the ranks write, rank 0 reads on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/common/parts.h"
#include "apps/driver/app.h"
#include "apps/scatter/owner.h"

/* What rank 0 tells the others before the work. */
typedef struct plan {
    parts_shape shape;
    size_t window; /* rows at a time */
    char split[64], path[1024];
} plan;

/* How many rows of a window a rank gets, in how many runs. */
typedef struct share {
    size_t rows, runs;
} share;

typedef struct state {
    /* options */
    const char *file, *out, *weights, *key;
    size_t memory;
    bool replace, check;
    /* the whole; all but the plan at rank 0 only */
    plan plan;
    tri_template form;
    tri_dataset *whole;
    scatter_owner owner;
    char *window, *packed;
    scatter_piece *pieces;
    parts_run *sorted; /* the runs of a window, part by part */
    share *shares;
    size_t *bytes, *bytes_at, *run_bytes, *run_bytes_at; /* of each part, in one window */
    /* this rank's part */
    tri_comm *alone;
    char *part_file;
    parts_run mine; /* first: SIZE_MAX with a key */
    tri_result *part;
    tri_array *rows, *numbers;
    char *received;
    parts_run *runs;
    int64_t *row_numbers;
    size_t done; /* rows of the part that are written */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, file, "FILE.h5:/DATASET", NULL, "what to split; only rank 0 opens it", .argument = true,
               .required = true),
    TRI_OPTION(state, out, "out", NULL, "name of the parts, with %r for the rank: 'parts/p%r.h5'"),
    TRI_OPTION(state, weights, "weights", NULL,
               "1,2,1: rows in proportion, a number for each rank; else even parts"),
    TRI_OPTION(
        state, key, "key", NULL,
        "rows go to rank key modulo ranks: the number of a column, or the path of a dataset with one whole "
        "number for each row"),
    TRI_OPTION(state, memory, "memory", "256Mi", "bytes that each rank may hold at a time"),
    TRI_OPTION(state, replace, "replace", NULL, "replace parts that exist"),
    TRI_OPTION(state, check, "verify", NULL, "read all parts again and compare every row with the file"),
    {.name = NULL},
};

/* ---- Setup ---- */

static tri_status name_part(state *s, tri_run *run) {
    const char *mark = s->out ? strstr(s->out, "%r") : NULL;
    if (!mark)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--out: %s: name the parts with %%r for the rank, as in --out 'parts/p%%r.h5'",
                        s->out ? "every rank would write the same file" : "is missing");
    /* Each %r, two characters, becomes a number of ten digits at most. */
    size_t room = 5 * strlen(s->out) + 1, length = 0;
    s->part_file = malloc(room);
    if (!s->part_file) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", s->out);
    const char *at = s->out;
    for (; mark; at = mark + 2, mark = strstr(at, "%r"))
        length += (size_t)snprintf(s->part_file + length, room - length, "%.*s%d", (int)(mark - at), at,
                                   tri_comm_rank(run->comm));
    snprintf(s->part_file + length, room - length, "%s", at);

    char *file, *path;
    TRI_TRY(tri_spec_split(s->file, &file, &path));
    tri_status status = tri_out_check(s->part_file, file);
    free(file);
    free(path);
    return status;
}

/* Rank 0: the file, and who gets what of it. */
static tri_status open_whole(state *s, tri_run *run) {
    int parts = tri_comm_size(run->comm);
    if (s->weights && s->key) return tri_fail(TRI_ERR_ARGUMENT, "--weights and --key exclude each other");
    TRI_TRY(tri_dataset_open_stored(NULL, s->file, NULL, &s->whole));
    TRI_TRY(parts_shape_of(s->whole, &s->plan.shape));
    /* With a key: rows in the file's order and in the parts'; and the key, a piece and a run of each row. */
    TRI_TRY(parts_window(&s->plan.shape, s->memory, s->key ? 2 : 1,
                         s->key ? sizeof(int64_t) + sizeof(scatter_piece) + sizeof(parts_run) : 0,
                         &s->plan.window));
    const char *path = tri_dataset_path(s->whole);
    if (strlen(path) >= sizeof s->plan.path || !strcmp(path, "/" PARTS_NUMBERS))
        return tri_fail(TRI_ERR_DATA, "the name '%.80s' of the dataset cannot be used in parts", path);
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
    s->bytes = malloc(4 * p * sizeof *s->bytes);
    if (!s->window || !s->packed || !s->pieces || !s->sorted || !s->shares || !s->bytes)
        return tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows; ask for less with --memory", s->plan.window);
    s->bytes_at = s->bytes + p;
    s->run_bytes = s->bytes + 2 * p;
    s->run_bytes_at = s->bytes + 3 * p;
    return TRI_OK;
}

static tri_status allocate(state *s) {
    size_t rows = s->plan.window < s->mine.count ? s->plan.window : s->mine.count;
    s->received = malloc(rows * s->plan.shape.row_bytes + 1);
    s->runs = malloc((rows + 1) * sizeof *s->runs);
    s->row_numbers = s->key ? malloc((rows + 1) * sizeof *s->row_numbers) : NULL;
    if (!s->received || !s->runs || (s->key && !s->row_numbers))
        return tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows; ask for less with --memory", rows);
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    int root = tri_comm_rank(run->comm) == 0;
    TRI_TRY(tri_agree(run->comm, name_part(s, run)));
    TRI_TRY(tri_agree(run->comm, root ? open_whole(s, run) : TRI_OK));
    tri_comm_options plain = {.algorithms = "", .network = "none"};
    TRI_TRY(tri_comm_create_with(MPI_COMM_SELF, &plain, &s->alone));
    TRI_TRY(tri_bcast(&s->plan, sizeof s->plan, MPI_BYTE, 0, run->comm));
    TRI_TRY(tri_template_share(&s->form, 0, run->comm));
    for (int p = 0; p < tri_comm_size(run->comm) && root; p++)
        s->sorted[p] = (parts_run){s->key ? SIZE_MAX : s->owner.first[p], s->owner.count[p]};
    TRI_TRY(
        tri_scatter(s->sorted, sizeof s->mine, MPI_BYTE, &s->mine, sizeof s->mine, MPI_BYTE, 0, run->comm));
    return allocate(s);
}

/* ---- Run ---- */

static tri_status start_part(state *s, tri_run *run) {
    const parts_shape *shape = &s->plan.shape;
    size_t dims[32];
    tri_array_destroy(&s->rows);
    tri_array_destroy(&s->numbers);
    tri_result_destroy(&s->part);
    s->done = 0;
    /* A repeat replaces what the one before it has made. */
    int again = run->repeat > -run->common->warmup;
    TRI_TRY(
        tri_result_create_at(s->alone, s->part_file, s->replace || again ? TRI_RESULT_REPLACE : 0, &s->part));
    tri_result_text(s->part, "program", "scatter");
    tri_result_text(s->part, "source", s->file);
    tri_result_text(s->part, PARTS_SPLIT, s->plan.split);
    tri_result_integer(s->part, PARTS_INDEX, tri_comm_rank(run->comm));
    tri_result_integer(s->part, PARTS_COUNT, tri_comm_size(run->comm));
    tri_result_integer(s->part, PARTS_FIRST, s->key ? -1 : (int64_t)s->mine.first);
    tri_result_integer(s->part, PARTS_ROWS, (int64_t)s->mine.count);
    tri_result_integer(s->part, PARTS_TOTAL, (int64_t)shape->dims[0]);
    memcpy(dims, shape->dims, sizeof dims);
    dims[0] = s->mine.count;
    TRI_TRY(tri_array_create(s->part, s->plan.path, &s->form, shape->rank, dims, NULL, &s->rows));
    return s->key ? tri_array_create(s->part, PARTS_NUMBERS, NULL, 1, dims, NULL, &s->numbers) : TRI_OK;
}

/* Rank 0: the rows [first, first + count), and whose they are. */
static tri_status load(state *s, size_t first, size_t count) {
    size_t row_bytes = s->plan.shape.row_bytes, piece_count, parts = (size_t)s->owner.parts;
    TRI_TRY(parts_read(s->whole, first, count, s->window));
    TRI_TRY(scatter_owner_pieces(&s->owner, first, count, s->pieces, &piece_count));
    memset(s->shares, 0, parts * sizeof *s->shares);
    for (size_t i = 0; i < piece_count; i++) {
        s->shares[s->pieces[i].part].rows += s->pieces[i].rows.count;
        s->shares[s->pieces[i].part].runs++;
    }
    for (size_t p = 0, bytes = 0, runs = 0; p < parts; p++) {
        s->bytes_at[p] = bytes;
        s->run_bytes_at[p] = runs;
        bytes += s->bytes[p] = s->shares[p].rows * row_bytes;
        runs += s->run_bytes[p] = s->shares[p].runs * sizeof *s->sorted;
    }
    if (!s->key) return TRI_OK; /* Consecutive rows lie in the order of the parts already. */
    for (size_t i = 0; i < piece_count; i++) {
        const scatter_piece *piece = &s->pieces[i];
        size_t bytes = piece->rows.count * row_bytes;
        memcpy(s->packed + s->bytes_at[piece->part], s->window + (piece->rows.first - first) * row_bytes,
               bytes);
        s->sorted[s->run_bytes_at[piece->part] / sizeof *s->sorted] = piece->rows;
        s->bytes_at[piece->part] += bytes;
        s->run_bytes_at[piece->part] += sizeof *s->sorted;
    }
    for (size_t p = 0; p < parts; p++) {
        s->bytes_at[p] -= s->bytes[p];
        s->run_bytes_at[p] -= s->run_bytes[p];
    }
    return TRI_OK;
}

/* Each rank gets its share of the window: first how much it is, then the rows. */
static tri_status communicate(state *s, tri_run *run, share *mine) {
    TRI_TRY(tri_scatter(s->shares, sizeof *mine, MPI_BYTE, mine, sizeof *mine, MPI_BYTE, 0, run->comm));
    TRI_TRY(tri_scatterv(s->packed, s->bytes, s->bytes_at, MPI_BYTE, s->received,
                         mine->rows * s->plan.shape.row_bytes, MPI_BYTE, 0, run->comm));
    if (!s->key) return TRI_OK;
    return tri_scatterv(s->sorted, s->run_bytes, s->run_bytes_at, MPI_BYTE, s->runs,
                        mine->runs * sizeof *s->runs, MPI_BYTE, 0, run->comm);
}

/* Adds the rows that came to this rank's part. */
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
    tri_status status = start_part(s, run);
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first < s->plan.window ? rows - first : s->plan.window;
        share mine;
        double start = tri_now_s();
        if (root && status == TRI_OK) status = load(s, first, count);
        tri_report_phase(run, "read", tri_now_s() - start, root ? (double)(count * row_bytes) : 0);
        /* Nothing is in flight: what has failed anywhere, now or when writing, ends the run here. */
        start = tri_now_s();
        TRI_TRY(tri_agree(run->comm, status));
        TRI_TRY(communicate(s, run, &mine));
        tri_report_phase(run, "communicate", tri_now_s() - start, (double)(mine.rows * row_bytes));
        start = tri_now_s();
        status = store(s, &mine);
        tri_report_phase(run, "write", tri_now_s() - start, (double)(mine.rows * row_bytes));
        tri_progress(run, "splitting", (double)(first + count) / (double)rows);
    }
    TRI_TRY(tri_agree(run->comm, status));
    double start = tri_now_s();
    tri_status mine = tri_result_finish(s->part);
    status = tri_agree(run->comm, mine);
    /* All parts or none. */
    if (status != TRI_OK && mine == TRI_OK) remove(s->part_file);
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    return status;
}

/* ---- Verify and record ---- */

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    if (!s->check) return TRI_OK;
    part mine;
    TRI_TRY(tri_agree(run->comm, part_open(s->part_file, s->plan.path, &mine)));
    uint64_t rows = mine.shape.dims[0], all = 0;
    tri_status status = parts_compare(run, s->whole, s->plan.shape.row_bytes, &mine, 1, s->plan.window);
    part_free(&mine);
    if (status == TRI_ERR_MPI) return status;
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_allreduce(&rows, &all, 1, MPI_UINT64_T, MPI_SUM, run->comm));
    if (all == s->plan.shape.dims[0]) return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "the parts have %zu rows, but the file has %zu", (size_t)all,
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
    tri_report_integer(run, "parts", (int64_t)parts, "1", "files written, one for each rank");
    tri_report_integer(run, "rows", (int64_t)s->plan.shape.dims[0], "1", "rows of the whole dataset");
    tri_report_integer(run, "row_bytes", (int64_t)s->plan.shape.row_bytes, "B", "bytes of a row");
    tri_report_integer(run, "least_rows", (int64_t)least, "1", "rows of the smallest part");
    tri_report_integer(run, "most_rows", (int64_t)most, "1", "rows of the largest part");
    if (run->result)
        tri_result_integers(run->result, "rows_of_part", 1, &parts, (const int64_t *)s->owner.count, "1",
                            "rows of each part");
    if (s->check) tri_report_text(run, "verify", "every row of every part compared with the file");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    tri_array_destroy(&s->rows);
    tri_array_destroy(&s->numbers);
    tri_result_destroy(&s->part);
    tri_template_free(&s->form);
    scatter_owner_free(&s->owner);
    tri_dataset_destroy(&s->whole);
    if (s->packed != s->window) free(s->packed);
    free(s->window);
    free(s->pieces);
    free(s->sorted);
    free(s->shares);
    free(s->bytes);
    free(s->received);
    free(s->runs);
    free(s->row_numbers);
    free(s->part_file);
    tri_comm_destroy(&s->alone);
}

static const tri_app app = {
    .name = "scatter",
    .summary = "splits a dataset by rows, from a file that only rank 0 sees, into one file for each rank",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
