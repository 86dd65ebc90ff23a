/* Times collective operations and those of the MPI library. */
#include "apps/common/collective_calls.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/bench/bench.h"

enum { METHODS = 24 };
/* The last line counts cells with a ratio below this. */
static const double SLOW = 0.9;

typedef struct cell {
    tri_operation operation;
    size_t bytes;
    int used;
    bool left_out;      /* its buffers exceed --memory */
    tri_case call_case; /* what the choice among algorithms goes by */
    bench_method method[METHODS];
} cell;

typedef struct state {
    const char *operations, *sizes;
    int against;
    bool heap, each, exact;
    size_t memory;
    double seconds, quantile;
    size_t *bytes; /* the sizes */
    int size_count, cells;
    cell *cell;
    void *send, *recv;
} state;

enum { AGAINST_MPI, AGAINST_NONE };

static const tri_option options[] = {
    TRI_OPTION(state, operations, "operations", "all",
               "operations to measure: all, or a list such as bcast,allreduce"),
    TRI_OPTION(state, sizes, "sizes", "8,64,512,1Ki,8Ki,64Ki,128Ki,512Ki,1Mi,4Mi,16Mi,64Mi",
               "bytes of the vector, or of a block; multiples of 8"),
    TRI_OPTION(state, against, "against", "mpi", "compare with the MPI library, or with nothing", "mpi|none"),
    TRI_OPTION(state, heap, "heap", NULL, "use buffers in shared memory (tri_alloc_shared)"),
    TRI_OPTION(state, each, "each", NULL, "also measure every algorithm"),
    TRI_OPTION(state, exact, "exact", NULL, "also measure the reductions by the exact sum"),
    TRI_OPTION(state, seconds, "seconds", "0.2", "seconds for each operation, size and mode"),
    TRI_OPTION(state, quantile, "quantile", "0.5",
               "quantile of the samples to show; use less than 0.5 on a busy machine"),
    TRI_OPTION(state, memory, "memory", "512Mi", "maximum bytes of the two buffers of a rank"),
    {.name = NULL},
};

static tri_status read_sizes(state *s) {
    int room = (int)strlen(s->sizes) + 1;
    s->bytes = calloc((size_t)room, sizeof *s->bytes);
    if (!s->bytes) return tri_fail(TRI_ERR_MEMORY, "no memory for the sizes");
    return bench_sizes(s->sizes, sizeof(double), SIZE_MAX, s->bytes, room, &s->size_count);
}

static bench_call call_of(const state *s, const cell *c, tri_comm *comm) {
    return (bench_call){.operation = c->operation,
                        .count = c->operation == TRI_BARRIER ? 0 : c->bytes / sizeof(double),
                        .send = s->send,
                        .recv = s->recv,
                        .comm = comm};
}

/* The methods of a cell. The first one is what the others are compared with. */
static void add_methods(const state *s, cell *c, const tri_run *run) {
    if (s->against == AGAINST_MPI)
        c->method[c->used++] = (bench_method){.name = "mpi", .call = bench_call_mpi};
    bench_method *ours = &c->method[c->used++];
    *ours = (bench_method){.name = "ours", .call = bench_call_ours, .selects = s->each};
    const char *named = run->common->algorithm;
    if (s->each) snprintf(ours->select, sizeof ours->select, "%s", named ? named : "");
    c->call_case = tri_comm_case(run->comm, c->operation, c->bytes, 0, 1);
    c->call_case.mapped = s->heap;
    c->call_case.unit_bytes = c->operation < TRI_REDUCE ? 1 : sizeof(double);
    if (s->exact && c->operation >= TRI_REDUCE)
        c->method[c->used++] = (bench_method){
            .name = "exact", .call = bench_call_exact, .selects = s->each, .algorithm = "exact sum"};
    for (int a = 0; s->each && a < tri_algorithm_count(); a++) {
        if (c->used == METHODS || !tri_algorithm_can(a, &c->call_case)) continue;
        bench_method *method = &c->method[c->used++];
        *method = (bench_method){.call = bench_call_ours, .selects = true};
        snprintf(method->name, sizeof method->name, "%s", tri_algorithm_name(a));
        snprintf(method->select, sizeof method->select, "%s:%s", tri_operation_name(c->operation),
                 tri_algorithm_name(a));
    }
}

/* Makes the cells of all operations and sizes; need: bytes of the two buffers of the largest. */
static void lay_out(state *s, const tri_run *run, size_t need[2]) {
    size_t ranks = (size_t)tri_comm_size(run->comm);
    for (int op = 0; op < TRI_OPERATION_COUNT; op++)
        for (int i = 0; i < (op == TRI_BARRIER ? 1 : s->size_count); i++) {
            if (!bench_has_operation(s->operations, (tri_operation)op)) continue;
            cell *c = &s->cell[s->cells++];
            *c = (cell){.operation = (tri_operation)op, .bytes = op == TRI_BARRIER ? 0 : s->bytes[i]};
            size_t send = c->bytes, recv = c->bytes;
            if (op == TRI_SCATTER || op == TRI_ALLTOALL || op == TRI_REDUCE_SCATTER) send *= ranks;
            if (op == TRI_GATHER || op == TRI_ALLGATHER || op == TRI_ALLTOALL) recv *= ranks;
            c->left_out = send + recv > s->memory;
            if (c->left_out) continue;
            if (send > need[0]) need[0] = send;
            if (recv > need[1]) need[1] = recv;
            add_methods(s, c, run);
        }
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    if (s->seconds < 0) return tri_fail(TRI_ERR_ARGUMENT, "--seconds: 0 or more");
    if (s->quantile < 0 || s->quantile > 1) return tri_fail(TRI_ERR_ARGUMENT, "--quantile: from 0 to 1");
    TRI_TRY(bench_check_operations(s->operations));
    TRI_TRY(read_sizes(s));
    s->cell = calloc((size_t)TRI_OPERATION_COUNT * (size_t)s->size_count, sizeof *s->cell);
    if (!s->cell) return tri_fail(TRI_ERR_MEMORY, "no memory for the table");
    /* The first call sets up what tri_comm_case() depends on. */
    TRI_TRY(tri_barrier(run->comm));
    size_t need[2] = {8, 8};
    lay_out(s, run, need);
    if (s->heap) {
        TRI_TRY(tri_alloc_shared(run->comm, need[0], &s->send));
        return tri_alloc_shared(run->comm, need[1], &s->recv);
    }
    s->send = malloc(need[0]);
    s->recv = malloc(need[1]);
    if (!s->send || !s->recv)
        return tri_fail(TRI_ERR_MEMORY, "no memory for buffers of %zu bytes; reduce --memory",
                        need[0] + need[1]);
    return TRI_OK;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int i = 0; i < s->cells; i++) {
        cell *c = &s->cell[i];
        if (c->left_out) continue;
        tri_progress(run, "calls", i, s->cells, "calls");
        bench_call call = call_of(s, c, run->comm);
        bench_methods_destroy(c->method, c->used);
        TRI_TRY(bench_measure(&call, c->method, c->used, s->seconds));
    }
    tri_progress(run, "calls", s->cells, s->cells, "calls");
    return TRI_OK;
}

/* ---- the table ---- */

static const char *const modes[BENCH_MODES] = {[BENCH_SINGLE] = "single", [BENCH_SERIES] = "series"};

typedef struct total {
    int cells, slow, exact_cells;
    double logs, exact_logs;
    char worst[80];
    double worst_ratio;
} total;

static void size_text(const cell *c, char text[TRI_SIZE_TEXT]) {
    if (c->operation == TRI_BARRIER)
        strcpy(text, "-");
    else
        tri_size_format(c->bytes, text);
}

/* What is shown of a method's samples: the requested quantile, and the interval of the median. */
typedef struct shown {
    double seconds, low, high;
} shown;

static tri_status shown_of(const state *s, const bench_method *method, int mode, shown *out) {
    size_t count = method->samples[mode];
    double *sorted = malloc(count * sizeof *sorted);
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu samples", count);
    memcpy(sorted, method->seconds[mode], count * sizeof *sorted);
    tri_summary summary = tri_summarise(sorted, count);
    *out = (shown){tri_quantile(sorted, count, s->quantile), summary.low, summary.high};
    free(sorted);
    return TRI_OK;
}

static void add(total *all, const cell *c, int mode, double ratio) {
    char size[TRI_SIZE_TEXT];
    all->cells++;
    all->slow += ratio < SLOW;
    all->logs += log(ratio);
    if (all->cells > 1 && ratio >= all->worst_ratio) return;
    all->worst_ratio = ratio;
    size_text(c, size);
    snprintf(all->worst, sizeof all->worst, "%s %s %s", tri_operation_name(c->operation), size, modes[mode]);
}

/* The predicted time of the algorithm of a method, in us; "-": none. */
static void predicted_text(const cell *c, const bench_method *method, const tri_network *net, char text[32]) {
    strcpy(text, "-");
    for (int a = 0; a < tri_algorithm_count(); a++)
        if (tri_algorithm_operation(a) == c->operation && !strcmp(tri_algorithm_name(a), method->algorithm))
            snprintf(text, 32, "%.3f", 1e6 * tri_algorithm_time_s(a, &c->call_case, net));
}

static tri_status show(tri_run *run, const state *s, const cell *c, int mode, total *all) {
    char size[TRI_SIZE_TEXT];
    shown peer = {0}, ours, plain = {0};
    const tri_network *net = tri_comm_network(run->comm);
    size_text(c, size);
    if (s->against == AGAINST_MPI) TRI_TRY(shown_of(s, &c->method[0], mode, &peer));
    for (int w = s->against == AGAINST_MPI; w < c->used; w++) {
        char compared[80] = "", library[32] = "-", predicted[32];
        TRI_TRY(shown_of(s, &c->method[w], mode, &ours));
        double ratio = peer.seconds / ours.seconds;
        predicted_text(c, &c->method[w], net, predicted);
        if (s->against == AGAINST_MPI) {
            snprintf(library, sizeof library, "%.3f", 1e6 * peer.seconds);
            snprintf(compared, sizeof compared, "%7.2f x  [%.2f, %.2f]", ratio, peer.low / ours.high,
                     peer.high / ours.low);
        }
        tri_report_line(run, "%-14s %6s  %s  %12s %12.3f %12s us  %-26s %s%s",
                        tri_operation_name(c->operation), size, modes[mode], library, 1e6 * ours.seconds,
                        predicted, compared, c->method[w].algorithm,
                        s->each && !strcmp(c->method[w].name, "ours") ? " (ours)" : "");
        int is_ours = !strcmp(c->method[w].name, "ours");
        if (s->against == AGAINST_MPI && is_ours) add(all, c, mode, ratio);
        if (is_ours) plain = ours;
        if (c->method[w].call != bench_call_exact) continue;
        all->exact_cells++;
        all->exact_logs += log(ours.seconds / plain.seconds);
    }
    return TRI_OK;
}

static void keep(tri_run *run, bench_list *list, const cell *c) {
    for (int w = 0; w < c->used; w++)
        for (int mode = 0; mode < BENCH_MODES; mode++) {
            char path[200];
            snprintf(path, sizeof path, "samples/%s/%zu/%s/%s", tri_operation_name(c->operation), c->bytes,
                     modes[mode], c->method[w].name);
            bench_keep(run, list, path, c->method[w].seconds[mode], c->method[w].samples[mode]);
        }
}

static void summarise(tri_run *run, const total *all) {
    double mean = exp(all->logs / all->cells);
    tri_report_integer(run, "cells", all->cells, "1", "cells of the table, an operation, size and mode each");
    tri_report_integer(run, "slower", all->slow, "1", "cells below 0.9 of the speed of the MPI library");
    tri_report_real(run, "speed", mean, "1",
                    "geometric mean over all cells: time of the MPI library divided by ours");
    tri_report_line(run,
                    "slower than %.1f x in %d of %d cells (the least: %s, %.2f x); geometric mean %.2f x",
                    SLOW, all->slow, all->cells, all->worst, all->worst_ratio, mean);
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    bench_clock clock = bench_clock_of(run->comm);
    total all = {0};
    bench_list list = {NULL, 0, 0};
    tri_report_text(run, "buffers", s->heap ? "shared heap" : "private");
    tri_report_text(run, "single",
                    clock.common ? "one call: last out minus first in" : "one call: the slowest rank's time");
    tri_report_text(run, "begun", clock.moment ? "at a common time" : "after a barrier");
    tri_report_text(run, "series", "back-to-back calls: the slowest rank's time divided by their number");
    tri_report_line(run, "%-14s %6s  %-6s  %12s %12s %12s     %7s", "operation", "bytes", "mode", "library",
                    "ours", "predicted", s->against == AGAINST_MPI ? "ratio  [of the median]" : "");
    for (int i = 0; i < s->cells; i++) {
        const cell *c = &s->cell[i];
        char size[TRI_SIZE_TEXT];
        size_text(c, size);
        if (c->left_out)
            tri_report_line(run, "%-14s %6s  left out: more than --memory", tri_operation_name(c->operation),
                            size);
        for (int mode = 0; !c->left_out && mode < BENCH_MODES; mode++)
            TRI_TRY(show(run, s, c, mode, &all));
        keep(run, &list, c);
    }
    bench_note(run, &list);
    if (all.cells) summarise(run, &all);
    if (!all.exact_cells) return TRI_OK;
    double price = exp(all.exact_logs / all.exact_cells);
    tri_report_real(run, "exact_price", price, "1",
                    "geometric mean over all reductions: time by TRI_EXACT_SUM divided by that by MPI_SUM");
    tri_report_line(run, "exact sums take %.2f x the time of MPI_SUM (geometric mean)", price);
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int i = 0; i < s->cells; i++)
        bench_methods_destroy(s->cell[i].method, s->cell[i].used);
    /* Shared buffers are freed with their communicator. */
    if (!s->heap) {
        free(s->send);
        free(s->recv);
    }
    free(s->cell);
    free(s->bytes);
}

const tri_app bench_collectives = {
    .name = "bench-collectives",
    .summary = "compares every collective operation with the MPI library, in single calls and in series",
    .examples = "mpirun -np 4 trireme bench collectives --operations allreduce --sizes 8,64Ki\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .record = record,
    .teardown = teardown,
};
