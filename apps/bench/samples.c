/* What the subjects of bench share: samples, tables, plots. */
#include "apps/bench/bench.h"
#include "apps/common/plot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

tri_status bench_sizes(const char *text, size_t unit, size_t most, size_t *out, int room, int *count) {
    for (const char *at = text; *at;) {
        char word[40];
        size_t length = strcspn(at, ",");
        if (*count == room) return tri_fail(TRI_ERR_ARGUMENT, "--sizes: at most %d", room);
        snprintf(word, sizeof word, "%.*s", (int)length, at);
        size_t *bytes = &out[(*count)++];
        if (tri_size_parse(word, bytes) != TRI_OK)
            return tri_fail(TRI_ERR_ARGUMENT, "--sizes: %s", tri_error_text());
        if (!*bytes || *bytes % unit || *bytes > most)
            return tri_fail(TRI_ERR_ARGUMENT, "--sizes: %s is not a multiple of %zu from %zu to %zu", word,
                            unit, unit, most);
        at += length + (at[length] == ',');
    }
    return *count ? TRI_OK : tri_fail(TRI_ERR_ARGUMENT, "--sizes: at least one");
}

tri_status bench_create(bench_variant *variants, int count, int trials) {
    for (int v = 0; v < count; v++) {
        variants[v].seconds = calloc((size_t)trials, sizeof *variants[v].seconds);
        if (!variants[v].seconds) return tri_fail(TRI_ERR_MEMORY, "no memory for %d samples", trials);
    }
    return TRI_OK;
}

void bench_destroy(bench_variant *variants, int count) {
    for (int v = 0; v < count; v++) {
        free(variants[v].seconds);
        variants[v].seconds = NULL;
    }
}

tri_status bench_once(tri_run *run, const char *name, bench_trial trial, void *argument, int variant,
                      double *seconds) {
    double mine = 0;
    tri_status status = trial(argument, variant, &mine);
    /* What all ranks already have names its rank first. */
    if (status != TRI_OK && !tri_agreed()) status = tri_fail(status, "%s: %s", name, tri_error_text());
    TRI_TRY(tri_agree(run->comm, status));
    return tri_allreduce(&mine, seconds, 1, MPI_DOUBLE, MPI_MAX, run->comm);
}

tri_status bench_alternate(tri_run *run, bench_variant *variants, int count, int trials, bench_trial trial,
                           void *argument) {
    for (int t = -1; t < trials; t++)
        for (int i = 0; i < count; i++) {
            int v = t % 2 ? count - 1 - i : i;
            double seconds;
            TRI_TRY(bench_once(run, variants[v].name, trial, argument, v, &seconds));
            if (t >= 0) variants[v].seconds[t] = seconds;
            tri_progress(run, "trials", (t + 1.0) * count + i + 1, (trials + 1.0) * count, "trials");
        }
    return TRI_OK;
}

void bench_keep(tri_run *run, bench_list *list, const char *path, const double *seconds, size_t count) {
    if (!run->result) return;
    tri_result_reals(run->result, path, 1, (size_t[]){count}, seconds, "s", "time of each trial");
    size_t length = strlen(path);
    if (list->length + length + 2 > list->room) {
        char *text = realloc(list->text, 2 * list->room + length + 2);
        if (!text) return;
        list->text = text;
        list->room = 2 * list->room + length + 2;
    }
    list->length += (size_t)sprintf(list->text + list->length, "%s\n", path);
}

void bench_note(tri_run *run, bench_list *list) {
    if (list->text) tri_result_text(run->result, BENCH_SAMPLES, list->text);
    free(list->text);
    *list = (bench_list){NULL, 0, 0};
}

void bench_rows(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                const char *group, bench_list *list) {
    double *sorted = malloc((size_t)trials * sizeof *sorted), base = 0;
    if (!sorted) return;
    for (int pass = 0; pass < 2; pass++)
        for (int v = 0; v < count; v++) {
            if (pass == 0 && v != against) continue;
            memcpy(sorted, variants[v].seconds, (size_t)trials * sizeof *sorted);
            tri_summary s = tri_summarise(sorted, (size_t)trials);
            double speed = s.median > 0 ? (variants[v].bytes > 0 ? variants[v].bytes : 1) / s.median : 0;
            if (pass == 0) {
                base = speed;
                continue;
            }
            char rate[32] = "";
            if (variants[v].bytes > 0) snprintf(rate, sizeof rate, "%8.2f GB/s", 1e-9 * speed);
            tri_report_line(run, "%-32s %12.3f us  [%.3f, %.3f]  %s  %6.3f x", variants[v].name,
                            1e6 * s.median, 1e6 * s.low, 1e6 * s.high, rate, base > 0 ? speed / base : 0);
            char path[160];
            snprintf(path, sizeof path, "%s/%s", group, variants[v].name);
            bench_keep(run, list, path, variants[v].seconds, (size_t)trials);
        }
    free(sorted);
}

void bench_report(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                  const char *group) {
    bench_list list = {NULL, 0, 0};
    bench_rows(run, variants, count, trials, against, group, &list);
    bench_note(run, &list);
}

/* A bar for each variant with a rate: its median and confidence interval. */
static tri_status draw_bars(const tri_run *run, const bench_variant *variants, int count, int trials,
                            const char *title, const char *path, double *room) {
    double *sorted = room,
           *rates[3] = {room + trials, room + trials + count, room + trials + 2 * (size_t)count};
    const char *names[64];
    size_t bars = 0;
    for (int v = 0; v < count && bars < sizeof names / sizeof *names; v++) {
        memcpy(sorted, variants[v].seconds, (size_t)trials * sizeof *sorted);
        tri_summary s = tri_summarise(sorted, (size_t)trials);
        if (variants[v].bytes <= 0 || s.low <= 0) continue;
        names[bars] = variants[v].name;
        rates[0][bars] = 1e-9 * variants[v].bytes / s.median;
        rates[1][bars] = 1e-9 * variants[v].bytes / s.high;
        rates[2][bars++] = 1e-9 * variants[v].bytes / s.low;
    }
    tri_plot_series series = {
        .kind = TRI_PLOT_BARS, .count = bars, .y = rates[0], .low = rates[1], .high = rates[2]};
    tri_plot plot = {.title = title,
                     .x = {.names = names, .count = bars},
                     .y = {.label = "rate (GB/s)"},
                     .series = &series,
                     .count = 1};
    return tri_plot_file(path, run->common->replace, &plot, 1, 1);
}

tri_status bench_plot(const tri_run *run, const bench_variant *variants, int count, int trials,
                      const char *title, const char *path) {
    double *room = malloc(((size_t)trials + 3 * (size_t)count) * sizeof *room);
    if (!room) return tri_fail(TRI_ERR_MEMORY, "no memory for %d samples", trials);
    tri_status status = draw_bars(run, variants, count, trials, title, path, room);
    free(room);
    return status;
}
