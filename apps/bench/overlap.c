/* Times nonblocking and persistent collectives, alone and with computation between start and wait, beside the
 * nonblocking ones of the MPI library. */
#include "apps/common/collective_calls.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"

/* The computing variants follow the plain ones of the same order. */
enum { MPI_BLOCKING, BLOCKING, MPI_NONBLOCKING, NONBLOCKING, PERSISTENT, COMPUTING };
enum { FORMS = COMPUTING - MPI_NONBLOCKING, VARIANTS = COMPUTING + FORMS, SIZES = 16 };

static const char *const names[VARIANTS] = {
    [MPI_BLOCKING] = "mpi_blocking",
    [BLOCKING] = "blocking",
    [MPI_NONBLOCKING] = "mpi_nonblocking",
    [NONBLOCKING] = "nonblocking",
    [PERSISTENT] = "persistent",
    [COMPUTING] = "mpi_computing",
    [COMPUTING + 1] = "nonblocking_computing",
    [COMPUTING + 2] = "persistent_computing",
};

typedef struct cell {
    tri_operation operation;
    size_t bytes;
    double computed_s; /* of a computation: as long as the slowest plain form */
    bench_variant variants[VARIANTS];
} cell;

typedef struct state {
    const char *operations, *sizes_text;
    int trials, polls;
    double duration_s;
    size_t sizes[SIZES];
    int size_count, cells;
    cell *cell;
    double *send, *recv;
    /* of the cell under way */
    bench_call call;
    double computed_s;
    int calls; /* of a trial */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, operations, "operations", "all",
               "operations to measure: all, or a list such as bcast,allreduce"),
    TRI_OPTION(state, sizes_text, "sizes", "8,8Ki,256Ki,4Mi",
               "bytes of the vector, or of a block; multiples of 8"),
    TRI_OPTION(state, polls, "polls", "10", "calls for progress during a computation"),
    TRI_OPTION(state, trials, "trials", "11", "trials of each variant"),
    TRI_OPTION(state, duration_s, "duration", "0.01", "minimum seconds of a trial"),
    {.name = NULL},
};

/* A call of ours without its last argument, for both forms. */
#define BEGIN(name, ...) (persistent ? tri_##name##_init(__VA_ARGS__, out) : tri_i##name(__VA_ARGS__, out))
static tri_status begin(const bench_call *call, bool persistent, tri_request **out) {
    size_t n = call->count;
    double *send = call->send, *recv = call->recv;
    tri_comm *comm = call->comm;
    switch (call->operation) {
    case TRI_BARRIER:
        return BEGIN(barrier, comm);
    case TRI_BCAST:
        return BEGIN(bcast, recv, n, MPI_DOUBLE, 0, comm);
    case TRI_SCATTER:
        return BEGIN(scatter, send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, comm);
    case TRI_GATHER:
        return BEGIN(gather, send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, 0, comm);
    case TRI_ALLGATHER:
        return BEGIN(allgather, send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, comm);
    case TRI_ALLTOALL:
        return BEGIN(alltoall, send, n, MPI_DOUBLE, recv, n, MPI_DOUBLE, comm);
    case TRI_REDUCE:
        return BEGIN(reduce, send, recv, n, MPI_DOUBLE, MPI_SUM, 0, comm);
    case TRI_ALLREDUCE:
        return BEGIN(allreduce, send, recv, n, MPI_DOUBLE, MPI_SUM, comm);
    case TRI_REDUCE_SCATTER:
        return BEGIN(reduce_scatter_block, send, recv, n, MPI_DOUBLE, MPI_SUM, comm);
    case TRI_SCAN:
        return BEGIN(scan, send, recv, n, MPI_DOUBLE, MPI_SUM, comm);
    case TRI_EXSCAN:
        return BEGIN(exscan, send, recv, n, MPI_DOUBLE, MPI_SUM, comm);
    case TRI_OPERATION_COUNT:
        break;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "unknown operation");
}

/* A computation in `polls` + 1 equal parts, with a call for progress between them; `mpi`: the request of the
 * MPI library, or NULL. */
static tri_status compute(const state *s, double seconds, MPI_Request *mpi) {
    double start = tri_now_s();
    for (int part = 0; part <= s->polls; part++) {
        double end = start + seconds * (part + 1) / (s->polls + 1);
        int done;
        while (tri_now_s() < end) {
        }
        if (part == s->polls) break;
        if (!mpi)
            tri_comm_progress(s->call.comm);
        else
            TRI_TRY(bench_test_mpi(mpi, &done));
    }
    return TRI_OK;
}

/* One call. `kept`: the persistent request. */
static tri_status call_once(const state *s, int variant, tri_request *kept) {
    int form = variant < COMPUTING ? variant : variant - COMPUTING + MPI_NONBLOCKING;
    double seconds = variant < COMPUTING ? 0 : s->computed_s;
    MPI_Request mpi;
    tri_request *request = kept;
    switch (form) {
    case MPI_BLOCKING:
        return bench_call_mpi(&s->call);
    case BLOCKING:
        return bench_call_ours(&s->call);
    case MPI_NONBLOCKING:
        TRI_TRY(bench_start_mpi(&s->call, &mpi));
        if (seconds > 0) TRI_TRY(compute(s, seconds, &mpi));
        return bench_wait_mpi(&mpi);
    case NONBLOCKING:
        TRI_TRY(begin(&s->call, false, &request));
        break;
    default:
        TRI_TRY(tri_request_start(request));
    }
    if (seconds > 0) TRI_TRY(compute(s, seconds, NULL));
    return tri_request_wait(&request);
}

/* Calls of a trial; *seconds: of one of them on this rank, without the preparation of persistent ones. */
static tri_status call_often(const state *s, int variant, double *seconds) {
    tri_request *kept = NULL;
    if (variant == PERSISTENT || variant == VARIANTS - 1) TRI_TRY(begin(&s->call, true, &kept));
    TRI_TRY(tri_barrier(s->call.comm));
    double start = tri_now_s();
    for (int i = 0; i < s->calls; i++)
        TRI_TRY(call_once(s, variant, kept));
    *seconds = (tri_now_s() - start) / s->calls;
    return tri_request_free(&kept);
}

static tri_status trial(void *argument, int variant, double *seconds) {
    return call_often(argument, variant, seconds);
}

/* Hashes the result of one call of each variant: all must have the bits of the first. */
static tri_status compare(state *s) {
    size_t gives = bench_call_gives(&s->call), gets = bench_call_gets(&s->call), zero = 0;
    double *from = s->call.operation == TRI_BCAST ? s->recv : s->send;
    uint64_t first = 0;
    double seconds;
    tri_status status = TRI_OK;
    for (int v = 0; v < VARIANTS; v++) {
        for (size_t i = 0; i < gets; i++)
            s->recv[i] = -1;
        for (size_t i = 0; i < gives; i++)
            from[i] = (double)((i * 7 + 131 * (size_t)tri_comm_rank(s->call.comm)) & 4095);
        TRI_TRY(call_often(s, v, &seconds));
        uint64_t hash = tri_block_hash(1, &gets, &zero, &gets, s->recv);
        if (!v) first = hash;
        if (hash != first && status == TRI_OK)
            status = tri_fail(TRI_ERR_WRONG, "%s of %zu doubles: the results of %s and %s differ",
                              tri_operation_name(s->call.operation), s->call.count, names[v], names[0]);
    }
    return tri_agree(s->call.comm, status);
}

/* The number of calls that fill the duration, and the length of the computation: that of the slowest
 * nonblocking form, so that a perfect overlap hides it. */
static tri_status tune(tri_run *run, state *s) {
    s->computed_s = 0;
    s->calls = 3;
    for (int v = MPI_NONBLOCKING; v < COMPUTING; v++) {
        double best = INFINITY;
        for (int i = 0; i < 3; i++) {
            double seconds;
            TRI_TRY(bench_once(run, names[v], trial, s, v, &seconds));
            best = fmin(best, seconds);
        }
        s->computed_s = fmax(s->computed_s, best);
    }
    s->calls = 1 + (int)fmin(s->duration_s / fmax(s->computed_s, 1e-9), 1e5);
    return TRI_OK;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    size_t ranks = (size_t)tri_comm_size(run->comm), most = 8;
    TRI_TRY(bench_check_operations(s->operations));
    TRI_TRY(bench_sizes(s->sizes_text, sizeof(double), 1 << 30, s->sizes, SIZES, &s->size_count));
    if (s->trials < 1) return tri_fail(TRI_ERR_ARGUMENT, "--trials: at least 1");
    if (s->polls < 0) return tri_fail(TRI_ERR_ARGUMENT, "--polls: 0 or more");
    if (!(s->duration_s >= 0)) return tri_fail(TRI_ERR_ARGUMENT, "--duration: 0 or more");
    s->cell = calloc((size_t)TRI_OPERATION_COUNT * (size_t)s->size_count, sizeof *s->cell);
    if (!s->cell) return tri_fail(TRI_ERR_MEMORY, "no memory for the table");
    for (int op = 0; op < TRI_OPERATION_COUNT; op++)
        for (int i = 0; i < (op == TRI_BARRIER ? 1 : s->size_count); i++) {
            if (!bench_has_operation(s->operations, (tri_operation)op)) continue;
            cell *c = &s->cell[s->cells++];
            *c = (cell){.operation = (tri_operation)op, .bytes = op == TRI_BARRIER ? 0 : s->sizes[i]};
            if (c->bytes > most) most = c->bytes;
            for (int v = 0; v < VARIANTS; v++)
                c->variants[v] = (bench_variant){.name = names[v]};
            TRI_TRY(bench_create(c->variants, VARIANTS, s->trials));
        }
    s->send = calloc(ranks, most);
    s->recv = calloc(ranks, most);
    if (!s->send || !s->recv)
        return tri_fail(TRI_ERR_MEMORY, "no memory for buffers of %zu bytes; choose smaller --sizes",
                        2 * ranks * most);
    return TRI_OK;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int i = 0; i < s->cells; i++) {
        cell *c = &s->cell[i];
        tri_progress(run, "calls", i, s->cells, "calls");
        s->call = (bench_call){.operation = c->operation,
                               .count = c->bytes / sizeof(double),
                               .send = s->send,
                               .recv = s->recv,
                               .comm = run->comm};
        s->calls = 1;
        s->computed_s = 0;
        TRI_TRY(compare(s));
        TRI_TRY(tune(run, s));
        c->computed_s = s->computed_s;
        TRI_TRY(bench_alternate(run, c->variants, VARIANTS, s->trials, trial, s));
    }
    tri_progress(run, "calls", s->cells, s->cells, "calls");
    return TRI_OK;
}

static double median(const bench_variant *variant, int trials, double *sorted) {
    memcpy(sorted, variant->seconds, (size_t)trials * sizeof *sorted);
    return tri_summarise(sorted, (size_t)trials).median;
}

/* The part of the shorter of call and computation that the other one hides, from 0 to 1. */
static double overlap(const double *medians, double computed_s, int form) {
    double alone = medians[MPI_NONBLOCKING + form], both = medians[COMPUTING + form];
    double shorter = fmin(alone, computed_s);
    return shorter > 0 ? fmin(1, fmax(0, (alone + computed_s - both) / shorter)) : 0;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    bench_list list = {NULL, 0, 0};
    double *sorted = malloc((size_t)s->trials * sizeof *sorted), sum[FORMS] = {0};
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory for %d samples", s->trials);
    tri_report_line(run, "%-14s %6s  %9s %9s  %9s %9s %9s us   overlap: %5s %11s %10s", "operation", "bytes",
                    "mpi", "ours", "mpi i", "ours i", "init", "mpi", "nonblocking", "persistent");
    for (int i = 0; i < s->cells; i++) {
        const cell *c = &s->cell[i];
        double m[VARIANTS], reached[FORMS];
        char size[TRI_SIZE_TEXT] = "-";
        if (c->bytes) tri_size_format(c->bytes, size);
        for (int v = 0; v < VARIANTS; v++) {
            char path[160];
            m[v] = median(&c->variants[v], s->trials, sorted);
            snprintf(path, sizeof path, "samples/%s/%zu/%s", tri_operation_name(c->operation), c->bytes,
                     names[v]);
            bench_keep(run, &list, path, c->variants[v].seconds, (size_t)s->trials);
        }
        for (int f = 0; f < FORMS; f++)
            sum[f] += reached[f] = overlap(m, c->computed_s, f);
        tri_report_line(run, "%-14s %6s  %9.2f %9.2f  %9.2f %9.2f %9.2f      %11.0f %% %9.0f %% %8.0f %%",
                        tri_operation_name(c->operation), size, 1e6 * m[MPI_BLOCKING], 1e6 * m[BLOCKING],
                        1e6 * m[MPI_NONBLOCKING], 1e6 * m[NONBLOCKING], 1e6 * m[PERSISTENT], 100 * reached[0],
                        100 * reached[1], 100 * reached[2]);
    }
    free(sorted);
    bench_note(run, &list);
    if (!s->cells) return TRI_OK;
    tri_report_real(run, "overlap_mpi", sum[0] / s->cells, "1", "mean overlap of the MPI library's calls");
    tri_report_real(run, "overlap_nonblocking", sum[1] / s->cells, "1", "mean overlap of nonblocking calls");
    tri_report_real(run, "overlap_persistent", sum[2] / s->cells, "1", "mean overlap of persistent calls");
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int i = 0; i < s->cells; i++)
        bench_destroy(s->cell[i].variants, VARIANTS);
    free(s->cell);
    free(s->send);
    free(s->recv);
}

const tri_app bench_overlap = {
    .name = "bench-overlap",
    .summary = "times nonblocking and persistent collectives, alone and with computation in between",
    .examples = "mpirun -np 4 trireme bench overlap --operations allreduce --sizes 8,1Mi\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .record = record,
    .teardown = teardown,
};
