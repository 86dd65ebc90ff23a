/* The manager of a farm: reads tasks, gives them to the pool, and writes down what happens. A result is
 * counted after the journal has it. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "apps/pool/manage.h"

enum { WAITING_MOST = 1 << 14, COMPACT_FROM = 1000 };

/* ---- signals: a stop is a wish that the main thread sees ---- */

static volatile sig_atomic_t caught;
static int wake_file = -1;

static void catch_stop(int number) {
    static const uint64_t one = 1;
    int error = errno;
    caught = number;
    if (write(wake_file, &one, sizeof one) < 0) {
        /* it is set already */
    }
    errno = error;
}

static void wake(void) {
    static const uint64_t one = 1;
    if (write(wake_file, &one, sizeof one) < 0) {
        /* it is set already */
    }
}

static tri_status catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
    struct sigaction how = {.sa_handler = catch_stop, .sa_flags = SA_RESTART};
    wake_file = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_file < 0) return tri_fail(TRI_ERR_SYSTEM, "cannot make an eventfd: %s", strerror(errno));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &how, NULL);
    return TRI_OK;
}

/* ---- the journal ---- */

static void write_record(farm *f, farm_record kind, const farm_bytes *b) {
    if (!f->journal || atomic_load(&f->broken)) return;
    if (tri_journal_append(f->journal, kind, b->bytes, b->count, NULL) == TRI_OK) return;
    snprintf(f->why, sizeof f->why, "%s", tri_error_text());
    atomic_store(&f->broken, 1);
    wake();
}

static void write_entry(farm *f, farm_record kind, const farm_entry *entry) {
    if (!f->journal) return;
    farm_entry_put(&f->record, entry);
    write_record(f, kind, &f->record);
}

/* What an older run has left. */
static tri_status load_record(void *argument, const tri_journal_record *record) {
    farm *f = argument;
    farm_entry entry;
    f->old_records++;
    if (record->kind != FARM_ENDED) return TRI_OK;
    TRI_TRY(farm_entry_get(record, &entry));
    if (!entry.last || entry.outcome.end != FARM_EXIT || entry.outcome.value) return TRI_OK;
    f->old_done++;
    return farm_known_done(f->known, entry.id);
}

static int keep_done(void *argument, const tri_journal_record *record) {
    farm_entry entry;
    (void)argument;
    return record->kind == FARM_ENDED && farm_entry_get(record, &entry) == TRI_OK && entry.last &&
           entry.outcome.end == FARM_EXIT && !entry.outcome.value;
}

static tri_status open_journal(farm *f) {
    const farm_options *o = f->options;
    char store[4096];
    tri_journal_end end, store_end;
    if (!o->journal) return TRI_OK;
    if (!o->resume && !access(o->journal, F_OK))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--journal: '%s' exists; add --resume to go on with it, or choose another",
                        o->journal);
    TRI_TRY(tri_journal_open(o->journal, FARM_JOURNAL, load_record, f, &end, &f->journal));
    if (end.cut)
        fprintf(stderr, "pool: '%s' had %llu bytes of an unfinished record at its end, which are cut off\n",
                o->journal, (unsigned long long)end.cut);
    if (f->old_records > COMPACT_FROM && f->old_records > 2 * f->old_done)
        TRI_TRY(tri_journal_rewrite(f->journal, keep_done, NULL));
    snprintf(store, sizeof store, "%s.out", o->journal);
    TRI_TRY(tri_journal_open(store, FARM_OUTPUT, NULL, NULL, &store_end, &f->store));
    farm_bytes b = {0};
    farm_put_real(&b, farm_now_s());
    write_record(f, FARM_BEGIN, &b);
    free(b.bytes);
    return TRI_OK;
}

/* ---- events, in the pool's thread ---- */

/* A task from its submission to its end. */
typedef struct ticket {
    farm_entry entry;
    farm_lines lines;
    size_t length;
    char command[];
} ticket;

static void say(const farm *f, const char *format, const tri_pool_event *event) {
    if (!f->options->quiet) fprintf(stderr, format, event->worker, event->host, event->text);
}

static void print_bytes(farm *f, ticket *t, int stream, const void *bytes, size_t count, bool last) {
    if (!f->journal)
        farm_lines_write(&t->lines, stream, bytes, count, last);
    else if (count && !atomic_load(&f->broken) &&
             farm_store_write(f->store, &t->entry, stream, bytes, count) != TRI_OK) {
        snprintf(f->why, sizeof f->why, "%s", tri_error_text());
        atomic_store(&f->broken, 1);
        wake();
    }
}

/* What an attempt came to, from what its function returned, or from how it was lost. */
static void set_outcome(farm_entry *e, const tri_pool_result *result) {
    farm_reader r = {.at = result->bytes, .end = (const uint8_t *)result->bytes + result->count};
    e->outcome = (farm_outcome){.end = FARM_LOST};
    if (result->status == TRI_CANCELLED)
        e->outcome.end = FARM_STOPPED;
    else if (result->status != TRI_ERR_SYSTEM && result->count && farm_outcome_get(&r, &e->outcome) != TRI_OK)
        e->outcome = (farm_outcome){.end = FARM_LOST};
    e->start_s = result->start_s;
    e->seconds = result->seconds;
}

static void tell_failure(const farm *f, const ticket *t, const tri_pool_event *event, const char *more) {
    char text[256];
    if (f->options->quiet) return;
    fprintf(stderr, "pool: task %llu on %s: %s%s: %.*s\n", (unsigned long long)t->entry.number,
            *event->host ? event->host : "no host",
            t->entry.outcome.end == FARM_LOST ? event->result->error
                                              : farm_outcome_text(&t->entry.outcome, text, sizeof text),
            more, (int)(t->length < 200 ? t->length : 200), t->command);
}

static void end_attempt(farm *f, ticket *t, const tri_pool_event *event) {
    farm_entry *e = &t->entry;
    bool ended = event->what == TRI_POOL_ENDED;
    e->attempt = event->attempt;
    set_outcome(e, event->result);
    bool stopped = e->outcome.end == FARM_STOPPED, fine = e->outcome.end == FARM_EXIT && !e->outcome.value;
    e->last = ended && !stopped;
    e->host = event->host, e->host_length = strlen(event->host);
    e->command = t->command, e->command_length = e->last ? t->length : 0;
    e->to = f->store ? tri_journal_at(f->store) : 0;
    /* One that was never given out leaves no trace. */
    if (event->attempt) write_entry(f, FARM_ENDED, e);
    if (!stopped && !fine && event->attempt) tell_failure(f, t, event, ended ? "" : "; it runs again");
    atomic_fetch_add(&f->attempts, 1);
    if (event->attempt) atomic_fetch_sub(&f->running, 1);
    for (int stream = 0; stream < 2 && !f->journal; stream++)
        print_bytes(f, t, stream, NULL, 0, true);
    if (!ended) return;
    if (e->last && !atomic_load(&f->broken)) atomic_fetch_add(fine ? &f->done : &f->failed, 1);
    int limit = f->options->fail_limit;
    if (limit && (int)atomic_load(&f->failed) >= limit) wake();
    tri_semaphore_post(f->room, 1);
    free(t);
}

static void watch(void *argument, const tri_pool_event *event) {
    farm *f = argument;
    ticket *t = event->tag;
    switch (event->what) {
    case TRI_POOL_GIVEN:
        atomic_fetch_add(&f->running, 1);
        t->entry.attempt = event->attempt;
        t->entry.worker = event->worker;
        t->entry.host = event->host, t->entry.host_length = strlen(event->host);
        t->entry.command = t->command, t->entry.command_length = event->attempt == 1 ? t->length : 0;
        t->entry.from = f->store ? tri_journal_at(f->store) : 0;
        t->entry.last = false;
        t->entry.start_s = farm_now_s();
        write_entry(f, FARM_GIVEN, &t->entry);
        break;
    case TRI_POOL_BYTES:
        print_bytes(f, t, event->kind == 2, event->bytes, event->count, false);
        break;
    case TRI_POOL_LOST:
    case TRI_POOL_FAILED:
    case TRI_POOL_ENDED:
        end_attempt(f, t, event);
        break;
    case TRI_POOL_JOINED:
        break;
    case TRI_POOL_LEFT:
        if (strcmp(event->text, "left") != 0) {
            say(f, "pool: worker %d on %s is lost: %s\n", event);
            if (strcmp(event->host, f->host) != 0) f->lost_far = true;
        }
        if (!event->workers) {
            atomic_store(&f->deserted, 1);
            wake();
        }
        break;
    case TRI_POOL_SHUN:
        say(f, "pool: worker %d's host %s gets no more tasks: %s, and not elsewhere\n", event);
        break;
    }
}

/* ---- the main thread ---- */

/* Why to stop; 0: go on. A further task is not given out after that. */
static bool must_stop(farm *f) {
    const farm_options *o = f->options;
    uint64_t count;
    if (read(wake_file, &count, sizeof count) < 0) {
        /* nothing has happened */
    }
    if (f->stop) return true;
    if (atomic_load(&f->broken))
        f->stop = FARM_STOP_BROKEN;
    else if (atomic_load(&f->deserted))
        f->stop = FARM_STOP_DESERTED;
    else if (caught)
        f->stop = caught == SIGUSR1 ? FARM_STOP_TIME : FARM_STOP_SIGNAL;
    else if (o->fail_limit && (int)atomic_load(&f->failed) >= o->fail_limit)
        f->stop = FARM_STOP_FAILURES;
    else if (f->end_s > 0 && farm_now_s() > f->end_s - o->stop_before_s)
        f->stop = FARM_STOP_TIME;
    if (f->stop) tri_pool_hold(f->pool, 1);
    return f->stop != FARM_STOP_NONE;
}

static tri_status submit(farm *f, const char *command, size_t length) {
    ticket *t = malloc(sizeof *t + length + 1);
    if (!t) return tri_fail(TRI_ERR_MEMORY, "no memory for a task");
    memset(t, 0, sizeof *t);
    memcpy(t->command, command, length);
    t->command[length] = 0;
    t->length = length;
    t->entry.number = ++f->numbers;
    t->entry.worker = -1;
    if (f->known) {
        bool done = false;
        farm_identify(command, length, t->entry.id);
        tri_status status = farm_known_see(f->known, t->entry.id, &done);
        if (status != TRI_OK || done) {
            free(t);
            if (done) atomic_fetch_add(&f->skipped, 1);
            return status;
        }
    }
    while (tri_semaphore_wait(f->room, tri_deadline(0.2)) == TRI_TIMED_OUT)
        if (must_stop(f)) {
            free(t);
            f->numbers--;
            return TRI_OK;
        }
    tri_pool_how how = f->options->how;
    how.tag = t;
    farm_command_put(&f->input, t->entry.number, f->options->timeout_s, f->folder, command, length);
    atomic_fetch_add(&f->submitted, 1);
    tri_status status = tri_pool_submit(f->pool, "command", f->input.bytes, f->input.count, &how, NULL);
    if (status != TRI_OK) free(t);
    return status;
}

static tri_status feed(farm *f) {
    while (!must_stop(f)) {
        const char *command;
        size_t length;
        tri_status status = farm_source_next(f->source, wake_file, &command, &length);
        if (status == TRI_STOPPED) continue;
        TRI_TRY(status);
        if (!command) {
            f->read_all = true;
            return TRI_OK;
        }
        TRI_TRY(submit(f, command, length));
    }
    return TRI_OK;
}

/* Waits for what is submitted; after a wish to stop only for what runs, as long as there is time. */
static void wait_all(farm *f) {
    while (!must_stop(f) && tri_pool_wait(f->pool, tri_deadline(0.2)) == TRI_TIMED_OUT) {
    }
    double end_s = f->end_s - 0.2 * f->options->stop_before_s;
    while ((f->stop == FARM_STOP_TIME || f->stop == FARM_STOP_FAILURES) && atomic_load(&f->running) &&
           (f->stop == FARM_STOP_FAILURES || f->end_s <= 0 || farm_now_s() < end_s) && caught != SIGTERM &&
           caught != SIGINT && !atomic_load(&f->broken))
        (void)tri_pool_wait(f->pool, tri_deadline(0.1));
}

static tri_status prepare(farm *f) {
    const farm_options *o = f->options;
    const char *end = getenv("SLURM_JOB_END_TIME");
    if (!getcwd(f->folder, sizeof f->folder)) *f->folder = 0;
    if (gethostname(f->host, sizeof f->host - 1)) *f->host = 0;
    if (o->stop_before_s > 0) {
        f->end_s = end ? strtod(end, NULL) : 0;
        if (!(f->end_s > 0))
            return tri_fail(TRI_ERR_ENVIRONMENT,
                            "--stop-before: SLURM_JOB_END_TIME is not set; it is in jobs of SLURM");
    }
    TRI_TRY(catch_signals());
    TRI_TRY(tri_semaphore_create(WAITING_MOST, &f->room));
    if (o->journal) TRI_TRY(farm_known_create(&f->known));
    TRI_TRY(farm_source_open(o, &f->source));
    return open_journal(f);
}

/* The status of the run: what the journal says in its last record. */
static tri_status judge(farm *f, tri_status status) {
    uint64_t done = atomic_load(&f->done) + atomic_load(&f->skipped), failed = atomic_load(&f->failed);
    if (status != TRI_OK) return status;
    if (f->stop == FARM_STOP_BROKEN) return tri_fail(TRI_ERR_FILE, "%s", f->why);
    if (!f->read_all || done + failed < f->numbers) {
        static const char *const why[] = {
            "", "a signal", "the time limit of the job", "--fail-limit", "no worker is left", ""};
        if (f->stop == FARM_STOP_FAILURES)
            return tri_fail(TRI_ERR_WRONG, "%llu tasks have failed (--fail-limit)",
                            (unsigned long long)failed);
        return tri_fail(TRI_STOPPED, "stopped by %s; %s", why[f->stop],
                        f->journal ? "--resume goes on with the journal" : "a --journal could be resumed");
    }
    if (failed) return tri_fail(TRI_ERR_WRONG, "%llu tasks have failed", (unsigned long long)failed);
    return TRI_OK;
}

static tri_status finish(farm *f, tri_status status) {
    farm_bytes b = {0};
    farm_finish end = {.time_s = farm_now_s(),
                       .status = tri_status_exit(status),
                       .done = atomic_load(&f->done) + atomic_load(&f->skipped),
                       .failed = atomic_load(&f->failed)};
    end.left = f->numbers - end.done - end.failed;
    if (farm_source_count(f->source) > f->numbers) end.left += farm_source_count(f->source) - f->numbers;
    farm_finish_put(&b, &end);
    char text[1024];
    snprintf(text, sizeof text, "%s", tri_error_text());
    if (!atomic_load(&f->broken)) write_record(f, FARM_FINISH, &b);
    free(b.bytes);
    tri_status synced = f->journal && !atomic_load(&f->broken) ? tri_journal_sync(f->journal) : TRI_OK;
    if (synced == TRI_OK && f->store) synced = tri_journal_sync(f->store);
    if (atomic_load(&f->broken) && status != TRI_ERR_FILE) return tri_fail(TRI_ERR_FILE, "%s", f->why);
    if (synced != TRI_OK) return synced;
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", text);
}

static tri_status run(farm *f, const tri_pool_options *options, const farm_meeting *meeting) {
    tri_pool_options mine = *options;
    mine.watch = watch;
    mine.argument = f;
    tri_status status = prepare(f);
    if (status == TRI_OK) status = tri_pool_create(&mine, &f->pool);
    tri_status met = meeting->meet(meeting->argument, status == TRI_OK ? f->pool : NULL, status);
    if (status == TRI_OK) status = met;
    if (status != TRI_OK) {
        tri_pool_destroy(&f->pool, status);
        return status;
    }
    farm_progress_start(f);
    status = feed(f);
    if (status == TRI_OK) wait_all(f);
    farm_progress_stop(f);
    /* The workers end with the status of the run; it may still become worse if the journal fails. */
    status = judge(f, status);
    char text[1024];
    snprintf(text, sizeof text, "%s", tri_error_text());
    tri_pool_destroy(&f->pool, status);
    if (status != TRI_OK) (void)tri_fail(status, "%s", text);
    return finish(f, status);
}

tri_status farm_manage(farm *f, const tri_pool_options *options, const farm_meeting *meeting) {
    f->begin_s = farm_now_s();
    tri_status status = run(f, options, meeting);
    char text[1024];
    snprintf(text, sizeof text, "%s", tri_error_text());
    tri_journal_destroy(&f->store);
    tri_journal_destroy(&f->journal);
    if (f->source) farm_source_close(&f->source);
    if (f->known) farm_known_destroy(&f->known);
    tri_semaphore_destroy(&f->room);
    free(f->record.bytes);
    free(f->input.bytes);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", text);
}
