/* The manager: keeps the workers busy, and turns what they find into pieces. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/factor/factor.h"

/* ---- signals: a wish that the loop sees ---- */

static volatile sig_atomic_t caught;
static void catch_stop(int number) {
    caught = number;
}

static void catch_signals(void) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGHUP};
    struct sigaction how = {.sa_handler = catch_stop, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &how, NULL);
}

/* ---- tasks ---- */

static void write_input(const factor_state *s, const factor_ticket *t, FILE *to) {
    const factor_options *o = s->options;
    if (t->task == FACTOR_SMALL) {
        fprintf(to, "%d\n", o->proof);
        for (size_t i = 0; i < t->count; i++)
            gmp_fprintf(to, "%Zd\n", t->piece[i]->n);
    } else if (t->task == FACTOR_CURVES)
        gmp_fprintf(to, "%zu %d %zu %zu %zu %d %Zd", o->seed, t->level, t->first, t->count, o->memory,
                    s->save != NULL, t->piece[0]->n);
    else if (t->task == FACTOR_SAVED)
        gmp_fprintf(to, "%zu %Zd\n%s", o->memory, t->piece[0]->n, s->saved[t->first].line);
    else
        gmp_fprintf(to, "%Zd", t->piece[0]->n);
}

static tri_status submit(factor_state *s, factor_ticket *t) {
    static const char *const functions[] = {"small", "curves", "saved", "sieve"};
    char *text;
    size_t length;
    for (size_t i = 0; i < t->count && (i == 0 || t->task == FACTOR_SMALL); i++) {
        t->piece[i]->tasks++;
        s->number[t->piece[i]->number].tasks++;
    }
    t->after = s->tickets;
    if (t->after) t->after->before = t;
    s->tickets = t;
    s->outstanding++;
    FILE *to = factor_stream(&text, &length);
    write_input(s, t, to);
    fclose(to);
    tri_pool_how how = {.ended = s->ended, .tag = t, .priority = t->task == FACTOR_SMALL};
    tri_status status = tri_pool_submit(s->pool, functions[t->task], text, length, &how, &t->job);
    free(text);
    return status;
}

static void drop(factor_state *s, factor_ticket *t) {
    for (size_t i = 0; i < t->count && (i == 0 || t->task == FACTOR_SMALL); i++) {
        t->piece[i]->tasks--;
        s->number[t->piece[i]->number].tasks--;
    }
    if (t->before)
        t->before->after = t->after;
    else
        s->tickets = t->after;
    if (t->after) t->after->before = t->before;
    s->outstanding--;
    tri_job_destroy(&t->job);
    free(t->piece);
    free(t);
}

/* ---- results ---- */

/* The piece has become these; its other tasks have nothing to look for. */
static tri_status replace(factor_state *s, factor_piece *p, factor_piece *child[], size_t count) {
    bool root = p->kind == FACTOR_UNKNOWN && !strcmp(p->how, "whole number");
    factor_number *number = s->number + p->number;
    for (size_t i = 0; i < count; i++) {
        child[i]->id = s->ids++;
        factor_number_add(number, p->number, child[i]);
    }
    p->dead = true;
    for (factor_ticket *t = s->tickets; t; t = t->after)
        if (t->piece[0] == p && t->task != FACTOR_SMALL) tri_job_cancel(t->job);
    return factor_book_split(s, p, root, child, count);
}

/* A line of pairs "P 3", "Q 5", "C 6": a kind and a factor. */
static tri_status take_small(factor_state *s, factor_piece *p, char *line) {
    enum { ROOM = 8 };
    factor_piece **child = NULL;
    size_t count = 0, room = 0;
    char *at = NULL;
    mpz_t n;
    mpz_init(n);
    for (char *kind = strtok_r(line, " ", &at); kind; kind = strtok_r(NULL, " ", &at)) {
        const char *kinds = "UPQC", *value = strtok_r(NULL, " ", &at);
        if (!value || !strchr(kinds, *kind) || mpz_set_str(n, value, 10)) break;
        if (count == room) {
            factor_piece **more = realloc(child, (room = room ? 2 * room : ROOM) * sizeof *more);
            if (!more) {
                fputs("factor: no memory for the factors\n", stderr);
                exit(3);
            }
            child = more;
        }
        factor_kind k = (factor_kind)(strchr(kinds, *kind) - kinds);
        bool itself = !mpz_cmp(n, p->n);
        child[count++] = factor_piece_new(n, k, p, itself ? p->how : "trial division, rho");
    }
    mpz_clear(n);
    tri_status status = count ? replace(s, p, child, count)
                              : tri_fail(TRI_ERR_SYSTEM, "a worker has returned no factors of a number");
    free(child);
    return status;
}

static void describe(const factor_state *s, const factor_ticket *t, size_t curve, char *text, size_t room) {
    if (t->task == FACTOR_SIEVE)
        snprintf(text, room, "quadratic sieve");
    else if (t->task == FACTOR_SAVED)
        snprintf(text, room, "ECM B1=%.0f, a curve of a save file", s->saved[t->first].curve.b1);
    else {
        static const char *const names[] = {"ECM", "p-1", "p+1"};
        factor_curve c = factor_curve_at(s->options->seed, t->level, curve);
        int at = snprintf(text, room, "%s B1=%.0f", names[c.method], c.b1);
        if (c.method == FACTOR_ECM) snprintf(text + at, room - (size_t)at, " sigma=1:%u", c.sigma);
    }
}

/* Splits off each divisor that is found. */
static tri_status take_factor(factor_state *s, const factor_ticket *t, size_t curve, const char *value) {
    factor_piece *p = t->piece[0], *child[2];
    char how[128];
    mpz_t f;
    mpz_init(f);
    tri_status status = TRI_OK;
    /* An earlier divisor may have split the piece: then it is the piece that this one divides. */
    for (factor_piece *q = s->number[p->number].pieces; q && status == TRI_OK; q = q->after) {
        if (q->dead || q->kind == FACTOR_PRIME || q->kind == FACTOR_PROBABLE || mpz_set_str(f, value, 10))
            continue;
        mpz_gcd(f, f, q->n);
        if (mpz_cmp_ui(f, 1) <= 0 || !mpz_cmp(f, q->n)) continue;
        describe(s, t, curve, how, sizeof how);
        child[0] = factor_piece_new(f, FACTOR_UNKNOWN, q, how);
        mpz_divexact(f, q->n, f);
        child[1] = factor_piece_new(f, FACTOR_UNKNOWN, q, how);
        if (!s->options->quiet && !s->options->json && t->task != FACTOR_SMALL) {
            factor_tell_progress(s, false);
        }
        status = replace(s, q, child, 2);
        break;
    }
    mpz_clear(f);
    return status;
}

static tri_status save_curve(factor_state *s, const factor_ticket *t, size_t curve, char *x) {
    factor_curve c = factor_curve_at(s->options->seed, t->level, curve);
    char sigma[16];
    snprintf(sigma, sizeof sigma, "%u", c.sigma);
    factor_saved saved = {.method = c.method, .param = 1, .b1 = c.b1, .sigma = sigma, .x = x};
    saved.n = mpz_get_str(NULL, 10, t->piece[0]->n);
    factor_saved_write(&saved, s->save);
    free(saved.n);
    return fflush(s->save) ? tri_output_failure("write", s->options->save) : TRI_OK;
}

/* Lines "X curve residue", "F curve factor", "D curves". */
static tri_status take_curves(factor_state *s, const factor_ticket *t, char *text) {
    factor_piece *p = t->piece[0];
    tri_status status = TRI_OK;
    char *at = NULL, *copy = strdup(text);
    if (!copy) return tri_fail(TRI_ERR_MEMORY, "no memory for a result");
    /* What is done first, since the pieces inherit it. */
    char *did = strrchr(copy, 'D');
    size_t count = did ? strtoull(did + 1, NULL, 10) : 0;
    if (t->task == FACTOR_CURVES && !p->dead) {
        factor_piece_did(p, t->level, t->first, count);
        status = factor_book_done(s, t, count);
    }
    if (t->task == FACTOR_SAVED && !p->dead) {
        int level = 0;
        while (level + 1 < FACTOR_LEVELS && factor_level_b1(level + 1) <= s->saved[t->first].curve.b1)
            level++;
        if (factor_level_b1(level) <= s->saved[t->first].curve.b1) factor_piece_worth(p, level, 1);
    }
    if (t->task != FACTOR_SIEVE) s->curves += count;
    for (char *line = strtok_r(copy, "\n", &at); line && status == TRI_OK; line = strtok_r(NULL, "\n", &at)) {
        char *value = NULL;
        size_t curve = strtoull(line + 1, &value, 10);
        if (*line == 'F') status = take_factor(s, t, curve, value);
        if (*line == 'X') status = save_curve(s, t, curve, value + strspn(value, " "));
    }
    if (t->task == FACTOR_SIEVE && !p->dead && status == TRI_OK) {
        p->sieve_failed = true;
        fprintf(stderr, "factor: the sieve has found no factor of a number of %zu digits; curves go on\n",
                p->digits);
    }
    free(copy);
    return status;
}

static tri_status take(factor_state *s, factor_ticket *t) {
    const tri_pool_result *r;
    tri_status status = tri_job_wait(t->job, TRI_FOREVER, &r);
    if (status == TRI_CANCELLED) return TRI_OK;
    if (status != TRI_OK) {
        if (t->task != FACTOR_SIEVE || t->piece[0]->dead) return status;
        /* Curves may do it. */
        fprintf(stderr, "factor: %s; curves go on\n", tri_error_text());
        t->piece[0]->sieve_failed = true;
        return TRI_OK;
    }
    char *text = strndup(r->bytes, r->count), *next = text;
    if (!text) return tri_fail(TRI_ERR_MEMORY, "no memory for a result");
    if (t->task != FACTOR_SMALL)
        status = take_curves(s, t, text);
    else
        for (size_t i = 0; i < t->count && status == TRI_OK; i++) {
            char *line = next, *end = strchr(line, '\n');
            if (!end) {
                status = tri_fail(TRI_ERR_SYSTEM, "a worker has returned too few results");
                break;
            }
            *end = 0;
            next = end + 1;
            status = take_small(s, t->piece[i], line);
        }
    free(text);
    return status;
}

/* Finishes the numbers that nothing is left to do for. */
static tri_status settle(factor_state *s) {
    size_t kept = 0;
    tri_status status = TRI_OK;
    for (size_t i = 0; i < s->actives; i++) {
        size_t index = s->active[i];
        factor_number *number = s->number + index;
        bool open = number->tasks > 0;
        for (const factor_piece *p = number->pieces; p && !open; p = p->after)
            open = !p->dead && (p->kind == FACTOR_UNKNOWN || (p->kind == FACTOR_COMPOSITE && !p->left));
        if (open && !s->stopped) {
            s->active[kept++] = index;
            continue;
        }
        if (status == TRI_OK) status = factor_number_finish(number);
        factor_number_free_pieces(number);
    }
    s->actives = kept;
    factor_tell_results(s);
    return status;
}

/* ---- the loop ---- */

static tri_status feed(factor_state *s) {
    for (;;) {
        int all = factor_workers() * s->slots;
        if (s->outstanding >= 2 * all + 1) return TRI_OK;
        size_t fresh = s->fresh;
        factor_ticket *t = factor_plan_next(s, s->outstanding < all);
        if (t)
            TRI_TRY(submit(s, t));
        else if (s->fresh == fresh)
            return TRI_OK;
        else
            TRI_TRY(settle(s)); /* the journal had all of a number */
    }
}

static tri_status collect(factor_state *s, double deadline) {
    void *job = NULL;
    tri_status status = TRI_OK;
    while (status == TRI_OK && tri_queue_get(s->ended, deadline, &job) == TRI_OK) {
        factor_ticket *t = tri_job_tag(job);
        status = take(s, t);
        drop(s, t);
        deadline = TRI_AT_ONCE;
    }
    return status;
}

/* Ends the tasks that run. */
static void cancel_all(factor_state *s) {
    const double patience_s = 10;
    tri_pool_hold(s->pool, 1);
    for (factor_ticket *t = s->tickets; t; t = t->after)
        if (t->job) tri_job_cancel(t->job);
    double deadline = tri_deadline(patience_s);
    void *job;
    while (s->tickets && tri_queue_get(s->ended, deadline, &job) == TRI_OK)
        drop(s, tri_job_tag(job));
}

static tri_status loop(factor_state *s) {
    const double look_s = 0.2;
    TRI_TRY(feed(s));
    TRI_TRY(settle(s));
    while (s->outstanding) {
        TRI_TRY(collect(s, tri_deadline(look_s)));
        TRI_TRY(feed(s));
        TRI_TRY(settle(s));
        factor_tell_progress(s, false);
        if (caught || (s->end_s > 0 && tri_now_s() > s->end_s)) {
            s->stopped = true;
            return TRI_OK;
        }
    }
    return TRI_OK;
}

static tri_status open_files(factor_state *s) {
    const factor_options *o = s->options;
    TRI_TRY(factor_plan_read(s));
    TRI_TRY(factor_book_open(s));
    if (!o->save) return TRI_OK;
    s->save = fopen(o->save, o->resume ? "ae" : o->replace ? "we" : "wxe");
    return s->save ? TRI_OK : tri_output_failure("write", o->save);
}

static tri_status judge(factor_state *s, tri_status status) {
    if (status == TRI_OK && s->save && fclose(s->save))
        status = tri_output_failure("write", s->options->save);
    s->save = NULL;
    if (status == TRI_OK && s->journal) status = tri_journal_sync(s->journal);
    if (status != TRI_OK || !s->stopped || s->complete == s->numbers) return status;
    return tri_fail(TRI_STOPPED, "stopped by %s; %s", caught ? "a signal" : "--time",
                    s->journal ? "--resume goes on with the journal" : "a --journal could be resumed");
}

tri_status factor_manage(tri_pool *pool, void *argument) {
    factor_state *s = argument;
    char why[1024];
    s->pool = pool;
    s->begin_s = tri_now_s();
    if (s->options->time_s > 0) s->end_s = s->begin_s + s->options->time_s;
    s->terminal = isatty(STDERR_FILENO);
    catch_signals();
    tri_status status = tri_queue_create(TRI_QUEUE_FIFO, 0, &s->ended);
    if (status == TRI_OK) status = open_files(s);
    bool opened = status == TRI_OK;
    if (opened) status = loop(s);
    snprintf(why, sizeof why, "%s", tri_error_text());
    if (opened) {
        cancel_all(s);
        if (s->stopped && status == TRI_OK) status = settle(s);
        status = judge(s, status == TRI_OK ? TRI_OK : tri_fail(status, "%s", why));
        factor_tell_end(s, status);
        snprintf(why, sizeof why, "%s", tri_error_text());
    }
    factor_book_close(s);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", why);
}
