/* What a journal contains. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "apps/pool/show.h"

enum { SLOWEST = 5, FAILURES = 20, LINES = 3 };

static show_task *find(const show_book *book, const uint8_t id[FARM_ID], uint64_t number) {
    show_task *other = NULL;
    for (show_task *t = book->table ? book->table[id[0] | id[1] << 8 | (id[2] & 15) << 16] : NULL; t;
         t = t->next) {
        if (memcmp(t->entry.id, id, FARM_ID) != 0) continue;
        if (t->entry.number == number && t->run == book->runs) return t;
        /* of an earlier run that did not get it done: this is it again */
        if (t->state != SHOW_DONE && t->run < book->runs) other = t;
    }
    return other;
}

static tri_status add(show_book *book, const farm_entry *entry, show_task **out) {
    enum { PLACES = 1 << 20 };
    if (!book->table) book->table = calloc(PLACES, sizeof *book->table);
    if (book->count == book->room) {
        size_t room = book->room ? 2 * book->room : 1024;
        show_task **more = realloc(book->task, room * sizeof *more);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for the tasks of a journal");
        book->task = more, book->room = room;
    }
    show_task *t = calloc(1, sizeof *t);
    if (!t || !book->table) return tri_fail(TRI_ERR_MEMORY, "no memory for the tasks of a journal");
    const uint8_t *id = entry->id;
    show_task **head = &book->table[id[0] | id[1] << 8 | (id[2] & 15) << 16];
    t->next = *head;
    *head = t;
    book->task[book->count++] = t;
    *out = t;
    return TRI_OK;
}

static tri_status take_entry(show_book *book, const tri_journal_record *record) {
    farm_entry e;
    TRI_TRY(farm_entry_get(record, &e));
    show_task *t = find(book, e.id, e.number);
    if (!t) TRI_TRY(add(book, &e, &t));
    if (e.command_length) {
        free(t->command);
        t->command = strndup(e.command, e.command_length);
        t->command_length = e.command_length;
    }
    if (e.host_length) snprintf(t->host, sizeof t->host, "%.*s", (int)e.host_length, e.host);
    bool fine = e.outcome.end == FARM_EXIT && !e.outcome.value;
    t->entry = e;
    t->run = book->runs;
    t->state = record->kind == FARM_GIVEN ? SHOW_RUNS : !e.last ? SHOW_LEFT : fine ? SHOW_DONE : SHOW_FAILED;
    return TRI_OK;
}

static tri_status take(void *argument, const tri_journal_record *record) {
    show_book *book = argument;
    switch (record->kind) {
    case FARM_BEGIN:
        book->runs++;
        book->finished = false;
        for (size_t i = 0; i < book->count; i++) /* its run was ended */
            if (book->task[i]->state == SHOW_RUNS) book->task[i]->state = SHOW_LEFT;
        return TRI_OK;
    case FARM_GIVEN:
    case FARM_ENDED:
        return take_entry(book, record);
    case FARM_FINISH:
        book->finished = true;
        return farm_finish_get(record, &book->finish);
    default:
        return TRI_OK;
    }
}

tri_status show_read(const char *path, show_book *book) {
    return tri_journal_read(path, FARM_JOURNAL, 0, take, book, &book->end);
}

void show_free(show_book *book) {
    for (size_t i = 0; i < book->count; i++) {
        free(book->task[i]->command);
        free(book->task[i]);
    }
    free(book->task);
    free(book->table);
}

static int by_time(const void *a, const void *b) {
    const show_task *x = *(show_task *const *)a, *y = *(show_task *const *)b;
    return (x->entry.seconds < y->entry.seconds) - (x->entry.seconds > y->entry.seconds);
}

/* A command as one line; `most` bytes of it. */
static const char *line_of(const show_task *t, char *text, size_t most) {
    char copy[512];
    snprintf(copy, sizeof copy, "%.*s", (int)(t->command_length < 400 ? t->command_length : 400),
             t->command ? t->command : "");
    return tri_text_line(copy, text, most);
}

/* The last lines that a task has printed, errors before output. */
static void print_last(const char *store, const farm_entry *entry) {
    char *text = NULL;
    size_t count = 0;
    for (int stream = 1; stream >= 0 && !count; stream--) {
        FILE *to = open_memstream(&text, &count);
        if (!to) return;
        if (farm_store_read(store, entry, stream, to) != TRI_OK) printf("      (%s)\n", tri_error_text());
        fclose(to);
        if (!count) free(text);
    }
    if (!count) return;
    size_t at = count - (text[count - 1] == '\n');
    for (int lines = 0; at > 0 && lines<LINES; at -= at> 0)
        if (text[at - 1] == '\n' && ++lines == LINES) break;
    for (char *rest = NULL, *line = strtok_r(text + at, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        char clean[240];
        printf("      %s\n", tri_text_line(line, clean, sizeof clean));
    }
    free(text);
}

static void print_failures(const show_book *book, const char *store) {
    size_t shown = 0;
    for (size_t i = 0; i < book->count && shown < FAILURES; i++) {
        const show_task *t = book->task[i];
        char why[128], line[240];
        if (t->state != SHOW_FAILED) continue;
        if (!shown++) puts("failed:");
        printf("  task %llu on %s, %d attempt%s: %s: %s\n", (unsigned long long)t->entry.number, t->host,
               t->entry.attempt, t->entry.attempt > 1 ? "s" : "",
               farm_outcome_text(&t->entry.outcome, why, sizeof why), line_of(t, line, sizeof line));
        print_last(store, &t->entry);
    }
}

static void print_book(const farm_options *o, const show_book *book, const size_t number[4],
                       const char *store) {
    char time[32] = "";
    printf("journal  %s, %zu run%s\n", o->show, book->runs, book->runs == 1 ? "" : "s");
    printf("done     %zu\nfailed   %zu\nrunning  %zu\n", number[SHOW_DONE], number[SHOW_FAILED],
           number[SHOW_RUNS]);
    if (book->finished) {
        time_t when = (time_t)book->finish.time_s;
        struct tm local;
        localtime_r(&when, &local);
        strftime(time, sizeof time, "%F %T", &local);
        printf("left     %llu\nended    %s with status %d\n", (unsigned long long)book->finish.left, time,
               book->finish.status);
    } else
        printf("left     %zu that had begun; the last run goes on, or was ended: --resume goes on with it\n",
               number[SHOW_LEFT]);
    if (book->end.cut)
        printf("cut      %llu bytes at the end are no record\n", (unsigned long long)book->end.cut);
    double sum = 0, first = HUGE_VAL, last = 0;
    for (size_t i = 0; i < book->count; i++) {
        const farm_entry *e = &book->task[i]->entry;
        if (book->task[i]->state != SHOW_DONE && book->task[i]->state != SHOW_FAILED) continue;
        sum += e->seconds;
        if (e->start_s > 0 && e->start_s < first) first = e->start_s;
        if (e->start_s + e->seconds > last) last = e->start_s + e->seconds;
    }
    size_t ended = number[SHOW_DONE] + number[SHOW_FAILED];
    if (ended)
        printf("times    %.3g s a task, %.3g s in all, %.3g tasks/s\n", sum / (double)ended, sum,
               last > first ? (double)ended / (last - first) : 0);
    print_failures(book, store);
    qsort(book->task, book->count, sizeof *book->task, by_time);
    for (size_t i = 0; i < book->count && i < SLOWEST; i++) {
        char line[240];
        if (!i) puts("slowest:");
        printf("  %8.3f s  task %llu on %s: %s\n", book->task[i]->entry.seconds,
               (unsigned long long)book->task[i]->entry.number, book->task[i]->host,
               line_of(book->task[i], line, sizeof line));
    }
}

static void print_json(const show_book *book, const size_t number[4]) {
    json_t *failed = json_array();
    for (size_t i = 0; i < book->count; i++) {
        const show_task *t = book->task[i];
        char why[128], line[1024];
        if (t->state != SHOW_FAILED) continue;
        json_array_append_new(failed,
                              json_pack("{s:I, s:s, s:s, s:i, s:s}", "task", (json_int_t)t->entry.number,
                                        "command", line_of(t, line, sizeof line), "why",
                                        farm_outcome_text(&t->entry.outcome, why, sizeof why), "attempts",
                                        t->entry.attempt, "host", t->host));
    }
    json_t *all = json_pack("{s:i, s:i, s:i, s:i, s:i, s:o}", "runs", (int)book->runs, "done",
                            (int)number[SHOW_DONE], "failed", (int)number[SHOW_FAILED], "running",
                            (int)number[SHOW_RUNS], "begun", (int)number[SHOW_LEFT], "failures", failed);
    if (book->finished) {
        json_object_set_new(all, "status", json_integer(book->finish.status));
        json_object_set_new(all, "left", json_integer((json_int_t)book->finish.left));
    }
    json_dumpf(all, stdout, JSON_INDENT(2));
    puts("");
    json_decref(all);
}

static int fail(tri_status status) {
    fprintf(stderr, "pool: %s\n", tri_error_text());
    return tri_status_exit(status);
}

int farm_show(const farm_options *o) {
    show_book book = {0};
    char store[4096];
    size_t number[4] = {0};
    snprintf(store, sizeof store, "%s.out", o->show);
    tri_status status = show_read(o->show, &book);
    if (status == TRI_OK && o->results) status = show_write(&book, store, o->results);
    for (size_t i = 0; status == TRI_OK && i < book.count; i++)
        number[book.task[i]->state]++;
    if (status == TRI_OK && o->json)
        print_json(&book, number);
    else if (status == TRI_OK && !o->quiet)
        print_book(o, &book, number, store);
    show_free(&book);
    if (status != TRI_OK) return fail(status);
    /* That of the last run; one that has not said it was ended, or still runs. */
    return fflush(stdout) ? 4 : book.finished ? book.finish.status : tri_status_exit(TRI_STOPPED);
}

/* The output of the tasks whose numbers are given, or of all, each under its name. */
int farm_tail(const farm_options *o) {
    show_book book = {0};
    char store[4096];
    snprintf(store, sizeof store, "%s.out", o->tail);
    tri_status status = show_read(o->tail, &book);
    for (size_t i = 0; status == TRI_OK && i < book.count; i++) {
        const show_task *t = book.task[i];
        bool chosen = !o->words.count;
        for (size_t k = 0; k < o->words.count; k++)
            chosen |= strtoull(o->words.text[k], NULL, 10) == t->entry.number;
        char line[240];
        if (!chosen) continue;
        if (o->words.count != 1)
            printf("==> task %llu: %s <==\n", (unsigned long long)t->entry.number,
                   line_of(t, line, sizeof line));
        status = farm_store_read(store, &t->entry, -1, stdout);
    }
    show_free(&book);
    if (status != TRI_OK) return fail(status);
    return fflush(stdout) ? 4 : 0;
}
