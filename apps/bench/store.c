/* Times writing a distributed array to a file and reading it, against plain system calls for the same
 * bytes: each rank its block, synced to disk. Reads usually come from the page cache. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/bench/bench.h"

enum { PLAIN_WRITE, WRITE, PLAIN_READ, READ, VARIANTS };

typedef struct state {
    const char *folder;
    size_t bytes;
    int trials;
    tri_output *plain;      /* of the system's calls; rank 0 only; never finished, so it goes at the end */
    char file[2][PATH_MAX]; /* of the system's calls, and ours; other ranks learn the names from rank 0 */
    size_t count, first, total;
    double *out, *in;
    tri_run *run;
    bench_variant variants[VARIANTS];
} state;

static const tri_option options[] = {
    TRI_OPTION(state, folder, "folder", ".", "folder of the temporary files"),
    TRI_OPTION(state, bytes, "bytes", "128Mi", "bytes of each rank; a multiple of 8"),
    TRI_OPTION(state, trials, "trials", "7", "trials of each variant"),
    {.name = NULL},
};

static double value_of(size_t index) {
    return (double)(index % 1000003) + 0.5;
}

/* Rank 0: files of random names, so that no file of anybody is touched. */
static tri_status name_files(state *s) {
    char name[PATH_MAX];
    if (snprintf(name, sizeof name, "%s/bench-store", s->folder) >= PATH_MAX - NAME_MAX)
        return tri_fail(TRI_ERR_ARGUMENT, "--folder: the name is too long");
    TRI_TRY(tri_output_folders(name));
    TRI_TRY(tri_output_create(name, 1, &s->plain));
    snprintf(s->file[0], sizeof s->file[0], "%s", tri_output_temporary(s->plain));
    snprintf(s->file[1], sizeof s->file[1], "%.*s.h5", PATH_MAX - 4, s->file[0]);
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    static const char *const names[VARIANTS] = {"plain_write", "write", "plain_read", "read"};
    state *s = argument;
    s->run = run;
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (!s->bytes || s->bytes % sizeof *s->out)
        return tri_fail(TRI_ERR_ARGUMENT, "--bytes: %zu is not a multiple of 8 above 0", s->bytes);
    TRI_TRY(tri_agree(run->comm, tri_comm_rank(run->comm) ? TRI_OK : name_files(s)));
    TRI_TRY(tri_bcast(s->file, sizeof s->file, MPI_BYTE, 0, run->comm));
    s->count = s->bytes / sizeof *s->out;
    s->first = (size_t)tri_comm_rank(run->comm) * s->count;
    s->total = (size_t)tri_comm_size(run->comm) * s->count;
    /* Aligned for direct I/O. */
    s->out = aligned_alloc(4096, (s->bytes | 4095) + 1);
    s->in = aligned_alloc(4096, (s->bytes | 4095) + 1);
    if (!s->out || !s->in)
        return tri_fail(TRI_ERR_MEMORY, "no memory for twice %zu bytes; reduce --bytes", s->bytes);
    for (size_t i = 0; i < s->count; i++)
        s->out[i] = value_of(s->first + i);
    for (int v = 0; v < VARIANTS; v++)
        s->variants[v] = (bench_variant){.name = names[v], .bytes = (double)(s->total * sizeof *s->out)};
    return bench_create(s->variants, VARIANTS, s->trials);
}

/* ---- The system's calls ---- */

static tri_status plain_move(const state *s, int writing) {
    enum { PIECE = 8 << 20 };
    int fd = open(s->file[0], (writing ? O_WRONLY : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return tri_output_failure("open", s->file[0]);
    char *data = (char *)(writing ? s->out : s->in);
    ssize_t now = 1;
    for (size_t done = 0; done < s->bytes && now > 0; done += (size_t)now) {
        size_t piece = s->bytes - done < PIECE ? s->bytes - done : PIECE;
        off_t at = (off_t)(s->first * sizeof *s->out + done);
        now = writing ? pwrite(fd, data + done, piece, at) : pread(fd, data + done, piece, at);
    }
    int failed = now <= 0 || (writing && fsync(fd));
    tri_status status = failed ? tri_output_failure(writing ? "write" : "read", s->file[0]) : TRI_OK;
    close(fd);
    return status;
}

static tri_status plain_write(state *s) {
    tri_status status = TRI_OK;
    /* An empty file each time, like ours. */
    if (s->plain && ftruncate(fileno(tri_output_stream(s->plain)), 0))
        status = tri_output_failure("empty", s->file[0]);
    TRI_TRY(tri_agree(s->run->comm, status));
    return tri_agree(s->run->comm, plain_move(s, 1));
}

/* ---- Ours ---- */

static tri_status our_write(state *s) {
    tri_result *result = NULL;
    TRI_TRY(tri_result_create_at(s->run->comm, s->file[1], TRI_RESULT_REPLACE, &result));
    tri_status status = tri_result_array(result, "x", TRI_ELEMENT_F64, 1, &s->total, &s->first, &s->count,
                                         s->out, "1", "numbers");
    if (status == TRI_OK) status = tri_result_finish(result);
    tri_result_destroy(&result);
    return status;
}

static tri_status our_read(state *s) {
    tri_dataset *dataset = NULL;
    TRI_TRY(tri_dataset_open(s->run->comm, s->file[1], "x", &dataset));
    tri_status status = tri_agree(s->run->comm, tri_dataset_read(dataset, s->first, s->count, s->in));
    tri_dataset_destroy(&dataset);
    return status;
}

/* ---- */

static tri_status do_variant(state *s, int variant) {
    switch (variant) {
    case PLAIN_WRITE:
        return plain_write(s);
    case WRITE:
        return our_write(s);
    case PLAIN_READ:
        return tri_agree(s->run->comm, plain_move(s, 0));
    default:
        return our_read(s);
    }
}

/* All ranks start together. */
static tri_status trial(void *argument, int variant, double *seconds) {
    state *s = argument;
    TRI_TRY(tri_barrier(s->run->comm));
    double start = tri_now_s();
    TRI_TRY(do_variant(s, variant));
    *seconds = tri_now_s() - start;
    return TRI_OK;
}

static tri_status read_trial(void *argument, int variant, double *seconds) {
    return trial(argument, PLAIN_READ + variant, seconds);
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    TRI_TRY(bench_alternate(run, s->variants, 2, s->trials, trial, s));
    return bench_alternate(run, s->variants + PLAIN_READ, 2, s->trials, read_trial, s);
}

/* Reads both files again and checks every number. */
static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    for (int v = PLAIN_READ; v <= READ; v++) {
        tri_status status = TRI_OK;
        memset(s->in, 0, s->bytes);
        TRI_TRY(do_variant(s, v));
        for (size_t i = 0; i < s->count && status == TRI_OK; i++)
            if (s->in[i] != value_of(s->first + i))
                status = tri_fail(TRI_ERR_WRONG, "number %zu of '%s' is %g", s->first + i,
                                  s->file[v - PLAIN_READ], s->in[i]);
        TRI_TRY(tri_agree(run->comm, status));
    }
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    bench_list list = {NULL, 0, 0};
    tri_report_text(run, "folder", s->folder);
    tri_report_integer(run, "bytes", (int64_t)(s->total * sizeof *s->out), "B", "bytes of the array");
    bench_rows(run, s->variants, 2, s->trials, 0, "samples", &list);
    bench_rows(run, s->variants + PLAIN_READ, 2, s->trials, 0, "samples", &list);
    bench_note(run, &list);
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    if (s->plain) (void)unlink(s->file[1]);
    tri_output_destroy(&s->plain);
    bench_destroy(s->variants, VARIANTS);
    free(s->out);
    free(s->in);
}

const tri_app bench_store = {
    .name = "bench-store",
    .summary = "compares writing and reading an array with plain system calls",
    .examples = "mpirun -np 8 trireme bench store --folder /scratch\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .verify = verify,
    .record = record,
    .teardown = teardown,
};
