/* A profile as a table and as plots. */
#include "apps/common/profile_view.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double number(const tri_record *r, const char *name, size_t index) {
    const tri_record_item *item = tri_record_find(r, name);
    double value = item ? tri_record_number(item, index) : NAN;
    return isfinite(value) ? value : 0;
}

static const char *text(const tri_record *r, const char *name, size_t index) {
    const tri_record_item *item = tri_record_find(r, name);
    return item && item->texts && index < item->count ? item->texts[index] : "";
}

size_t profile_view_calls(const tri_record *record) {
    const tri_record_item *item = tri_record_find(record, "calls/seconds");
    return item && item->rank == 1 && item->reals && !strcmp(tri_record_text(record, "program"), "profile")
               ? item->count
               : 0;
}

profile_view_call profile_view_call_of(const tri_record *r, size_t i) {
    return (profile_view_call){.site = text(r, "call_site", i),
                               .within = text(r, "call_within", i),
                               .function = text(r, "call_function", i),
                               .communicator = text(r, "call_communicator", i),
                               .calls = number(r, "calls/count", i),
                               .bytes = number(r, "calls/bytes", i),
                               .seconds = number(r, "calls/seconds", i),
                               .waiting = number(r, "calls/waiting", i),
                               .transferring = number(r, "calls/transferring", i),
                               .longest = number(r, "calls/longest", i),
                               .late_seconds = number(r, "calls/late_seconds", i),
                               .late_rank = (int)number(r, "calls/late_rank", i)};
}

double profile_view_mpi(const tri_record *record) {
    return number(record, "results/mpi", 0);
}

/* A share of the time in MPI; "-": there is none. */
static const char *share(double part, double whole, char out[16]) {
    if (whole > 0)
        snprintf(out, 16, "%.1f %%", 100 * part / whole);
    else
        snprintf(out, 16, "-");
    return out;
}

static void print_call(const tri_record *r, size_t i, double mpi, FILE *to) {
    const profile_view_call c = profile_view_call_of(r, i);
    char all[16], waits[16], moves[16], place[256], bytes[TRI_SIZE_TEXT];
    snprintf(place, sizeof place, "%s%s%s%s", c.site, *c.within && strcmp(c.within, "main") ? " (" : "",
             *c.within && strcmp(c.within, "main") ? c.within : "",
             *c.within && strcmp(c.within, "main") ? ")" : "");
    fprintf(to, "%-22s %10.0f %9s %9.4g %8s %8s %8s  ", c.function, c.calls,
            tri_size_format(c.bytes > 0 ? (size_t)c.bytes : 0, bytes), c.seconds, share(c.seconds, mpi, all),
            share(c.waiting, mpi, waits), share(c.transferring, mpi, moves));
    if (c.late_rank >= 0)
        fprintf(to, "%4d", c.late_rank);
    else
        fprintf(to, "%4s", "-");
    fprintf(to, "  %s%s%s\n", place, *c.communicator ? ", " : "", c.communicator);
}

static void print_inside(const tri_record *r, FILE *to) {
    const tri_record_item *calls = tri_record_find(r, "ranks/inside_call");
    enum { MOST = 8 };
    size_t said = 0, more = 0;
    for (size_t rank = 0; calls && rank < calls->count; rank++) {
        double at = tri_record_number(calls, rank);
        if (!(at >= 0)) continue;
        if (said++ >= MOST) {
            more++;
            continue;
        }
        fprintf(to, "rank %zu is in %s at %s\n", rank, text(r, "call_function", (size_t)at),
                text(r, "call_site", (size_t)at));
    }
    if (more) fprintf(to, "and %zu more ranks are in calls\n", more);
}

void profile_view_print(const tri_record *record, size_t most, FILE *to) {
    const size_t calls = profile_view_calls(record);
    const double mpi = profile_view_mpi(record);
    const tri_record_item *advice = tri_record_find(record, "advice");
    const char *verdict = tri_record_text(record, "verdict");
    const double ranks = number(record, "ranks", 0), nodes = number(record, "nodes", 0);
    fprintf(to, "profile of %s, %.0f rank%s on %.0f node%s\n", tri_record_text(record, "command"), ranks,
            ranks == 1 ? "" : "s", nodes, nodes == 1 ? "" : "s");
    if (strcmp(verdict, "not checked") != 0) fprintf(to, "%s\n", verdict);
    print_inside(record, to);
    for (size_t i = 0; advice && advice->texts && i < advice->count; i++)
        fprintf(to, "- %s\n", advice->texts[i]);
    fprintf(to, "%-22s %10s %9s %9s %8s %8s %8s  %4s  %s\n", "function", "calls", "bytes", "seconds",
            "of MPI", "waits", "moves", "for", "where");
    for (size_t i = 0; i < calls && i < most; i++)
        print_call(record, i, mpi, to);
    if (calls > most) fprintf(to, "and %zu more in the result file\n", calls - most);
}

/* ---- plots ---- */

static const tri_record_item *matrix_of(const tri_record *r, const char *name) {
    const tri_record_item *item = tri_record_find(r, name);
    return item && item->rank == 2 && item->count && (item->reals || item->integers) ? item : NULL;
}

/* Adds a map of a matrix; returns the memory behind its values. */
static double *add_map(profile_view_plots *p, const tri_record_item *item, double *values, size_t map,
                       tri_plot plot, double dx, const char *label) {
    for (size_t i = 0; i < item->count; i++)
        values[i] = tri_record_number(item, i);
    p->map[map] = (tri_plot_map){.rows = item->dims[0],
                                 .columns = item->dims[1],
                                 .values = values,
                                 .x = dx == 1 ? 0 : dx / 2,
                                 .dx = dx,
                                 .dy = 1,
                                 .down = true,
                                 .label = label};
    plot.map = &p->map[map];
    p->plot[p->count++] = plot;
    return values + item->count;
}

static double *add_ranks(profile_view_plots *p, const tri_record *r, double *values, size_t ranks) {
    static const struct {
        const char *dataset, *title;
    } lines[] = {{"ranks/mpi", "in MPI"},
                 {"ranks/waiting", "waiting"},
                 {"ranks/transferring", "transferring"},
                 {"ranks/waited_for", "waited for by others"}};
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++) {
        for (size_t i = 0; i < ranks; i++)
            values[i] = number(r, lines[k].dataset, i);
        p->series[k] =
            (tri_plot_series){.title = lines[k].title, .kind = TRI_PLOT_LINE, .count = ranks, .y = values};
        values += ranks;
    }
    p->plot[p->count++] = (tri_plot){.title = "Imbalance",
                                     .x = {.label = "rank", .whole = true},
                                     .y = {.label = "time (s)"},
                                     .series = p->series,
                                     .count = sizeof lines / sizeof *lines};
    return values;
}

bool profile_view_draw(const tri_record *record, profile_view_plots *out) {
    const tri_record_item *matrix = matrix_of(record, "matrix/bytes"),
                          *line = matrix_of(record, "timeline/mpi"),
                          *mpi = tri_record_find(record, "ranks/mpi");
    size_t ranks = mpi && mpi->reals ? mpi->count : 0;
    *out = (profile_view_plots){.count = 0};
    out->memory =
        malloc(((matrix ? matrix->count : 0) + (line ? line->count : 0) + 4 * ranks + 1) * sizeof(double));
    double *values = out->memory;
    if (!values) return false;
    if (line)
        values = add_map(out, line, values, 0,
                         (tri_plot){.title = "Time line",
                                    .x = {.label = "time (s)"},
                                    .y = {.label = "rank", .whole = true}},
                         number(record, "timeline/step", 0), "share of time in MPI");
    if (ranks) values = add_ranks(out, record, values, ranks);
    if (matrix && matrix->dims[0] > 1)
        add_map(out, matrix, values, 1,
                (tri_plot){.title = "Bytes between ranks",
                           .x = {.label = "to rank", .whole = true},
                           .y = {.label = "from rank", .whole = true},
                           .same_scale = true},
                1, "bytes");
    return true;
}

void profile_view_free(profile_view_plots *plots) {
    free(plots->memory);
    *plots = (profile_view_plots){.count = 0};
}
