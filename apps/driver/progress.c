/* Progress of long runs on standard error of rank 0: on a terminal in place, elsewhere (under mpirun, in the
 * log of a job) a line from time to time. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "apps/driver/app.h"

static const double in_place_s = 0.25;

/* "45 s", "3 min 20 s", "2 h 05 min" */
static void time_text(double seconds, char text[32]) {
    if (seconds < 100)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 6000)
        snprintf(text, 32, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    else
        snprintf(text, 32, "%.0f h %02.0f min", floor(seconds / 3600), floor(fmod(seconds, 3600) / 60));
}

static void write_line(const tri_run *run, const char *what, double done, double total, const char *units,
                       double now) {
    const double passed_s = now - run->progress.start_s, from = run->progress.from;
    char rest[96] = "", left[32];
    if (done > from && passed_s > 0) {
        time_text((total - done) * passed_s / (done - from), left);
        snprintf(rest, sizeof rest, ", %.3g %s/s, %s left", (done - from) / passed_s, units, left);
    }
    fprintf(stderr, "%s: %s: %3.0f %%%s", run->app->name, what, 100 * done / total, rest);
}

void tri_progress(tri_run *run, const char *what, double done, double total, const char *units) {
    struct tri_progress_state *p = &run->progress;
    if (tri_comm_rank(run->comm) || run->common->quiet || run->common->progress <= 0) return;
    const double now = tri_now_s();
    if (!p->what) {
        /* Many short reports are a long run, too. */
        if (p->written_s == 0) p->written_s = now;
        p->what = what;
        p->start_s = now;
        p->from = done;
        p->terminal = isatty(STDERR_FILENO);
    }
    /* A part inside: the whole says how far the run is. */
    if (strcmp(p->what, what) != 0) return;
    const bool ended = done >= total;
    if (!ended && now >= p->written_s + (p->terminal ? in_place_s : run->common->progress)) {
        p->written_s = now;
        p->in_place = p->terminal;
        if (p->terminal) fputc('\r', stderr);
        write_line(run, what, done, total, units, now);
        fputs(p->terminal ? "\033[K" : "\n", stderr);
        fflush(stderr);
    }
    if (ended) tri_progress_end(run);
}

void tri_progress_end(tri_run *run) {
    if (run->progress.in_place) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    run->progress.what = NULL;
    run->progress.in_place = false;
}
