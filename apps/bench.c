/* Benchmarks: `bench SUBJECT [OPTION...]`. */
#include "apps/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

tri_status bench_alternate(bench_variant *variants, int count, int trials, bench_trial trial,
                           void *argument) {
    for (int t = -1; t < trials; t++)
        for (int i = 0; i < count; i++) {
            int v = t % 2 ? count - 1 - i : i;
            double seconds = trial(argument, v);
            if (seconds < 0) return tri_fail(TRI_ERR_WRONG, "%s: %s", variants[v].name, tri_error_text());
            if (t >= 0) variants[v].seconds[t] = seconds;
        }
    return TRI_OK;
}

void bench_report(tri_run *run, const bench_variant *variants, int count, int trials, int against,
                  const char *group) {
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
            if (!run->result) continue;
            char path[160];
            snprintf(path, sizeof path, "%s/%s", group, variants[v].name);
            tri_result_reals(run->result, path, 1, (size_t[]){(size_t)trials}, variants[v].seconds, "s",
                             "time of each trial");
        }
    free(sorted);
}

static const tri_app *const subjects[] = {
#define ROW(name) &bench_##name,
    BENCH_LIST(ROW)
#undef ROW
};

int main(int argc, char **argv) {
    const size_t count = sizeof subjects / sizeof *subjects;
    for (size_t i = 0; argc > 1 && i < count; i++)
        if (!strcmp(argv[1], strchr(subjects[i]->name, '-') + 1))
            return tri_main(subjects[i], argc - 1, argv + 1);
    FILE *to = argc > 1 && !strcmp(argv[1], "--help") ? stdout : stderr;
    fprintf(to, "bench SUBJECT [OPTION...]; bench SUBJECT --help tells more. Subjects:\n");
    for (size_t i = 0; i < count; i++)
        fprintf(to, "  %-14s %s\n", strchr(subjects[i]->name, '-') + 1, subjects[i]->summary);
    return to == stdout ? 0 : 2;
}
