/* What the user sees while the farm runs, and at its end. */
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "apps/pool/manage.h"

static void write_time(double seconds, char text[32]) {
    int s = (int)(seconds + 0.5);
    if (s < 100)
        snprintf(text, 32, "%ds", s);
    else if (s < 6000)
        snprintf(text, 32, "%dm%02ds", s / 60, s % 60);
    else
        snprintf(text, 32, "%dh%02dm", s / 3600, s / 60 % 60);
}

static void show(const farm *f) {
    char left[64] = "", time[32];
    unsigned long long done = atomic_load(&f->done), failed = atomic_load(&f->failed);
    unsigned long long skipped = atomic_load(&f->skipped), total = farm_source_count(f->source);
    double seconds = farm_now_s() - f->begin_s, rate = seconds > 0 ? (double)(done + failed) / seconds : 0;
    if (f->read_all) total = f->numbers;
    if (total && rate > 0) {
        write_time((double)(total - done - failed - skipped) / rate, time);
        snprintf(left, sizeof left, ", %s left", time);
    }
    fprintf(stderr, "\rpool: %llu", done + skipped);
    if (total) fprintf(stderr, " of %llu", total);
    fprintf(stderr, " done, %llu failed, %d running, %.3g/s%s\x1b[K", failed, atomic_load(&f->running), rate,
            left);
    fflush(stderr);
}

static void show_always(void *argument) {
    farm *f = argument;
    while (tri_event_wait(f->ending, tri_deadline(0.5)) == TRI_TIMED_OUT)
        show(f);
    fputs("\r\x1b[K", stderr);
}

void farm_progress_start(farm *f) {
    if (f->options->quiet || f->options->json || !isatty(STDERR_FILENO)) return;
    if (tri_event_create(&f->ending) == TRI_OK &&
        tri_thread_create("progress", show_always, f, &f->progress) != TRI_OK)
        tri_event_destroy(&f->ending);
}

void farm_progress_stop(farm *f) {
    if (!f->progress) return;
    tri_event_set(f->ending);
    tri_thread_join(&f->progress);
    tri_event_destroy(&f->ending);
}

void farm_summary(const farm *f, tri_status status) {
    long long done = (long long)atomic_load(&f->done), failed = (long long)atomic_load(&f->failed);
    long long skipped = (long long)atomic_load(&f->skipped);
    long long left = (long long)f->numbers - done - failed - skipped;
    double seconds = farm_now_s() - f->begin_s;
    if (f->options->json) {
        json_t *all = json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:f}", "status", tri_status_exit(status),
                                "done", (json_int_t)done, "done_before", (json_int_t)skipped, "failed",
                                (json_int_t)failed, "left", (json_int_t)left, "attempts",
                                (json_int_t)atomic_load(&f->attempts), "seconds", seconds);
        json_dumpf(all, stdout, JSON_INDENT(2));
        puts("");
        json_decref(all);
        return;
    }
    if (f->options->quiet) return;
    char time[32], before[64] = "";
    write_time(seconds, time);
    if (skipped) snprintf(before, sizeof before, " and %lld before", skipped);
    fprintf(stderr, "pool: %lld done%s, %lld failed, %lld left, in %s%s%s\n", done, before, failed, left,
            time, f->options->journal ? "; journal: " : "", f->options->journal ? f->options->journal : "");
}
