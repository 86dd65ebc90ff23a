/* One file on a screen. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/show/show.h"

/* A name or value may contain anything; a row is one line. */
static void row(const char *name, const char *text) {
    char head[256], line[8192];
    if (*text)
        printf("%-14s %s\n", tri_text_line(name, head, sizeof head), tri_text_line(text, line, sizeof line));
}

/* Attributes that the first rows show. */
static bool is_known(const char *name) {
    static const char *const names[] = {
        "program", "verdict", "start",   "end",      "where",        "hosts",          "command",
        "version", "commit",  "device",  "mpi",      "places",       "ranks",          "nodes",
        "threads", "opencl",  "network", "complete", "hdf5_version", "ranks_per_node", "slurm_job_id"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

static void show_head(const tri_record *r) {
    char line[512];
    const tri_record_item *hosts = tri_record_find(r, "hosts");
    row("file", r->file);
    row("program", tri_record_text(r, "program"));
    row("verdict", tri_record_text(r, "verdict"));
    if (*tri_record_text(r, "start")) {
        snprintf(line, sizeof line, "%s to %s", tri_record_text(r, "start"), tri_record_text(r, "end"));
        row("when", line);
    }
    row("where", tri_record_text(r, "where"));
    if (hosts && hosts->texts && hosts->count) {
        size_t used = 0;
        for (size_t i = 0; i < hosts->count && used < sizeof line - 80; i++)
            used +=
                (size_t)snprintf(line + used, sizeof line - used, "%s%.60s", i ? " " : "", hosts->texts[i]);
        row("hosts", line);
    }
    row("job", tri_record_text(r, "slurm_job_id"));
    row("command", tri_record_text(r, "command"));
    snprintf(line, sizeof line, "%s, commit %s", tri_record_text(r, "version"), tri_record_text(r, "commit"));
    if (*tri_record_text(r, "version")) row("version", line);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(tri_record_text(r, "mpi"), ",\n"),
             tri_record_text(r, "mpi"));
    row("mpi", line);
    row("network", tri_record_text(r, "network"));
    const tri_record_item *complete = tri_record_find(r, "complete");
    if (!(tri_record_number(complete, 0) == 1) && *tri_record_text(r, "program"))
        row("incomplete", "the run was interrupted, or the file is not a result");
}

static void show_value(const char *name, const tri_record_item *item) {
    char value[4096], line[4200];
    const records_value v = records_value_of(item);
    const bool pure = !strcmp(v.units, "1");
    records_format(&v, value, sizeof value);
    snprintf(line, sizeof line, "%s%s%s", value, pure ? "" : " ", pure ? "" : v.units);
    row(name, line);
}

static void show_options(const tri_record *r) {
    char line[4096] = "";
    size_t used = 0;
    for (size_t i = 0; i < r->attributes; i++) {
        const tri_record_item *item = &r->attribute[i];
        if (strncmp(item->name, "option_", 7) != 0 || !item->texts || !item->count || !*item->texts[0])
            continue;
        if (used < sizeof line - 1)
            used += (size_t)snprintf(line + used, sizeof line - used, "%s%.60s %.200s", used ? ", " : "",
                                     item->name + 7, item->texts[0]);
    }
    row("options", line);
}

static bool begins(const char *text, const char *start) {
    return !strncmp(text, start, strlen(start));
}

static void show_results(const tri_record *r) {
    for (size_t i = 0; i < r->attributes; i++) {
        const tri_record_item *item = &r->attribute[i];
        if (!is_known(item->name) && !begins(item->name, "option_") && item->count == 1)
            show_value(item->name, item);
    }
    for (size_t i = 0; i < r->datasets; i++)
        if (begins(r->dataset[i].name, "results/") && r->dataset[i].count == 1)
            show_value(r->dataset[i].name + 8, &r->dataset[i]);
}

static void show_times(const tri_record *r) {
    bool head = false;
    for (size_t i = 0; i < r->datasets; i++) {
        size_t ranks, repeats;
        const char *phase = r->dataset[i].name + 7;
        const double *times =
            begins(r->dataset[i].name, "timing/") ? records_times(r, phase, &ranks, &repeats) : NULL;
        if (!times) continue;
        double least = INFINITY, most = 0;
        for (size_t k = 0; k < ranks * repeats; k++) {
            least = fmin(least, times[k]);
            most = fmax(most, times[k]);
        }
        if (!head) printf("\n%-14s %12s %12s %12s\n", "time (s)", "median", "fastest", "slowest");
        head = true;
        char name[128];
        printf("%-14s %12.6f %12.6f %12.6f\n", tri_text_line(phase, name, sizeof name),
               records_slowest(r, phase), least, most);
    }
    if (head)
        printf("%-14s of the slowest rank, median of the repeats; fastest and slowest of all ranks\n",
               "median");
}

static void show_datasets(const tri_record *r) {
    bool head = false;
    for (size_t i = 0; i < r->datasets; i++) {
        const tri_record_item *item = &r->dataset[i];
        bool shown = begins(item->name, "timing/") || (begins(item->name, "results/") && item->count == 1);
        char shape[256] = "scalar", name[512], text[1024];
        if (shown) continue;
        if (!head) printf("\n%-32s %-14s %-12s %s\n", "dataset", "shape", "median", "");
        head = true;
        for (int d = 0, at = 0; d < item->rank && at < (int)sizeof shape; d++)
            at += snprintf(shape + at, sizeof shape - (size_t)at, "%s%zu", d ? " x " : "", item->dims[d]);
        const records_value v = records_value_of(item);
        char value[64] = "";
        if (v.is_number) snprintf(value, sizeof value, "%.6g", v.number);
        printf("%-32s %-14s %-12s ", tri_text_line(item->name, name, sizeof name), shape, value);
        printf("%s", tri_text_line(strcmp(item->units, "1") ? item->units : "", text, sizeof text));
        printf("%s%s\n", *item->units && strcmp(item->units, "1") && *item->long_name ? "; " : "",
               tri_text_line(item->long_name, text, sizeof text));
    }
}

void show_file(const tri_record *record) {
    show_head(record);
    show_options(record);
    printf("\n");
    show_results(record);
    show_times(record);
    show_datasets(record);
}
