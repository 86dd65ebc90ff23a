/* tune: which collective calls are faster by this library than by the MPI library, on this machine.
 *
 * Each cell, an operation and a size, is measured by turns: ours, MPI's, ours, ... . boost serves a class of
 * sizes only if ours was faster at its ends, by 3 % and beyond the confidence intervals of the medians, in
 * single calls and in series. The raw samples go to the result file, the verdicts to the file of --out, which
 * has a line for each number of ranks and nodes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/common/collective_calls.h"
#include "apps/common/tuning.h"

enum { SIZES = 24, MPI_SAMPLES = 0, OUR_SAMPLES = 1, METHODS = 2 };
static const double FASTER = 1.03;

typedef struct cell {
    bench_method method[METHODS];
    double ratio[BENCH_MODES]; /* MPI's median by ours */
    bool measured, faster;
} cell;

typedef struct state {
    const char *operations, *out, *show;
    size_t largest;
    double seconds;
    size_t bytes[SIZES];
    int sizes;
    cell cells[TRI_OPERATION_COUNT][SIZES];
    double *send, *recv;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, out, "out", "trireme.tuning",
               "the file for boost --tuning; a line of other ranks and nodes in it stays"),
    TRI_OPTION(state, operations, "operations", "all",
               "operations to measure: all, or a list such as bcast,allreduce; others are not served"),
    TRI_OPTION(state, largest, "largest", "4Mi", "largest vector or block, in bytes"),
    TRI_OPTION(state, seconds, "seconds", "0.2", "seconds for each operation, size and mode"),
    TRI_OPTION(state, show, "show", NULL, "only print what a tuning file says"),
    {.name = NULL},
};

/* MPI's names of functions; the operation reduce_scatter is measured with equal blocks. */
static const char *function_of(tri_operation operation) {
    return operation == TRI_REDUCE_SCATTER ? "reduce_scatter_block" : tri_operation_name(operation);
}

/* Class of sizes, as in the preload: that of the bits of a number. */
static int class_of(size_t bytes) {
    return bytes ? 64 - __builtin_clzll(bytes) : 0;
}

static tri_status setup(tri_run *run, void *argument) {
    state *s = argument;
    if (s->show) return TRI_OK;
    if (tri_comm_size(run->comm) < 2)
        return tri_fail(TRI_ERR_ARGUMENT, "a collective call needs 2 ranks: mpirun -np 8 trireme tune");
    if (s->largest < 8 || s->largest > 64 << 20)
        return tri_fail(TRI_ERR_ARGUMENT, "--largest: from 8 to 64Mi");
    if (s->seconds < 0) return tri_fail(TRI_ERR_ARGUMENT, "--seconds: 0 or more");
    TRI_TRY(bench_check_operations(s->operations));
    /* A file that exists is read at the end, and has to be a tuning file. */
    static tri_tuning old;
    if (tri_comm_rank(run->comm) == 0 && !access(s->out, F_OK)) TRI_TRY(tri_tuning_read(s->out, &old));
    TRI_TRY(tri_output_check(s->out, 1));
    for (size_t bytes = 8; bytes <= s->largest && s->sizes < SIZES; bytes *= 4)
        s->bytes[s->sizes++] = bytes;
    size_t all = s->bytes[s->sizes - 1] * (size_t)tri_comm_size(run->comm);
    s->send = malloc(all);
    s->recv = malloc(all);
    if (!s->send || !s->recv)
        return tri_fail(TRI_ERR_MEMORY, "no memory for buffers of %zu bytes; use a smaller --largest", all);
    return TRI_OK;
}

static tri_status run(tri_run *run, void *argument) {
    state *s = argument;
    for (int op = 0; op < TRI_OPERATION_COUNT && !s->show; op++)
        for (int i = 0; i < (op == TRI_BARRIER ? 1 : s->sizes); i++) {
            cell *c = &s->cells[op][i];
            if (!bench_has_operation(s->operations, (tri_operation)op)) continue;
            tri_progress(run, "operations", op, TRI_OPERATION_COUNT, "operations");
            bench_call call = {.operation = (tri_operation)op,
                               .count = op == TRI_BARRIER ? 0 : s->bytes[i] / sizeof(double),
                               .send = s->send,
                               .recv = s->recv,
                               .comm = run->comm};
            bench_methods_destroy(c->method, METHODS);
            c->method[MPI_SAMPLES] = (bench_method){.name = "mpi", .call = bench_call_mpi};
            c->method[OUR_SAMPLES] = (bench_method){.name = "ours", .call = bench_call_ours};
            TRI_TRY(bench_measure(&call, c->method, METHODS, s->seconds));
            c->measured = true;
        }
    tri_progress(run, "operations", TRI_OPERATION_COUNT, TRI_OPERATION_COUNT, "operations");
    return TRI_OK;
}

/* ---- verdicts ---- */

static tri_status summary_of(const bench_method *method, int mode, tri_summary *out) {
    size_t count = method->samples[mode];
    double *sorted = malloc((count + 1) * sizeof *sorted);
    if (!sorted) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu samples", count);
    memcpy(sorted, method->seconds[mode], count * sizeof *sorted);
    *out = tri_summarise(sorted, count);
    free(sorted);
    return TRI_OK;
}

static tri_status judge(cell *c) {
    c->faster = c->measured;
    for (int mode = 0; mode < BENCH_MODES && c->measured; mode++) {
        tri_summary mpi, ours;
        TRI_TRY(summary_of(&c->method[MPI_SAMPLES], mode, &mpi));
        TRI_TRY(summary_of(&c->method[OUR_SAMPLES], mode, &ours));
        c->ratio[mode] = ours.median > 0 ? mpi.median / ours.median : 0;
        c->faster = c->faster && c->ratio[mode] >= FASTER && mpi.low > ours.high;
    }
    return TRI_OK;
}

/* Bits of the classes: between two sizes that were measured, those where both are faster. Nothing is proven
 * for vectors without data, and beyond the largest. */
static uint64_t classes_of(const state *s, int op) {
    uint64_t out = 0;
    if (op == TRI_BARRIER) return s->cells[op][0].faster;
    for (int i = 0; i < s->sizes; i++) {
        int first = i ? class_of(s->bytes[i - 1]) + 1 : 1, last = class_of(s->bytes[i]);
        bool before = !i || s->cells[op][i - 1].faster;
        for (int k = first; k <= last && s->cells[op][i].faster; k++)
            if (before || k == last) out |= UINT64_C(1) << k;
    }
    return out;
}

static void write_shape(const state *s, const tri_run *run, char shape[TRI_TUNING_LINE]) {
    int at = snprintf(shape, TRI_TUNING_LINE, "%dx%d:", tri_comm_size(run->comm),
                      tri_comm_shape(run->comm)->nodes);
    const char *comma = "";
    for (int op = 0; op < TRI_OPERATION_COUNT; op++) {
        uint64_t classes = classes_of(s, op);
        if (!classes || at >= TRI_TUNING_LINE) continue;
        at += snprintf(shape + at, (size_t)(TRI_TUNING_LINE - at), "%s%s=%" PRIx64, comma,
                       function_of((tri_operation)op), classes);
        comma = ",";
    }
}

static tri_status save(const state *s, const char *shape) {
    static tri_tuning file, here;
    tri_output *out = NULL;
    tri_tuning_here(&here);
    file = here;
    if (!access(s->out, F_OK)) TRI_TRY(tri_tuning_read(s->out, &file));
    if (strcmp(file.machine, here.machine) != 0 || strcmp(file.mpi, here.mpi) != 0)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--out: '%s' is of another machine or MPI library (%s, %s); name another file",
                        s->out, file.machine, file.mpi);
    TRI_TRY(tri_tuning_set(&file, shape));
    TRI_TRY(tri_output_create(s->out, 1, &out));
    FILE *to = tri_output_stream(out);
    fprintf(to, "%s\nmachine %s\nmpi %s\n", TRI_TUNING_FIRST, file.machine, file.mpi);
    for (int i = 0; i < file.shapes; i++)
        fprintf(to, "shape %s\n", file.shape[i]);
    tri_status status = tri_output_finish(out, s->out);
    tri_output_destroy(&out);
    return status;
}

/* ---- reports ---- */

static const char *const modes[BENCH_MODES] = {[BENCH_SINGLE] = "single", [BENCH_SERIES] = "series"};

static void report_cell(tri_run *run, tri_operation op, size_t bytes, const cell *c) {
    char size[TRI_SIZE_TEXT] = "-", path[200];
    if (op != TRI_BARRIER) tri_size_format(bytes, size);
    tri_report_line(run, "%-21s %6s  %8.2f %8.2f   %s", function_of(op), size, c->ratio[BENCH_SINGLE],
                    c->ratio[BENCH_SERIES], c->faster ? "served" : "");
    for (int m = 0; m < METHODS && run->result; m++)
        for (int mode = 0; mode < BENCH_MODES; mode++) {
            const bench_method *method = &c->method[m];
            snprintf(path, sizeof path, "samples/%s/%zu/%s/%s", function_of(op),
                     op == TRI_BARRIER ? 0 : bytes, modes[mode], method->name);
            tri_result_reals(run->result, path, 1, (size_t[]){method->samples[mode]}, method->seconds[mode],
                             "s", "time of each call, or of each call of a series");
        }
}

/* The sizes that a line of a tuning file serves. */
static void show_shape(tri_run *run, const char *shape) {
    size_t name = strcspn(shape, ":");
    tri_report_line(run, "%.*s (ranks x nodes)", (int)name, shape);
    for (const char *word = shape + name; *word && word[1]; word += strcspn(word, ",")) {
        char sizes[256] = "", from[TRI_SIZE_TEXT], to[TRI_SIZE_TEXT];
        size_t length = strcspn(++word, "=");
        uint64_t classes = strtoull(word + length + (word[length] == '='), NULL, 16);
        for (int k = 0, at = 0; k < 48 && at < (int)sizeof sizes; k++) {
            if (!(classes >> k & 1) || (k && classes >> (k - 1) & 1)) continue;
            int last = k;
            while (classes >> (last + 1) & 1)
                last++;
            at += snprintf(sizes + at, sizeof sizes - (size_t)at, "%s%s to %s B", at ? ", " : "",
                           tri_size_format(k ? (size_t)1 << (k - 1) : 0, from),
                           tri_size_format(last ? ((size_t)1 << last) - 1 : 0, to));
        }
        tri_report_line(run, "  %-21.*s %s", (int)length, word, sizes);
    }
}

static tri_status show(tri_run *run, const state *s) {
    static tri_tuning file;
    TRI_TRY(tri_tuning_read(s->show, &file));
    tri_report_text(run, "machine", file.machine);
    tri_report_text(run, "mpi", file.mpi);
    for (int i = 0; i < file.shapes; i++)
        show_shape(run, file.shape[i]);
    return TRI_OK;
}

static tri_status record(tri_run *run, void *argument) {
    state *s = argument;
    char shape[TRI_TUNING_LINE];
    int cells = 0, served = 0;
    if (s->show) return show(run, s);
    tri_report_line(run, "%-21s %6s  %8s %8s   time of the MPI library by ours", "function", "bytes",
                    "single", "series");
    for (int op = 0; op < TRI_OPERATION_COUNT; op++)
        for (int i = 0; i < s->sizes; i++) {
            cell *c = &s->cells[op][i];
            if (!c->measured) continue;
            TRI_TRY(judge(c));
            report_cell(run, (tri_operation)op, s->bytes[i], c);
            cells++;
            served += c->faster;
        }
    write_shape(s, run, shape);
    tri_report_integer(run, "cells", cells, "1", "functions and sizes that were measured");
    tri_report_integer(run, "faster", served, "1", "classes that boost serves");
    tri_report_text(run, "shape", shape);
    if (tri_comm_rank(run->comm) == 0) TRI_TRY(save(s, shape));
    tri_report_text(run, "tuning", s->out);
    return TRI_OK;
}

static void teardown(void *argument) {
    state *s = argument;
    for (int op = 0; op < TRI_OPERATION_COUNT; op++)
        for (int i = 0; i < SIZES; i++)
            bench_methods_destroy(s->cells[op][i].method, METHODS);
    free(s->send);
    free(s->recv);
}

static const tri_app app = {
    .name = "tune",
    .summary = "measures which MPI calls boost makes faster on this machine",
    .examples = "mpirun -np 8 trireme tune --out site.tuning      # for each number of ranks that matters\n"
                "trireme tune --show site.tuning                  # the classes of a file\n",
    .options = options,
    .state_bytes = sizeof(state),
    .no_device = true,
    .setup = setup,
    .run = run,
    .record = record,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main(&app, argc, argv);
}
