/* Scaling: runs of one program with the same options on different numbers of ranks. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/report/report.h"

/* The runs of one series, ascending in n. */
typedef struct series {
    size_t count;
    double *n, *time, *low, *high; /* ranks; seconds: median and range over the runs of that n */
    bool weak;                     /* n times the work */
} series;

/* jobs/scaling.sh keeps weak scaling in folders weak-N. */
static bool is_weak(const tri_record *r) {
    return strstr(r->file, "/weak-") || !strncmp(r->file, "weak-", 5);
}

/* Options that do not change the work. */
static bool is_neutral(const char *option) {
    static const char *const names[] = {"results", "json",    "quiet",  "verbose", "repeat",
                                        "warmup",  "threads", "verify", "replace", "progress"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(option, names[i])) return true;
    return false;
}

static bool same_text(const tri_record *a, const tri_record *b, const char *name) {
    return !strcmp(tri_record_text(a, name), tri_record_text(b, name));
}

static bool same_work(const tri_record *a, const tri_record *b) {
    if (!same_text(a, b, "program") || !*tri_record_text(a, "program") || is_weak(a) != is_weak(b))
        return false;
    if (is_weak(a)) return true;
    for (size_t i = 0; i < a->attributes; i++) {
        const char *name = a->attribute[i].name;
        if (!strncmp(name, "option_", 7) && !is_neutral(name + 7) && !same_text(a, b, name)) return false;
    }
    return true;
}

static double ranks_of(const tri_record *r) {
    return tri_record_number(tri_record_find(r, "ranks"), 0);
}

static void insert(series *s, double n, double time) {
    size_t at = 0;
    while (at < s->count && s->n[at] < n)
        at++;
    if (at < s->count && s->n[at] == n) {
        s->low[at] = fmin(s->low[at], time);
        s->high[at] = fmax(s->high[at], time);
        s->time[at] = sqrt(s->low[at] * s->high[at]);
        return;
    }
    double *lists[] = {s->n, s->time, s->low, s->high};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        memmove(lists[k] + at + 1, lists[k] + at, (s->count - at) * sizeof **lists);
        lists[k][at] = k ? time : n;
    }
    s->count++;
}

/* Least squares of relative errors for y = a + b x, with a, b >= 0. */
static void fit(const double *x, const double *y, size_t count, double *a, double *b) {
    double w = 0, wx = 0, wxx = 0, wy = 0, wxy = 0;
    for (size_t i = 0; i < count; i++) {
        double weight = 1 / (y[i] * y[i]);
        w += weight;
        wx += weight * x[i];
        wxx += weight * x[i] * x[i];
        wy += weight * y[i];
        wxy += weight * x[i] * y[i];
    }
    double det = w * wxx - wx * wx;
    *a = (wy * wxx - wx * wxy) / det;
    *b = (w * wxy - wx * wy) / det;
    if (*a < 0) {
        *a = 0;
        *b = wxy / wxx;
    } else if (*b < 0) {
        *a = wy / w;
        *b = 0;
    }
}

/* Amdahl's law for the same work, T = a + b / n, serial share a / (a + b); Gustafson's for n times the work,
 * 1 / T = a + b / n with serial share b / (a + b). */
static double fit_law(const series *s, const double *at, size_t points, double *out) {
    double x[64], y[64], a, b;
    size_t count = s->count < 64 ? s->count : 64;
    for (size_t i = 0; i < count; i++) {
        x[i] = 1 / s->n[i];
        y[i] = s->weak ? 1 / s->time[i] : s->time[i];
    }
    fit(x, y, count, &a, &b);
    for (size_t i = 0; i < points; i++)
        out[i] = s->weak ? 1 / (a + b / at[i]) : a + b / at[i];
    return (s->weak ? b : a) / (a + b);
}

static void draw(report_page *page, const tri_record *r, const series *s) {
    enum { POINTS = 49 };
    double x[POINTS], law[POINTS], ideal[POINTS];
    char title[128], law_title[96];
    for (int i = 0; i < POINTS; i++) {
        x[i] = s->n[0] * pow(s->n[s->count - 1] / s->n[0], i / (POINTS - 1.0));
        ideal[i] = s->weak ? s->time[0] : s->time[0] * s->n[0] / x[i];
    }
    tri_plot_series all[3] = {
        {.title = "runs",
         .kind = TRI_PLOT_POINTS,
         .count = s->count,
         .x = s->n,
         .y = s->time,
         .low = s->low,
         .high = s->high},
        {.title = "ideal", .kind = TRI_PLOT_DASHED, .count = POINTS, .x = x, .y = ideal}};
    size_t count = 2;
    if (s->count >= 3) {
        double share = fit_law(s, x, POINTS, law);
        snprintf(law_title, sizeof law_title, "%s, serial share %.3g", s->weak ? "Gustafson" : "Amdahl",
                 share);
        all[count++] =
            (tri_plot_series){.title = law_title, .kind = TRI_PLOT_CURVE, .count = POINTS, .x = x, .y = law};
    }
    snprintf(title, sizeof title, "%.80s, %s scaling", tri_record_text(r, "program"),
             s->weak ? "weak" : "strong");
    tri_plot plot = {.title = title,
                     .x = {.label = "ranks", .log = true, .bytes = true},
                     .y = {.label = "time of the slowest rank (s)", .log = true},
                     .series = all,
                     .count = count};
    report_figure(page, &plot);
}

static bool is_first(const records *all, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (same_work(all->record[i], all->record[index])) return false;
    return true;
}

/* The series of the file `first` and of those behind it; false: no memory. */
static bool collect(report_page *page, size_t first, series *s) {
    double **lists[] = {&s->n, &s->time, &s->low, &s->high};
    const tri_record *r = page->all->record[first];
    *s = (series){.weak = is_weak(r)};
    for (size_t k = 0; k < sizeof lists / sizeof *lists; k++) {
        *lists[k] = report_room(page, page->all->count - first, sizeof **lists[k]);
        if (!*lists[k]) return false;
    }
    for (size_t i = first; i < page->all->count; i++) {
        const tri_record *other = page->all->record[i];
        double n = ranks_of(other), time = records_slowest(other, "run");
        if (n >= 1 && time > 0 && same_work(r, other)) insert(s, n, time);
    }
    return true;
}

void report_scaling(report_page *page) {
    bool any = false;
    for (size_t i = 0; i < page->all->count; i++) {
        series s;
        bool drawn = is_first(page->all, i) && collect(page, i, &s) && s.count >= 2;
        if (drawn && !any) fputs("<h2>Scaling</h2>\n", page->to);
        any = any || drawn;
        if (drawn)
            draw(page, page->all->record[i], &s);
        else
            report_figure(page, NULL);
    }
}
