/* Figures of any result file: times of the phases, and arrays. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/report/report.h"

enum { MOST_LINES = 6, MOST_FIGURES = 24, LEAST_POINTS = 3 };

static const char *label_of(report_page *page, const char *name, const char *units) {
    char *label = report_room(page, 256, 1);
    if (label) snprintf(label, 256, *units && strcmp(units, "1") ? "%.120s (%.60s)" : "%.120s", name, units);
    return label ? label : "";
}

/* One phase of few ranks: a line for each rank over the repeats. */
static void draw_lines(report_page *page, const char *phase, const double *times, size_t ranks,
                       size_t repeats) {
    tri_plot_series *series = report_room(page, ranks, sizeof *series);
    char(*title)[32] = report_room(page, ranks, sizeof *title);
    for (size_t r = 0; series && title && r < ranks; r++) {
        snprintf(title[r], sizeof title[r], "rank %zu", r);
        series[r] = (tri_plot_series){
            .title = title[r], .kind = TRI_PLOT_LINE, .count = repeats, .y = times + r * repeats};
    }
    tri_plot plot = {.title = phase,
                     .x = {.label = "repeat", .whole = true},
                     .y = {.label = "time (s)"},
                     .series = series,
                     .count = ranks};
    report_figure(page, series && title ? &plot : NULL);
}

static void draw_times(report_page *page, const char *phase, const double *times, size_t ranks,
                       size_t repeats) {
    if (repeats >= 2 && ranks <= MOST_LINES) {
        draw_lines(page, phase, times, ranks, repeats);
    } else if (repeats >= 2) {
        tri_plot_map map = {.rows = ranks,
                            .columns = repeats,
                            .values = times,
                            .dx = 1,
                            .dy = 1,
                            .label = "time (s)",
                            .low_is_brighter = true};
        tri_plot plot = {.title = phase,
                         .x = {.label = "repeat", .whole = true},
                         .y = {.label = "rank", .whole = true},
                         .map = &map};
        report_figure(page, &plot);
    } else if (ranks >= 2) {
        tri_plot_series series = {.kind = TRI_PLOT_POINTS, .count = ranks, .y = times};
        tri_plot plot = {.title = phase,
                         .x = {.label = "rank", .whole = true},
                         .y = {.label = "time (s)"},
                         .series = &series,
                         .count = 1};
        report_figure(page, &plot);
    }
}

static bool begins(const char *text, const char *start) {
    return !strncmp(text, start, strlen(start));
}

/* The phases in one table, then over repeats and ranks. */
void report_times(report_page *page, const tri_record *record) {
    bool any = false;
    size_t ranks, repeats;
    for (size_t i = 0; i < record->datasets; i++) {
        const char *name = record->dataset[i].name;
        if (!begins(name, "timing/") || !records_times(record, name + 7, &ranks, &repeats)) continue;
        if (!any)
            fputs("<h3>Times</h3>\n<div class=\"wide\"><table><tr><th>phase</th><th>slowest rank, median of "
                  "the "
                  "repeats (s)</th></tr>\n",
                  page->to);
        any = true;
        fputs("<tr>", page->to);
        report_element(page->to, "td", name + 7);
        fprintf(page->to, "<td class=\"n\">%.6f</td></tr>\n", records_slowest(record, name + 7));
    }
    if (!any) return;
    fputs("</table></div>\n", page->to);
    for (size_t i = 0; i < record->datasets; i++) {
        const char *name = record->dataset[i].name;
        const double *times =
            begins(name, "timing/") ? records_times(record, name + 7, &ranks, &repeats) : NULL;
        if (times) draw_times(page, name + 7, times, ranks, repeats);
    }
}

static void draw_list(report_page *page, const tri_record_item *item) {
    double *values = report_room(page, item->count, sizeof *values);
    for (size_t i = 0; values && i < item->count; i++)
        values[i] = tri_record_number(item, i);
    tri_plot_series series = {
        .kind = item->count <= 64 ? TRI_PLOT_LINE : TRI_PLOT_CURVE, .count = item->count, .y = values};
    tri_plot plot = {.title = item->name,
                     .x = {.label = "index", .whole = true},
                     .y = {.label = label_of(page, "value", item->units)},
                     .series = &series,
                     .count = 1};
    report_figure(page, values ? &plot : NULL);
}

/* At most so many cells in each direction: of larger arrays every k-th row and column. */
enum { MOST_CELLS = 400 };

static void draw_matrix(report_page *page, const tri_record_item *item) {
    size_t step[2], cells[2];
    for (int d = 0; d < 2; d++) {
        step[d] = (item->dims[d] + MOST_CELLS - 1) / MOST_CELLS;
        cells[d] = (item->dims[d] + step[d] - 1) / step[d];
    }
    double *values = report_room(page, cells[0] * cells[1], sizeof *values);
    for (size_t r = 0; values && r < cells[0]; r++)
        for (size_t c = 0; c < cells[1]; c++)
            values[r * cells[1] + c] = tri_record_number(item, r * step[0] * item->dims[1] + c * step[1]);
    tri_plot_map map = {.rows = cells[0],
                        .columns = cells[1],
                        .values = values,
                        .dx = (double)step[1],
                        .dy = (double)step[0],
                        .down = true,
                        .label = label_of(page, "value", item->units)};
    tri_plot plot = {.title = item->name,
                     .x = {.label = "column", .whole = true},
                     .y = {.label = "row", .whole = true},
                     .map = &map};
    report_figure(page, values ? &plot : NULL);
}

/* Arrays that no other figure shows. */
void report_arrays(report_page *page, const tri_record *record) {
    int figures = 0;
    if (!strcmp(tri_record_text(record, "program"), "profile")) return;
    for (size_t i = 0; i < record->datasets && figures < MOST_FIGURES; i++) {
        const tri_record_item *item = &record->dataset[i];
        if (begins(item->name, "timing/") || begins(item->name, "samples/") ||
            !(item->reals || item->integers))
            continue;
        bool list = item->rank == 1 && item->count >= LEAST_POINTS;
        bool matrix =
            item->rank == 2 && item->dims[0] > 1 && item->dims[1] > 1 && strcmp(item->name, "pairs");
        if (!list && !matrix) continue;
        if (!figures++) fputs("<h3>Arrays</h3>\n", page->to);
        if (list)
            draw_list(page, item);
        else
            draw_matrix(page, item);
    }
}
