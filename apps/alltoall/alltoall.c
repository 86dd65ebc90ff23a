/* Permutes the axes of a dataset larger than memory: B[i, j, ...] = A[j, i, ...].
 *
 * The pattern is an alltoall: every rank has data for every other rank. A rank reads a slice of A that is
 * contiguous in A's file and writes a slice of B that is contiguous in B's file. Each rank packs the
 * pieces for the others, tri_alltoallv exchanges them, and the threads permute the received pieces to B's
 * order, tile by tile. The work is done box by box, each as large as memory allows; a separate thread
 * writes one box while the next one is processed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "apps/alltoall/bandwidth.h"
#include "apps/alltoall/compare.h"
#include "apps/alltoall/plan.h"
#include "apps/driver/app.h"

/* LONG_RUN: contiguous bytes in A's file from which on pieces are read separately. */
enum { LONG_RUN = 8192, LARGE_PAGE = 2 << 20 };

typedef struct state {
    /* options */
    const char *file, *out, *axes, *chunk_text;
    size_t memory;
    bool check, bandwidth;
    /* A */
    tri_dataset *a;
    size_t element_bytes;
    plan plan;
    /* B */
    char *out_file, *out_path;
    tri_template form;
    size_t dims[AXES], chunk[AXES]; /* chunk: zeros for none */
    tri_result *result;
    tri_array *b;
    tri_team *writer; /* a thread that writes concurrently */
    bool writing;
    /* 0: a slice in A's order, or received pieces; 1: pieces to send; 2: a slice in B's order */
    char *buffer[3];
    size_t *send, *receive; /* bytes for and from each rank */
    ptrdiff_t *send_at, *receive_at;
    /* in the last repeat: bytes to other ranks, bytes to the other half, seconds of the exchange */
    double sent_bytes, crossed_bytes, communicate_s;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, file, "FILE.h5:/A", NULL,
               "dataset of 2 to 4 dimensions, also FILE.npy or FILE.bin:f8:1000x1000, on a file system "
               "shared by all nodes",
               .argument = true, .required = true),
    TRI_OPTION(state, out, "out", NULL, "FILE.h5:/B to write; without a path: the path of A"),
    TRI_OPTION(state, axes, "axes", NULL,
               "axis of A for each axis of B, such as 1,0, as in numpy.transpose; default: reversed order"),
    TRI_OPTION(state, chunk_text, "chunk", NULL,
               "shape of the chunks of B, such as 64,64 (uncompressed); default: contiguous"),
    TRI_OPTION(state, memory, "memory", "256Mi", "bytes that each rank holds at a time"),
    TRI_OPTION(
        state, bandwidth, "bandwidth", NULL,
        "also measure the bandwidth between two halves of the ranks, and compare the exchange with it"),
    TRI_OPTION(state, check, "verify", NULL, "read A and B again and compare all elements"),
    {.name = NULL},
};

/* ---- Setup ---- */

/* Parses numbers separated by commas, one per dimension. */
static int read_list(const char *text, int count, size_t *out) {
    for (int k = 0; k < count; k++) {
        char *end;
        if (*text < '0' || *text > '9') return 0;
        out[k] = strtoul(text, &end, 10);
        if (*end != (k + 1 < count ? ',' : 0)) return 0;
        text = end + 1;
    }
    return 1;
}

static tri_status read_axes(state *s) {
    plan *p = &s->plan;
    size_t axis[AXES];
    unsigned seen = 0;
    for (int k = 0; k < p->rank; k++)
        axis[k] = (size_t)(p->rank - 1 - k);
    int right = !s->axes || read_list(s->axes, p->rank, axis);
    for (int k = 0; k < p->rank && right; k++) {
        right = axis[k] < (size_t)p->rank && !(seen & 1U << axis[k]);
        if (!right) break;
        seen |= 1U << axis[k];
        p->axes[k] = (int)axis[k];
        s->dims[k] = p->dims[axis[k]];
    }
    if (right) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT, "--axes: '%s' is not a permutation of 0 to %d, separated by commas",
                    s->axes, p->rank - 1);
}

static tri_status read_chunk(state *s) {
    size_t bytes = s->element_bytes;
    if (!s->chunk_text) return TRI_OK;
    int right = read_list(s->chunk_text, s->plan.rank, s->chunk);
    for (int k = 0; k < s->plan.rank && right; k++) {
        right = s->chunk[k] > 0 && s->chunk[k] <= UINT32_MAX / bytes;
        if (right) bytes *= s->chunk[k];
    }
    if (right) return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT,
                    "--chunk: '%s' is not %d positive numbers, separated by commas, with chunks below 4Gi",
                    s->chunk_text, s->plan.rank);
}

static tri_status read_options(state *s, const tri_run *run) {
    plan *p = &s->plan;
    *p = (plan){.rank = tri_dataset_rank(s->a), .ranks = tri_comm_size(run->comm)};
    if (p->rank < 2 || p->rank > AXES)
        return tri_fail(TRI_ERR_DATA, "'%s' in '%s' has %d dimensions; alltoall permutes 2 to %d",
                        tri_dataset_path(s->a), tri_dataset_file(s->a), p->rank, AXES);
    s->element_bytes = tri_dataset_stored_bytes(s->a);
    for (int k = 0; k < AXES; k++) {
        p->dims[k] = k < p->rank ? tri_dataset_dims(s->a)[k] : 1;
        p->unit[k] = k < p->rank && tri_dataset_chunk(s->a) ? tri_dataset_chunk(s->a)[k] : 1;
    }
    TRI_TRY(read_axes(s));
    TRI_TRY(read_chunk(s));
    for (int k = 0; k < p->rank && s->chunk[0] && !tri_dataset_chunk(s->a); k++)
        p->unit[p->axes[k]] = s->chunk[k];
    return plan_make(p, s->memory / 3 / s->element_bytes);
}

static tri_status allocate(state *s) {
    size_t ranks = (size_t)s->plan.ranks;
    size_t bytes = (s->plan.room * s->element_bytes / LARGE_PAGE + 1) * LARGE_PAGE;
    for (int i = 0; i < 3; i++) {
        s->buffer[i] = aligned_alloc(LARGE_PAGE, bytes);
        if (!s->buffer[i])
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu elements; reduce --memory", s->plan.room);
        /* In a transpose each element of a row goes to another page: huge pages save TLB misses. */
        madvise(s->buffer[i], bytes, MADV_HUGEPAGE);
    }
    s->send = malloc(2 * ranks * sizeof *s->send);
    s->send_at = malloc(2 * ranks * sizeof *s->send_at);
    if (!s->send || !s->send_at) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu ranks", ranks);
    s->receive = s->send + ranks;
    s->receive_at = s->send_at + ranks;
    TRI_TRY(tri_team_create(2, NULL, &s->writer));
    return tri_template_take(s->a, &s->form);
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    if (!s->out) return tri_fail(TRI_ERR_ARGUMENT, "--out is missing; name the output: --out b.h5:/B");
    if (s->bandwidth && tri_comm_size(run->comm) < 2)
        return tri_fail(TRI_ERR_ARGUMENT, "--bandwidth needs two ranks or more");
    TRI_TRY(tri_agree(run->comm, tri_spec_split(s->out, &s->out_file, &s->out_path)));
    TRI_TRY(tri_dataset_open_stored(run->comm, s->file, NULL, &s->a));
    TRI_TRY(tri_agree(run->comm, tri_out_check(s->out_file, tri_dataset_file(s->a))));
    TRI_TRY(read_options(s, run));
    return allocate(s);
}

/* ---- Run ---- */

static tri_status start_output(state *s, tri_run *run) {
    tri_array_destroy(&s->b);
    tri_result_destroy(&s->result);
    s->sent_bytes = s->crossed_bytes = s->communicate_s = 0;
    int how = tri_replaces(run) ? TRI_RESULT_REPLACE : 0;
    TRI_TRY(tri_result_create_at(run->comm, s->out_file, TRI_RESULT_PLAIN | how, &s->result));
    return tri_array_create(s->result, s->out_path ? s->out_path : tri_dataset_path(s->a), &s->form,
                            s->plan.rank, s->dims, s->chunk, &s->b);
}

/* Copies the intersection of two boxes from one to the other. Each is in the order of A, or, with axes, of
 * B. */
static void copy(tri_run *run, const state *s, const box *from_box, const char *from, const box *to_box,
                 const int *to_axes, char *to) {
    box both = box_meet(from_box, to_box);
    permutation p = {.element_bytes = s->element_bytes};
    size_t from_first = 0, to_first = 0;
    memcpy(p.length, both.count, sizeof p.length);
    if (!box_elements(&both)) return;
    box_steps(from_box, s->plan.rank, NULL, p.from);
    box_steps(to_box, s->plan.rank, to_axes, p.to);
    for (int k = 0; k < AXES; k++) {
        from_first += (both.start[k] - from_box->start[k]) * p.from[k];
        to_first += (both.start[k] - to_box->start[k]) * p.to[k];
    }
    permute(run->team, &p, from + from_first * s->element_bytes, to + to_first * s->element_bytes);
}

/* The part of this rank's slice of A that belongs to the slice of B of `rank`. */
static box piece_for(const state *s, const box *whole, const box *read, int rank) {
    box write = plan_slice(&s->plan, whole, s->plan.cut_write, rank);
    return box_meet(read, &write);
}

/* Sets counts and displacements of the pieces for all ranks. Returns the shortest contiguous run of a
 * piece in A's file, in bytes. */
static size_t place_pieces(tri_run *run, state *s, const box *whole, const box *read) {
    size_t at = 0, shortest = SIZE_MAX;
    for (int r = 0; r < s->plan.ranks; r++) {
        box piece = piece_for(s, whole, read, r);
        size_t in_file = piece.count[s->plan.rank - 1] * s->element_bytes;
        s->send_at[r] = (ptrdiff_t)at;
        s->send[r] = box_elements(&piece) * s->element_bytes;
        at += s->send[r];
        if (s->send[r] && in_file < shortest) shortest = in_file;
        if (r != tri_comm_rank(run->comm)) s->sent_bytes += (double)s->send[r];
        if (bandwidth_crosses(run->comm, r, tri_comm_rank(run->comm))) s->crossed_bytes += (double)s->send[r];
    }
    return shortest;
}

/* Reads each piece from the file into buffer 1. */
static tri_status read_pieces(state *s, const box *whole, const box *read) {
    for (int r = 0; r < s->plan.ranks; r++) {
        box piece = piece_for(s, whole, read, r);
        if (s->send[r])
            TRI_TRY(tri_dataset_read_stored(s->a, piece.start, piece.count, s->buffer[1] + s->send_at[r]));
    }
    return TRI_OK;
}

/* Packs the pieces from the slice in buffer 0 into buffer 1. */
static void pack(tri_run *run, state *s, const box *whole, const box *read) {
    for (int r = 0; r < s->plan.ranks; r++) {
        box piece = piece_for(s, whole, read, r);
        if (s->send[r]) copy(run, s, read, s->buffer[0], &piece, NULL, s->buffer[1] + s->send_at[r]);
    }
}

static tri_status read_and_pack(tri_run *run, state *s, const box *whole) {
    box read = plan_slice(&s->plan, whole, s->plan.cut_read, tri_comm_rank(run->comm));
    double bytes = (double)(box_elements(&read) * s->element_bytes), start = tri_now_s();
    int apart = place_pieces(run, s, whole, &read) >= LONG_RUN && !tri_dataset_chunk(s->a);
    tri_status status = apart ? read_pieces(s, whole, &read)
                              : tri_dataset_read_stored(s->a, read.start, read.count, s->buffer[0]);
    TRI_TRY(tri_agree(run->comm, status));
    tri_report_phase(run, "read", tri_now_s() - start, bytes);
    start = tri_now_s();
    if (!apart) pack(run, s, whole, &read);
    tri_report_phase(run, "pack", tri_now_s() - start, apart ? 0 : bytes);
    return TRI_OK;
}

/* Exchanges the pieces: from buffer 1 into buffer 0. */
static tri_status communicate(tri_run *run, state *s, const box *whole, const box *write) {
    size_t at = 0;
    for (int r = 0; r < s->plan.ranks; r++) {
        box read = plan_slice(&s->plan, whole, s->plan.cut_read, r), piece = box_meet(&read, write);
        s->receive_at[r] = (ptrdiff_t)at;
        s->receive[r] = box_elements(&piece) * s->element_bytes;
        at += s->receive[r];
    }
    return tri_alltoallv(s->buffer[1], s->send, s->send_at, MPI_BYTE, s->buffer[0], s->receive, s->receive_at,
                         MPI_BYTE, run->comm);
}

/* Permutes the received pieces, each in A's order, to B's order in buffer 2. */
static void unpack(tri_run *run, const state *s, const box *whole, const box *write) {
    for (int r = 0; r < s->plan.ranks; r++) {
        box read = plan_slice(&s->plan, whole, s->plan.cut_read, r), piece = box_meet(&read, write);
        if (s->receive[r])
            copy(run, s, &piece, s->buffer[0] + s->receive_at[r], write, s->plan.axes, s->buffer[2]);
    }
}

static void write_work(void *argument, int thread, size_t chunk) {
    (void)thread, (void)chunk;
    tri_array_write_work(argument);
}

/* Waits until the current slice is written. */
static tri_status finish_slice(tri_run *run, state *s) {
    double start = tri_now_s();
    if (!s->writing) return TRI_OK;
    s->writing = false;
    tri_team_wait(s->writer);
    TRI_TRY(tri_array_write_finish(s->b));
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    return TRI_OK;
}

static tri_status start_slice(tri_run *run, state *s, const box *write) {
    double start_s = tri_now_s();
    size_t start[AXES], count[AXES];
    for (int k = 0; k < s->plan.rank; k++) {
        start[k] = write->start[s->plan.axes[k]];
        count[k] = write->count[s->plan.axes[k]];
    }
    TRI_TRY(tri_array_write_start(s->b, start, count, s->buffer[2]));
    tri_team_start(s->writer, 1, write_work, s->b);
    s->writing = true;
    tri_report_phase(run, "write", tri_now_s() - start_s, 0);
    return TRI_OK;
}

static tri_status do_box(tri_run *run, state *s, const box *whole) {
    box write = plan_slice(&s->plan, whole, s->plan.cut_write, tri_comm_rank(run->comm));
    double bytes = (double)(box_elements(&write) * s->element_bytes);
    TRI_TRY(read_and_pack(run, s, whole));
    double start = tri_now_s();
    TRI_TRY(communicate(run, s, whole, &write));
    s->communicate_s += tri_now_s() - start;
    tri_report_phase(run, "communicate", tri_now_s() - start, bytes);
    TRI_TRY(finish_slice(run, s));
    start = tri_now_s();
    unpack(run, s, whole, &write);
    tri_report_phase(run, "permute", tri_now_s() - start, bytes);
    return start_slice(run, s, &write);
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    TRI_TRY(start_output(s, run));
    for (size_t step = 0; step < s->plan.steps; step++) {
        box whole = plan_box(&s->plan, step);
        TRI_TRY(do_box(run, s, &whole));
        tri_progress(run, "permuting", (double)(step + 1), (double)s->plan.steps, "steps");
    }
    TRI_TRY(finish_slice(run, s));
    double start = tri_now_s();
    TRI_TRY(tri_result_finish(s->result));
    tri_report_phase(run, "write", tri_now_s() - start, 0);
    return TRI_OK;
}

/* ---- Verify and record ---- */

static tri_status verify(tri_run *run, void *argument) {
    state *s = argument;
    tri_dataset *b = NULL;
    TRI_TRY(tri_dataset_open_stored(run->comm, s->out_file,
                                    s->out_path ? s->out_path : tri_dataset_path(s->a), &b));
    tri_status status = compare_files(&s->plan, tri_comm_rank(run->comm), s->a, b, s->buffer);
    tri_dataset_destroy(&b);
    return status;
}

static void report_shape(tri_run *run, const char *name, const state *s, const size_t dims[]) {
    char text[256];
    size_t length = 0;
    for (int k = 0; k < s->plan.rank; k++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%zu", k ? " x " : "", dims[k]);
    tri_report_text(run, name, text);
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    double sent = 0, elements = 1;
    TRI_TRY(tri_reduce(&s->sent_bytes, &sent, 1, MPI_DOUBLE, MPI_SUM, 0, run->comm));
    for (int k = 0; k < s->plan.rank; k++)
        elements *= (double)s->plan.dims[k];
    tri_report_text(run, "input", s->file);
    report_shape(run, "shape", s, s->plan.dims);
    tri_report_text(run, "output", s->out);
    report_shape(run, "out_shape", s, s->dims);
    tri_report_integer(run, "bytes", (int64_t)(elements * (double)s->element_bytes), "B",
                       "bytes of the dataset");
    tri_report_integer(run, "sent_bytes", (int64_t)sent, "B", "bytes sent between ranks");
    if (s->bandwidth) TRI_TRY(bandwidth_report(run, s->crossed_bytes, s->communicate_s));
    tri_report_integer(run, "steps", (int64_t)s->plan.steps, "1", "number of boxes");
    report_shape(run, "box", s, s->plan.length);
    if (s->check) tri_report_text(run, "verify", "all elements compared");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    if (s->writing) tri_team_wait(s->writer);
    tri_team_destroy(&s->writer);
    tri_array_destroy(&s->b);
    tri_result_destroy(&s->result);
    tri_template_free(&s->form);
    tri_dataset_destroy(&s->a);
    free(s->out_file);
    free(s->out_path);
    for (int i = 0; i < 3; i++)
        free(s->buffer[i]);
    free(s->send);
    free(s->send_at);
}

static const tri_app app = {
    .name = "alltoall",
    .summary = "permutes the axes of a dataset from file to file; the dataset may be larger than memory",
    .examples = "mpirun -np 8 trireme alltoall A.h5:/a --out B.h5:/b                 # a transpose\n"
                "mpirun -np 8 trireme alltoall A.h5:/a --out B.h5:/b --axes 2,0,1 --memory 1Gi\n",
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
