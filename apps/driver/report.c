/* The results and phase times of a run: as a table, as JSON, and in the result file. */
#include "apps/driver/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PHASES = 8 };

typedef enum row_kind { ROW_REAL, ROW_INTEGER, ROW_TEXT, ROW_LINE } row_kind;

typedef struct row {
    row_kind kind;
    const char *name, *units, *long_name; /* string literals of the programs */
    double real;
    int64_t integer;
    char *text;
} row;

/* One phase: seconds and bytes of each repeat. */
typedef struct phase {
    char name[24];
    double *seconds, *bytes;
    /* On rank 0 after tri_report_record(): medians over the repeats of the slowest rank's time and of the
     * rate. */
    double slowest_s, bytes_per_s;
} phase;

struct tri_report {
    int repeats, rows, room, phases;
    row *row;
    row overflow; /* target of writes if there is no memory for another row */
    phase phase[PHASES];
};

tri_status tri_report_create(int repeats, tri_report **out) {
    tri_report *report = calloc(1, sizeof *report);
    if (!report) return tri_fail(TRI_ERR_MEMORY, "no memory for the report");
    report->repeats = repeats;
    *out = report;
    return TRI_OK;
}

void tri_report_destroy(tri_report **report) {
    if (!report || !*report) return;
    for (int i = 0; i < (*report)->rows; i++)
        free((*report)->row[i].text);
    for (int i = 0; i < (*report)->phases; i++)
        free((*report)->phase[i].seconds);
    free((*report)->row);
    free(*report);
    *report = NULL;
}

double tri_now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static row *next_row(tri_run *run, row_kind kind, const char *name) {
    tri_report *r = run->report;
    if (r->rows == r->room) {
        row *rows = realloc(r->row, (size_t)(2 * r->room + 32) * sizeof *rows);
        if (!rows) return &r->overflow;
        r->row = rows;
        r->room = 2 * r->room + 32;
    }
    r->row[r->rows] = (row){.kind = kind, .name = name};
    return &r->row[r->rows++];
}

void tri_report_real(tri_run *run, const char *name, double value, const char *units, const char *long_name) {
    row *next = next_row(run, ROW_REAL, name);
    next->real = value;
    next->units = units;
    next->long_name = long_name;
}

void tri_report_integer(tri_run *run, const char *name, int64_t value, const char *units,
                        const char *long_name) {
    row *next = next_row(run, ROW_INTEGER, name);
    next->integer = value;
    next->units = units;
    next->long_name = long_name;
}

void tri_report_text(tri_run *run, const char *name, const char *value) {
    next_row(run, ROW_TEXT, name)->text = strdup(value);
}

void tri_report_line(tri_run *run, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    next_row(run, ROW_LINE, "")->text = strdup(text);
}

/* The phase of that name, created if new; NULL: no memory or too many phases. A missing time does not fail
 * the run. */
static phase *find_phase(tri_report *r, const char *name) {
    for (int i = 0; i < r->phases; i++)
        if (!strcmp(r->phase[i].name, name)) return &r->phase[i];
    double *samples = r->phases < PHASES ? calloc(2 * (size_t)r->repeats, sizeof *samples) : NULL;
    if (!samples) return NULL;
    phase *p = &r->phase[r->phases++];
    *p = (phase){.seconds = samples, .bytes = samples + r->repeats};
    snprintf(p->name, sizeof p->name, "%s", name);
    return p;
}

void tri_report_phase(tri_run *run, const char *name, double seconds, double bytes) {
    phase *p = run->repeat < 0 ? NULL : find_phase(run->report, name);
    if (!p) return;
    p->seconds[run->repeat] += seconds;
    p->bytes[run->repeat] += bytes;
}

static void say_compiling(void *argument, const tri_gpu *gpu) {
    tri_run *run = argument;
    if (!run->said_compiling)
        fprintf(stderr, "%s: compiling kernels for '%s' (once)\n", run->app->name,
                tri_gpu_describe(gpu)->name);
    run->said_compiling = true;
}

void tri_say_compiling(tri_run *run, tri_gpu *gpu) {
    if (!run->common->quiet && tri_comm_shape(run->comm)->local_rank == 0)
        tri_gpu_set_notice(gpu, say_compiling, run);
}

/* Gathers one phase to rank 0 and records seconds[rank][repeat]. */
static tri_status record_phase(tri_run *run, phase *p) {
    size_t repeats = (size_t)run->report->repeats, ranks = (size_t)tri_comm_size(run->comm);
    int root = tri_comm_rank(run->comm) == 0;
    double *all = root ? malloc((2 * ranks * repeats + 2 * repeats) * sizeof *all) : NULL;
    TRI_TRY(tri_agree(
        run->comm, root && !all ? tri_fail(TRI_ERR_MEMORY, "no memory for the times of all ranks") : TRI_OK));
    tri_status status =
        tri_gather(p->seconds, 2 * repeats, MPI_DOUBLE, all, 2 * repeats, MPI_DOUBLE, 0, run->comm);
    if (status == TRI_OK && root) {
        double *slowest = all + 2 * ranks * repeats, *rate = slowest + repeats;
        for (size_t k = 0; k < repeats; k++) {
            double bytes = 0;
            slowest[k] = 0;
            for (size_t rank = 0; rank < ranks; rank++) {
                slowest[k] = fmax(slowest[k], all[rank * 2 * repeats + k]);
                bytes += all[rank * 2 * repeats + repeats + k];
            }
            rate[k] = slowest[k] > 0 ? bytes / slowest[k] : 0;
        }
        p->slowest_s = tri_summarise(slowest, repeats).median;
        p->bytes_per_s = tri_summarise(rate, repeats).median;
        for (size_t rank = 0; rank < ranks; rank++)
            memmove(all + rank * repeats, all + rank * 2 * repeats, repeats * sizeof *all);
    }
    if (status == TRI_OK && run->result) {
        char path[64], long_name[96];
        snprintf(path, sizeof path, "timing/%s", p->name);
        snprintf(long_name, sizeof long_name, "time of phase %s, for each rank and repeat", p->name);
        tri_result_reals(run->result, path, 2, (size_t[]){ranks, repeats}, all, "s", long_name);
    }
    free(all);
    return status;
}

/* A rank without work may lack some phases; those of rank 0 are recorded. */
static tri_status record_phases(tri_run *run) {
    tri_report *r = run->report;
    char names[PHASES][sizeof r->phase->name] = {""};
    for (int i = 0; i < r->phases; i++)
        strcpy(names[i], r->phase[i].name);
    TRI_TRY(tri_bcast(names, sizeof names, MPI_CHAR, 0, run->comm));
    for (int i = 0; i < PHASES && *names[i]; i++) {
        phase *p = find_phase(r, names[i]);
        TRI_TRY(tri_agree(run->comm,
                          p ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the times of a phase")));
        TRI_TRY(record_phase(run, p));
    }
    return TRI_OK;
}

tri_status tri_report_record(tri_run *run) {
    tri_report *r = run->report;
    TRI_TRY(record_phases(run));
    for (int i = 0; run->result && i < r->rows; i++) {
        const row *line = &r->row[i];
        char path[96];
        snprintf(path, sizeof path, "results/%s", line->name);
        if (line->kind == ROW_REAL)
            tri_result_reals(run->result, path, 0, NULL, &line->real, line->units, line->long_name);
        else if (line->kind == ROW_INTEGER)
            tri_result_integers(run->result, path, 0, NULL, &line->integer, line->units, line->long_name);
        else if (line->kind == ROW_TEXT)
            tri_result_text(run->result, line->name, line->text);
    }
    return TRI_OK;
}

/* A name may contain anything; a row of the table is one line. */
static void print_text(const char *name, const char *text) {
    char line[8192];
    printf("%-14s %s\n", name, tri_text_line(text ? text : "", line, sizeof line));
}

static void print_row(const row *line) {
    bool pure = !line->units || !strcmp(line->units, "1");
    switch (line->kind) {
    case ROW_REAL:
        /* Computed values are shown with all bits, measured ones with a few digits. */
        if (pure)
            printf("%-14s %-24.17g %a\n", line->name, line->real, line->real);
        else
            printf("%-14s %.6g %s\n", line->name, line->real, line->units);
        break;
    case ROW_INTEGER:
        printf("%-14s %" PRId64 "%s%s\n", line->name, line->integer, pure ? "" : " ",
               pure ? "" : line->units);
        break;
    case ROW_TEXT:
        print_text(line->name, line->text);
        break;
    case ROW_LINE:
        printf("%s\n", line->text ? line->text : "");
        break;
    }
}

tri_status tri_report_table(tri_run *run, const char *where) {
    const tri_report *r = run->report;
    for (int i = 0; i < r->rows; i++)
        print_row(&r->row[i]);
    if (run->app->no_result)
        return fflush(stdout) ? tri_fail(TRI_ERR_FILE, "cannot write to standard output") : TRI_OK;
    if (r->phases) printf("%-14s", "time");
    for (int i = 0; i < r->phases; i++) {
        printf("%s %s %.6f s", i ? "," : "", r->phase[i].name, r->phase[i].slowest_s);
        if (r->phase[i].bytes_per_s > 0) printf(" (%.2f GB/s)", 1e-9 * r->phase[i].bytes_per_s);
    }
    printf("%s%-14s %s\n", r->phases ? "\n" : "", "where", where);
    if (run->result) print_text("record", tri_result_path(run->result));
    return fflush(stdout) ? tri_fail(TRI_ERR_FILE, "cannot write to standard output") : TRI_OK;
}

/* JSON is UTF-8; a name may be any bytes. */
static json_t *json_text(const char *text) {
    char line[8192];
    json_t *string = json_string(text ? text : "");
    return string ? string : json_string(tri_text_line(text, line, sizeof line));
}

/* JSON has neither NaN nor infinity: they become the strings "nan", "inf", "-inf". */
static json_t *json_number(double value) {
    char text[32];
    if (isfinite(value)) return json_real(value);
    snprintf(text, sizeof text, "%f", value);
    return json_string(isnan(value) ? "nan" : text);
}

static json_t *json_row(const row *line) {
    char hexadecimal[64];
    switch (line->kind) {
    case ROW_REAL:
        snprintf(hexadecimal, sizeof hexadecimal, "%a", line->real);
        return json_pack("{s:o, s:s, s:s}", "value", json_number(line->real), "hex", hexadecimal, "units",
                         line->units);
    case ROW_INTEGER:
        return json_pack("{s:I, s:s}", "value", (json_int_t)line->integer, "units", line->units);
    case ROW_TEXT:
        return json_text(line->text);
    case ROW_LINE:
        break;
    }
    return NULL;
}

static void set_unless_empty(json_t *object, const char *key, json_t *value, size_t size) {
    if (size)
        json_object_set_new(object, key, value);
    else
        json_decref(value);
}

tri_status tri_report_json(tri_run *run, const char *where, const char *verdict) {
    const tri_report *r = run->report;
    json_t *all = json_object(), *results = json_object(), *timing = json_object(), *lines = json_array();
    json_object_set_new(all, "program", json_string(run->app->name));
    json_object_set_new(all, "version", json_string(TRIREME_VERSION_TEXT));
    for (int i = 0; i < r->rows; i++)
        if (r->row[i].kind == ROW_LINE)
            json_array_append_new(lines, json_text(r->row[i].text));
        else
            json_object_set_new(results, r->row[i].name, json_row(&r->row[i]));
    for (int i = 0; i < r->phases; i++)
        json_object_set_new(timing, r->phase[i].name,
                            json_pack("{s:f, s:f}", "seconds", r->phase[i].slowest_s, "bytes_per_second",
                                      r->phase[i].bytes_per_s));
    set_unless_empty(all, "results", results, json_object_size(results));
    set_unless_empty(all, "lines", lines, json_array_size(lines));
    set_unless_empty(all, "timing", timing, json_object_size(timing));
    if (run->app->verify) json_object_set_new(all, "verdict", json_text(verdict));
    json_object_set_new(all, "where", json_text(where));
    if (run->result) json_object_set_new(all, "record", json_text(tri_result_path(run->result)));
    int bad = json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(all);
    putchar('\n');
    return bad || fflush(stdout) ? tri_fail(TRI_ERR_FILE, "cannot write to standard output") : TRI_OK;
}
