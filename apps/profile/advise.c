/* Sentences from the numbers. Each names a share, a rank or a place, to be checked in the tables. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/profile/collect.h"

/* Shares below this are not worth a sentence. */
static const double LEAST = 0.1;

typedef struct list {
    char **text;
    size_t count, most;
} list;

static void say(list *to, const char *format, ...) TRI_PRINTF(2, 3);
static void say(list *to, const char *format, ...) {
    char text[512];
    va_list arguments;
    if (to->count == to->most) return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    to->text[to->count] = strdup(text);
    if (to->text[to->count]) to->count++;
}

typedef struct sums {
    double elapsed, mpi, waiting, polling, served_s;
    int64_t calls, served;
} sums;

static sums add_up(const profile_job *job) {
    sums s = {.calls = 0};
    for (int r = 0; r < job->ranks; r++)
        s.elapsed += job->rank[r].elapsed;
    for (size_t i = 0; i < job->lines; i++) {
        const profile_line *l = &job->line[i];
        s.mpi += l->seconds;
        s.waiting += l->waiting;
        s.calls += l->calls;
        s.served += l->served;
        if (l->calls) s.served_s += l->seconds * (double)l->served / (double)l->calls;
        if (l->kind == PROFILE_TEST) s.polling += l->seconds;
    }
    return s;
}

/* The line whose calls wait most for one rank. */
static void advise_waits(const profile_job *job, const sums *s, list *to) {
    const profile_line *worst = NULL;
    for (size_t i = 0; i < job->lines; i++)
        if (job->line[i].blame_count && (!worst || job->line[i].blames->seconds > worst->blames->seconds))
            worst = &job->line[i];
    if (!worst || worst->blames->seconds < LEAST * s->mpi) return;
    say(to, "%.0f %% of the MPI time waits for rank %d in %s at %s", 100 * worst->blames->seconds / s->mpi,
        worst->blames->rank, worst->function, worst->site);
}

static void advise_late(const profile_job *job, const sums *s, list *to) {
    int worst = 0;
    for (int r = 1; r < job->ranks; r++)
        if (job->rank[r].waited_for > job->rank[worst].waited_for) worst = r;
    const profile_rank *w = &job->rank[worst];
    if (job->ranks < 2 || w->waited_for < LEAST * s->mpi || w->waited_for < s->waiting / 2) return;
    say(to,
        "rank %d on %s is the one that others wait for in %.0f %% of the waiting time: it has more work or a "
        "slower core",
        worst, job->hosts[w->node], 100 * w->waited_for / s->waiting);
}

static void advise_small(const profile_job *job, const sums *s, list *to) {
    for (size_t i = 0; i < job->lines; i++) {
        const profile_line *l = &job->line[i];
        if (l->kind != PROFILE_SEND || l->calls < 1000 || l->seconds < LEAST * s->mpi ||
            l->bytes / l->calls >= 512)
            continue;
        say(to, "%s at %s sends %lld messages of %lld bytes: fewer, longer ones take less time", l->function,
            l->site, (long long)l->calls, (long long)(l->bytes / l->calls));
        return;
    }
}

static void advise_boost(const profile_job *job, const sums *s, list *to) {
    if (!s->served) return;
    say(to, "boost %s %.0f %% of the calls, with %.0f %% of the MPI time",
        job->boost ? "served" : "would serve", 100.0 * (double)s->served / (double)s->calls,
        s->mpi > 0 ? 100 * s->served_s / s->mpi : 0);
}

size_t profile_advise(const profile_job *job, char **out, size_t most) {
    list to = {.text = out, .most = most};
    const sums s = add_up(job);
    if (s.mpi > 0) {
        say(&to, "MPI takes %.0f %% of the time of the ranks; %.0f %% of the MPI time is known to be waiting",
            s.elapsed > 0 ? 100 * s.mpi / s.elapsed : 100, 100 * s.waiting / s.mpi);
        advise_waits(job, &s, &to);
        advise_late(job, &s, &to);
        if (s.polling > LEAST * s.mpi)
            say(&to, "%.0f %% of the MPI time polls with MPI_Test, MPI_Iprobe and their kin",
                100 * s.polling / s.mpi);
        advise_small(job, &s, &to);
        advise_boost(job, &s, &to);
    }
    return to.count;
}
