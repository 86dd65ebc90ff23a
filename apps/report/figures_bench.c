/* Figures of the samples of p2p and bench. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/report/report.h"

static bool is_program(const tri_record *record, const char *name) {
    return !strcmp(tri_record_text(record, "program"), name);
}

/* ---- p2p: maps of the pairs ---- */

/* The best sample of each pair, of samples/<size>/<kind>, in both directions. */
static bool fill_pairs(const tri_record *r, const char *size, const char *kind, bool back, size_t players,
                       double *out) {
    char path[96];
    snprintf(path, sizeof path, "samples/%s/%s", size, kind);
    const tri_record_item *item = tri_record_find(r, path), *pairs = tri_record_find(r, "pairs");
    if (!item || item->rank != 2 || !item->reals || !pairs || !pairs->integers ||
        pairs->count != 2 * item->dims[0])
        return false;
    for (size_t p = 0; p < item->dims[0]; p++) {
        int64_t a = pairs->integers[2 * p], b = pairs->integers[2 * p + 1];
        double best = INFINITY;
        for (size_t i = 0; i < item->dims[1]; i++)
            best = fmin(best, item->reals[p * item->dims[1] + i]);
        if (a < 0 || b < 0 || (size_t)a >= players || (size_t)b >= players) return false;
        out[back ? b * (int64_t)players + a : a * (int64_t)players + b] = best;
    }
    return true;
}

static void draw_pairs(report_page *page, const tri_record *r, const char *size, size_t bytes, bool latency) {
    size_t players = (size_t)tri_record_number(tri_record_find(r, "ranks"), 0);
    double *values = report_room(page, players * players, sizeof *values);
    char *title = report_room(page, 96, 1);
    for (size_t i = 0; values && i < players * players; i++)
        values[i] = NAN;
    bool ok = values && title &&
              fill_pairs(r, size, latency ? "latency" : "forward", false, players, values) &&
              fill_pairs(r, size, latency ? "latency" : "backward", true, players, values);
    for (size_t i = 0; ok && i < players * players; i++)
        values[i] = latency ? 1e6 * values[i] : 1e-9 * (double)bytes / values[i];
    if (ok)
        snprintf(title, 96, latency ? "Latency of messages of %.20sB" : "Bandwidth with messages of %.20sB",
                 size);
    tri_plot_map map = {.rows = players,
                        .columns = players,
                        .values = values,
                        .dx = 1,
                        .dy = 1,
                        .down = true,
                        .low_is_brighter = latency,
                        .label = latency ? "latency (us)" : "bandwidth (GB/s)"};
    tri_plot plot = {.title = title,
                     .x = {.label = "to rank", .whole = true},
                     .y = {.label = "from rank", .whole = true},
                     .map = &map,
                     .same_scale = true};
    report_figure(page, ok ? &plot : NULL);
}

void report_pairs(report_page *page, const tri_record *record) {
    const tri_record_item *sizes = tri_record_find(record, "sizes");
    if (!is_program(record, "p2p") || !sizes || !sizes->integers || !sizes->count) return;
    size_t ends[2] = {(size_t)sizes->integers[0], (size_t)sizes->integers[sizes->count - 1]};
    fputs("<h3>Pairs of ranks</h3>\n", page->to);
    for (int k = 0; k < 2; k++) {
        char size[TRI_SIZE_TEXT];
        draw_pairs(page, record, tri_size_format(ends[k], size), ends[k], !k);
    }
}

/* ---- bench collectives: beside the MPI library ---- */

/* Splits samples/<operation>/<bytes>/<mode>/<way>. False: the name is another one. */
static bool split(const char *name, char operation[64], double *bytes, char mode[32], char way[64]) {
    char size[32], more;
    if (sscanf(name, "samples/%63[^/]/%31[^/]/%31[^/]/%63[^/]%c", operation, size, mode, way, &more) != 4)
        return false;
    size_t value;
    if (tri_size_parse(size, &value) != TRI_OK) return false;
    *bytes = (double)value;
    return true;
}

/* Ascending sizes: datasets are ordered by name, so 1024 comes before 8. */
static void insert(double *x, double *y, size_t count, double at, double value) {
    for (; count && x[count - 1] > at; count--) {
        x[count] = x[count - 1];
        y[count] = y[count - 1];
    }
    x[count] = at;
    y[count] = value;
}

static void draw_operation(report_page *page, const tri_record *record, const char *operation,
                           const char *mode) {
    static const char *const ways[] = {"mpi", "ours"}, *const titles[] = {"MPI library", "Trireme"};
    tri_plot_series series[2];
    char *title = report_room(page, 128, 1);
    if (!title) return;
    for (int w = 0; w < 2; w++) {
        double *x = report_room(page, record->datasets, sizeof *x),
               *y = report_room(page, record->datasets, sizeof *y);
        size_t count = 0;
        for (size_t i = 0; x && y && i < record->datasets; i++) {
            char op[64], m[32], way[64];
            double bytes;
            if (!split(record->dataset[i].name, op, &bytes, m, way) || strcmp(op, operation) ||
                strcmp(m, mode) || strcmp(way, ways[w]))
                continue;
            insert(x, y, count++, bytes, 1e6 * report_summary(page, &record->dataset[i]).median);
        }
        series[w] =
            (tri_plot_series){.title = titles[w], .kind = TRI_PLOT_LINE, .count = count, .x = x, .y = y};
    }
    snprintf(title, 128, "%s, %s", operation, mode);
    tri_plot plot = {.title = title,
                     .x = {.label = "size (B)", .log = true, .bytes = true},
                     .y = {.label = "time (us), median", .log = true},
                     .series = series,
                     .count = 2};
    report_figure(page, series[0].count + series[1].count ? &plot : NULL);
}

void report_collectives(report_page *page, const tri_record *record) {
    char last_operation[64] = "";
    double bytes;
    if (!is_program(record, "bench-collectives")) return;
    fputs("<h3>Collectives beside the MPI library</h3>\n", page->to);
    for (size_t i = 0; i < record->datasets; i++) {
        char operation[64], mode[32], way[64];
        if (!split(record->dataset[i].name, operation, &bytes, mode, way) ||
            !strcmp(operation, last_operation))
            continue;
        snprintf(last_operation, sizeof last_operation, "%s", operation);
        draw_operation(page, record, operation, "single");
        draw_operation(page, record, operation, "series");
    }
}

/* ---- bench gpu ---- */

void report_roofline(report_page *page, const tri_record *record) {
    enum { ROOF = 49 };
    const double bytes = records_find(record, "copy_speed").number,
                 flops = records_find(record, "peak").number;
    const double from = 0.03, to = 100;
    double roof_x[ROOF], roof_y[ROOF];
    if (!is_program(record, "bench-gpu") || !(bytes > 0) || !(flops > 0)) return;
    double *x = report_room(page, record->datasets, sizeof *x),
           *y = report_room(page, record->datasets, sizeof *y);
    const char **names = report_room(page, record->datasets, sizeof *names);
    size_t count = 0;
    for (size_t i = 0; x && y && names && i < record->datasets; i++) {
        static const char start[] = "roofline/intensity/";
        char path[160];
        if (strncmp(record->dataset[i].name, start, sizeof start - 1) != 0) continue;
        snprintf(path, sizeof path, "roofline/speed/%.100s", record->dataset[i].name + sizeof start - 1);
        const tri_record_item *speed = tri_record_find(record, path);
        if (!speed) continue;
        x[count] = tri_record_number(&record->dataset[i], 0);
        y[count] = 1e-9 * tri_record_number(speed, 0);
        names[count++] = record->dataset[i].name + sizeof start - 1;
    }
    for (int i = 0; i < ROOF; i++) {
        roof_x[i] = from * pow(to / from, i / (ROOF - 1.0));
        roof_y[i] = 1e-9 * fmin(bytes * roof_x[i], flops);
    }
    tri_plot_series series[] = {
        {.title = "copy speed and peak", .kind = TRI_PLOT_CURVE, .count = ROOF, .x = roof_x, .y = roof_y},
        {.title = "kernels", .kind = TRI_PLOT_POINTS, .count = count, .x = x, .y = y, .labels = names}};
    tri_plot plot = {.title = "Roofline",
                     .x = {.label = "flops for each byte of the device's memory (1/B)", .log = true},
                     .y = {.label = "speed (Gflop/s)", .log = true},
                     .series = series,
                     .count = 2};
    report_figure(page, count ? &plot : NULL);
}

/* ---- other samples: a bar for each, by groups ---- */

static size_t group_length(const char *name) {
    return (size_t)(strrchr(name, '/') - name);
}

/* The datasets from `first` on that are in the same group; returns the index behind them. */
static size_t draw_group(report_page *page, const tri_record *record, size_t first) {
    const tri_record_item *items = record->dataset;
    size_t length = group_length(items[first].name), end = first, count = 0;
    while (end < record->datasets && !strncmp(items[end].name, items[first].name, length) &&
           group_length(items[end].name) == length)
        end++;
    const char **names = report_room(page, end - first, sizeof *names);
    double *values[3];
    char *title = report_room(page, 256, 1);
    for (int k = 0; k < 3; k++)
        values[k] = report_room(page, end - first, sizeof **values);
    for (size_t i = first; names && title && values[2] && i < end; i++) {
        if (!items[i].reals || !items[i].count || strcmp(items[i].units, items[first].units)) continue;
        tri_summary s = report_summary(page, &items[i]);
        names[count] = items[i].name + length + 1;
        values[0][count] = s.median;
        values[1][count] = s.low;
        values[2][count++] = s.high;
    }
    if (title) snprintf(title, 256, "%.*s", (int)(length > 200 ? 200 : length), items[first].name);
    tri_plot_series series = {
        .kind = TRI_PLOT_BARS, .count = count, .y = values[0], .low = values[1], .high = values[2]};
    char *label = report_room(page, 128, 1);
    if (label) snprintf(label, 128, "median, 95 %% interval (%.60s)", items[first].units);
    tri_plot plot = {.title = title,
                     .x = {.names = names, .count = count},
                     .y = {.label = label, .log = true},
                     .series = &series,
                     .count = 1};
    report_figure(page, count > 1 ? &plot : NULL);
    return end;
}

void report_samples(report_page *page, const tri_record *record) {
    bool any = false;
    if (is_program(record, "bench-collectives") || is_program(record, "p2p")) return;
    for (size_t i = 0; i < record->datasets;) {
        if (strncmp(record->dataset[i].name, "samples/", 8) != 0) {
            i++;
            continue;
        }
        if (!any) fputs("<h3>Samples</h3>\n", page->to);
        any = true;
        i = draw_group(page, record, i);
    }
}
