/* The loop over the steps of a program: checks for signals and the time, writes checkpoints, stops. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "apps/driver/checkpoint_file.h"

/* Set by the signal handler. */
static volatile sig_atomic_t stop_signal;
static struct timespec stop_time; /* of the first SIGTERM or SIGINT */

/* A second SIGTERM or SIGINT ends a program that does not come to its next step, such as one that is stuck in
 * a library. Not within a second after the first one: a launcher and a scheduler, or timeout(1) alone, may
 * send the same signal twice. */
static void on_signal(int signal_number) {
    struct timespec now;
    stop_signal = signal_number;
    if (signal_number == SIGUSR1) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!stop_time.tv_sec) stop_time = now;
    double since_s =
        difftime(now.tv_sec, stop_time.tv_sec) + 1e-9 * (double)(now.tv_nsec - stop_time.tv_nsec);
    if (since_s < 1) return;
    tri_output_abandon();
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

void tri_stop_catch(void) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

/* When checkpoints are due. */
typedef struct schedule {
    double every_s;     /* 0: not by time */
    size_t every_steps; /* 0: not by steps */
    double next_s;
    size_t next_look; /* number of steps at the next check for signals and time */
    double looked_s;
    size_t looked;
    int whole; /* FILE is known to be complete */
} schedule;

/* "60s", "10m", "2h", or a number of steps. */
static tri_status read_every(const char *text, schedule *out) {
    static const char *const units = "smh";
    static const double seconds[] = {1, 60, 3600};
    char *end;
    *out = (schedule){0};
    if (!text) return TRI_OK;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (end != text && value > 0 && isfinite(value) && unit && !end[1]) {
        out->every_s = value * seconds[unit - units];
        return TRI_OK;
    }
    if (end != text && !*end && value >= 1 && value < 0x1p53 && value == floor(value)) {
        out->every_steps = (size_t)value;
        return TRI_OK;
    }
    return tri_fail(TRI_ERR_ARGUMENT,
                    "--checkpoint-every: '%s' is neither a time (60s, 10m, 2h) nor a number of steps", text);
}

tri_status tri_steps_check(const tri_run *run) {
    const tri_common *o = run->common;
    schedule unused;
    TRI_TRY(read_every(o->checkpoint_every, &unused));
    if (!o->checkpoint && (o->checkpoint_every || o->resume))
        return tri_fail(TRI_ERR_ARGUMENT, "--%s needs --checkpoint FILE",
                        o->resume ? "resume" : "checkpoint-every");
    if (!o->checkpoint) return TRI_OK;
    if (o->repeat > 1 || o->warmup)
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--checkpoint cannot be combined with --repeat or --warmup, which restart the run");
    if (!*o->checkpoint || strlen(o->checkpoint) > 4000)
        return tri_fail(TRI_ERR_ARGUMENT, "--checkpoint: the file name is empty or too long");
    tri_store_library library;
    return tri_store_describe(&library);
}

/* Which of the two files exist, according to rank 0. */
enum { HAVE_FILE = 1, HAVE_PREVIOUS = 2 };

static tri_status check_files(const tri_run *run, const char *previous) {
    TRI_TRY(tri_output_check(run->common->checkpoint, 1));
    return tri_output_check(previous, 1);
}

static tri_status look_for_files(tri_run *run, const char *previous, int *out) {
    int have = 0;
    TRI_TRY(tri_agree(run->comm, tri_comm_rank(run->comm) ? TRI_OK : check_files(run, previous)));
    if (!access(run->common->checkpoint, F_OK)) have |= HAVE_FILE;
    if (!access(previous, F_OK)) have |= HAVE_PREVIOUS;
    TRI_TRY(tri_bcast(&have, 1, MPI_INT, 0, run->comm));
    *out = have;
    return TRI_OK;
}

static void say(const tri_run *run, const char *text, const char *why) {
    if (tri_comm_rank(run->comm) == 0) fprintf(stderr, "%s: %s: %s\n", run->app->name, text, why);
}

/* Looks for checkpoints, which only --resume allows. */
static tri_status look_for_checkpoint(tri_run *run, const char *previous, int *have) {
    TRI_TRY(look_for_files(run, previous, have));
    run->resumes = *have && run->common->resume;
    if (run->common->resume || !*have) return TRI_OK;
    return tri_agree(run->comm,
                     tri_fail(TRI_ERR_FILE, "'%s' exists: use --resume, or remove it and its .prev",
                              run->common->checkpoint));
}

/* Resumes from the checkpoint, else from the previous one; starts from the beginning if neither exists. */
static tri_status resume(tri_run *run, void *state, schedule *s, const char *previous, int have) {
    char why[1024];
    tri_status status = TRI_OK;
    if (have & HAVE_FILE) {
        status = tri_checkpoint_load(run, state, run->common->checkpoint);
        s->whole = status == TRI_OK;
        if (status == TRI_OK || !(have & HAVE_PREVIOUS)) return status;
        snprintf(why, sizeof why, "%s", tri_error_text());
        say(run, "cannot use the checkpoint, trying the previous one", why);
    }
    if (!(have & HAVE_PREVIOUS)) return TRI_OK;
    tri_status before = tri_checkpoint_load(run, state, previous);
    if (before == TRI_OK || status == TRI_OK) return before;
    return tri_agree(run->comm, tri_fail(status, "%s; the previous checkpoint cannot be used either", why));
}

/* Collective: whether any rank received a signal, whether a checkpoint is due, and when to check again.
 * The clock of rank 0 decides: about ten checks a second, and one when a checkpoint is due. */
static tri_status look(tri_run *run, schedule *s, int *signal_number, int *due) {
    static const double between_s = 0.1;
    double now = tri_now_s(), each_s = (now - s->looked_s) / (double)(run->step - s->looked);
    double ahead_s = s->every_s > 0 ? fmin(between_s, s->next_s - now) : between_s;
    int64_t all[3] = {stop_signal, s->every_s > 0 && now >= s->next_s, 1};
    if (each_s < ahead_s) all[2] = each_s > 0 ? (int64_t)fmin(ahead_s / each_s, 1e6) : 1;
    if (tri_comm_rank(run->comm)) all[1] = all[2] = 0;
    TRI_TRY(tri_allreduce(MPI_IN_PLACE, all, 3, MPI_INT64_T, MPI_MAX, run->comm));
    *signal_number = (int)all[0];
    *due = all[1] > 0;
    s->looked = run->step;
    s->looked_s = now;
    s->next_look = run->step + (size_t)all[2];
    return TRI_OK;
}

static tri_status stop(tri_run *run, void *state, const schedule *s, int signal_number) {
    TRI_TRY(tri_checkpoint_save(run, state, s->whole));
    tri_status mine = TRI_OK;
    if (tri_comm_rank(run->comm) == 0)
        mine = tri_fail(TRI_STOPPED, "stopped after step %zu of %zu by %s; --resume continues from '%s'",
                        run->step, run->steps, strsignal(signal_number), run->common->checkpoint);
    return tri_agree(run->comm, mine);
}

/* If a checkpoint cannot be written, the run continues: the previous one still exists. */
static void save(tri_run *run, void *state, schedule *s) {
    if (tri_checkpoint_save(run, state, s->whole) == TRI_OK)
        s->whole = 1;
    else
        say(run, "cannot write a checkpoint, the run continues", tri_error_text());
    s->next_s = tri_now_s() + s->every_s;
}

tri_status tri_steps_run(tri_run *run, void *state) {
    schedule s;
    TRI_TRY(read_every(run->common->checkpoint_every, &s));
    run->step = run->resumed = 0;
    char previous[4096];
    int have = 0;
    snprintf(previous, sizeof previous, "%s.prev", run->common->checkpoint ? run->common->checkpoint : "");
    if (run->common->checkpoint) TRI_TRY(look_for_checkpoint(run, previous, &have));
    TRI_TRY(run->app->begin(run, state));
    if (run->common->checkpoint) {
        TRI_TRY(resume(run, state, &s, previous, have));
        run->resumed = run->step;
        tri_stop_catch();
    }
    s.looked = run->step;
    s.looked_s = tri_now_s();
    s.next_s = s.looked_s + s.every_s;
    s.next_look = run->step + 1;
    while (run->step < run->steps) {
        TRI_TRY(run->app->step(run, state));
        run->step++;
        tri_progress(run, "computing", (double)run->step, (double)run->steps, "steps");
        if (!run->common->checkpoint || run->step == run->steps) continue;
        int signal_number = 0, due = 0;
        if (run->step >= s.next_look) TRI_TRY(look(run, &s, &signal_number, &due));
        if (signal_number) return stop(run, state, &s, signal_number);
        if (due || (s.every_steps && run->step % s.every_steps == 0)) save(run, state, &s);
    }
    return TRI_OK;
}
