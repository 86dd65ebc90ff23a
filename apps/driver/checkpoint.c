/* Writes and reads one checkpoint. */
#include "apps/driver/checkpoint_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tri_checkpoint {
    tri_run *run;
    const char *path; /* of the file to read; NULL: writing */
    tri_result *file; /* to write */
};

static const char *const step_name = "checkpoint/step";

/* ---- hashes ---- */

/* The finalizer of SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators",
 * figure 17). */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

uint64_t tri_block_hash(int rank, const size_t dims[], const size_t start[], const size_t count[],
                        const double *values) {
    size_t rows = 1, columns = count[rank - 1];
    uint64_t hash = 0;
    for (int d = 0; d < rank - 1; d++)
        rows *= count[d];
    for (size_t row = 0; row < rows; row++) {
        size_t rest = row, first = start[rank - 1], stride = dims[rank - 1];
        for (int d = rank - 2; d >= 0; d--) {
            first += (start[d] + rest % count[d]) * stride;
            rest /= count[d];
            stride *= dims[d];
        }
        for (size_t i = 0; i < columns; i++) {
            uint64_t bits;
            memcpy(&bits, &values[row * columns + i], sizeof bits);
            hash += mix(bits + mix(first + i + 1));
        }
    }
    return hash;
}

/* ---- small values, read by rank 0 ---- */

static tri_status read_small(const char *path, const char *name, size_t count, void *out) {
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(NULL, path, name, &dataset));
    size_t found = tri_dataset_count(dataset);
    tri_status status = found == count ? tri_dataset_read(dataset, 0, count, out)
                                       : tri_fail(TRI_ERR_DATA, "'%s' in '%s' has %zu elements, not %zu",
                                                  name, path, found, count);
    tri_dataset_destroy(&dataset);
    return status;
}

/* Reads `count` values of 8 bytes on rank 0 and broadcasts them. */
static tri_status load_small(tri_checkpoint *c, const char *name, size_t count, void *out) {
    int root = tri_comm_rank(c->run->comm) == 0;
    TRI_TRY(tri_agree(c->run->comm, root ? read_small(c->path, name, count, out) : TRI_OK));
    return tri_bcast(out, count, MPI_DOUBLE, 0, c->run->comm);
}

/* ---- the functions for `keep` ---- */

tri_status tri_checkpoint_same(tri_checkpoint *c, const char *name, double value) {
    char path[96];
    snprintf(path, sizeof path, "same/%s", name);
    if (!c->path) {
        tri_result_reals(c->file, path, 0, NULL, &value, "1", "must be equal in a resumed run");
        return TRI_OK;
    }
    double kept;
    TRI_TRY(load_small(c, path, 1, &kept));
    if (kept == value) return TRI_OK;
    return tri_agree(c->run->comm,
                     tri_fail(TRI_ERR_DATA, "%s is %.17g in the checkpoint '%s', but %.17g in this run", name,
                              kept, c->path, value));
}

tri_status tri_checkpoint_values(tri_checkpoint *c, const char *name, size_t count, double *values) {
    if (c->path) return load_small(c, name, count, values);
    tri_result_reals(c->file, name, 1, &count, values, "1", "values that the program keeps");
    return TRI_OK;
}

static tri_status read_array(tri_dataset *dataset, int rank, const size_t dims[], const size_t start[],
                             const size_t count[], double *values) {
    int same = tri_dataset_rank(dataset) == rank && tri_dataset_element(dataset) == TRI_ELEMENT_F64;
    for (int d = 0; same && d < rank; d++)
        same = tri_dataset_dims(dataset)[d] == dims[d];
    if (!same)
        return tri_fail(TRI_ERR_DATA, "'%s' in '%s' has a different shape or type", tri_dataset_path(dataset),
                        tri_dataset_file(dataset));
    return tri_dataset_read_block(dataset, start, count, values);
}

/* The sum of the hashes of all blocks. */
static tri_status hash_all(tri_run *run, int rank, const size_t dims[], const size_t start[],
                           const size_t count[], const double *values, int64_t *out) {
    uint64_t hash = tri_block_hash(rank, dims, start, count, values);
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, &hash, 1, MPI_UINT64_T, MPI_SUM, run->comm));
    memcpy(out, &hash, sizeof hash);
    return TRI_OK;
}

tri_status tri_checkpoint_array(tri_checkpoint *c, const char *name, int rank, const size_t dims[],
                                const size_t start[], const size_t count[], double *values, const char *units,
                                const char *long_name) {
    char path[96];
    int64_t hash, kept;
    snprintf(path, sizeof path, "hash/%s", name);
    if (!c->path) {
        TRI_TRY(hash_all(c->run, rank, dims, start, count, values, &hash));
        tri_result_integers(c->file, path, 0, NULL, &hash, "1", "hash of the bits and indices of the array");
        return tri_result_array(c->file, name, TRI_ELEMENT_F64, rank, dims, start, count, values, units,
                                long_name);
    }
    TRI_TRY(load_small(c, path, 1, &kept));
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(c->run->comm, c->path, name, &dataset));
    tri_status status = tri_agree(c->run->comm, read_array(dataset, rank, dims, start, count, values));
    tri_dataset_destroy(&dataset);
    TRI_TRY(status);
    TRI_TRY(hash_all(c->run, rank, dims, start, count, values, &hash));
    if (hash == kept) return TRI_OK;
    return tri_agree(c->run->comm, tri_fail(TRI_ERR_DATA, "'%s' in '%s' is damaged: its hash does not match",
                                            name, c->path));
}

/* ---- a whole file ---- */

static tri_status write_all(tri_run *run, void *state, tri_result *file) {
    tri_checkpoint c = {.run = run, .file = file};
    int64_t step = (int64_t)run->step;
    tri_result_text(file, "program", run->app->name);
    tri_result_integers(file, step_name, 0, NULL, &step, "1", "steps done");
    return run->app->keep(run, state, &c);
}

/* FILE becomes FILE.prev. By a hard link, so that FILE always exists; on file systems without hard links
 * there is a moment with FILE.prev only. */
static tri_status keep_previous(const char *path, const char *previous) {
    char *temporary = NULL;
    TRI_TRY(tri_output_name(previous, &temporary));
    bool linked = !link(path, temporary);
    tri_status status = tri_output_publish(linked ? temporary : path, previous, 1);
    if (linked && status != TRI_OK) (void)unlink(temporary);
    free(temporary);
    return status;
}

tri_status tri_checkpoint_save(tri_run *run, void *state, int whole) {
    const char *path = run->common->checkpoint;
    tri_result *file = NULL;
    char previous[4096];
    snprintf(previous, sizeof previous, "%s.prev", path);
    double start = tri_now_s();
    TRI_TRY(tri_result_create_at(run->comm, path, TRI_RESULT_REPLACE, &file));
    tri_status status = write_all(run, state, file);
    if (status == TRI_OK && whole)
        status = tri_agree(run->comm, tri_comm_rank(run->comm) ? TRI_OK : keep_previous(path, previous));
    if (status == TRI_OK) status = tri_result_finish(file);
    tri_result_destroy(&file);
    tri_report_phase(run, "checkpoint", tri_now_s() - start, 0);
    return status;
}

/* Rank 0: checks that the file is a checkpoint of this program. */
static tri_status check_program(const tri_run *run, const char *path) {
    tri_dataset *dataset = NULL;
    char *program = NULL;
    tri_status status = tri_dataset_open(NULL, path, step_name, &dataset);
    if (status == TRI_ERR_DATA) return tri_fail(status, "'%s' is not a checkpoint", path);
    TRI_TRY(status);
    status = tri_dataset_file_text(dataset, "program", &program);
    if (status == TRI_OK && strcmp(program, run->app->name))
        status =
            tri_fail(TRI_ERR_DATA, "'%s' is a checkpoint of %s, not of %s", path, program, run->app->name);
    free(program);
    tri_dataset_destroy(&dataset);
    return status;
}

tri_status tri_checkpoint_load(tri_run *run, void *state, const char *path) {
    tri_checkpoint c = {.run = run, .path = path};
    int64_t step;
    TRI_TRY(tri_agree(run->comm, tri_comm_rank(run->comm) ? TRI_OK : check_program(run, path)));
    TRI_TRY(load_small(&c, step_name, 1, &step));
    if (step < 0 || (size_t)step > run->steps)
        return tri_agree(run->comm,
                         tri_fail(TRI_ERR_DATA,
                                  "'%s' was written after step %" PRId64 ", but this run has %zu steps", path,
                                  step, run->steps));
    run->step = (size_t)step;
    return run->app->keep(run, state, &c);
}
