/* The tasks of a journal as columns of an HDF5 file. */
#include <stdlib.h>
#include <string.h>

#include "apps/pool/show.h"

typedef struct columns {
    size_t count;
    int64_t *number, *state, *attempts, *end, *value, *worker, *memory;
    double *start, *seconds, *user, *system;
} columns;

static tri_status fill(columns *c, const show_book *book) {
    int64_t **integers[] = {&c->number, &c->state, &c->attempts, &c->end, &c->value, &c->worker, &c->memory};
    double **reals[] = {&c->start, &c->seconds, &c->user, &c->system};
    c->count = book->count;
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        if (!(*integers[i] = calloc(c->count + 1, sizeof **integers[i])))
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu tasks", c->count);
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        if (!(*reals[i] = calloc(c->count + 1, sizeof **reals[i])))
            return tri_fail(TRI_ERR_MEMORY, "no memory for %zu tasks", c->count);
    for (size_t i = 0; i < c->count; i++) {
        const farm_entry *e = &book->task[i]->entry;
        c->number[i] = (int64_t)e->number;
        c->state[i] = book->task[i]->state;
        c->attempts[i] = e->attempt;
        c->end[i] = e->outcome.end;
        c->value[i] = e->outcome.value;
        c->worker[i] = e->worker;
        c->memory[i] = (int64_t)e->outcome.memory_bytes;
        c->start[i] = e->start_s;
        c->seconds[i] = e->seconds;
        c->user[i] = e->outcome.user_s;
        c->system[i] = e->outcome.system_s;
    }
    return TRI_OK;
}

static void free_columns(columns *c) {
    void *all[] = {c->number, c->state, c->attempts, c->end,  c->value, c->worker,
                   c->memory, c->start, c->seconds,  c->user, c->system};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

/* Texts of all tasks: one attribute each is too much for a file of 10^6, so bytes and where each begins. */
static tri_status write_bytes(tri_result *r, const char *name, const char *what, const char *bytes,
                              const int64_t *from, size_t count) {
    char path[64], title[128];
    size_t total = (size_t)from[count], zero = 0, entries = count + 1;
    snprintf(path, sizeof path, "%s_from", name);
    snprintf(title, sizeof title, "first byte of each task in %s; the last value is the end", name);
    tri_result_integers(r, path, 1, &entries, from, "1", title);
    /* Result files have elements of 8 bytes: readers view them as bytes. */
    size_t words = total / 8 + 1;
    uint64_t *word = calloc(words, sizeof *word);
    if (!word) return tri_fail(TRI_ERR_MEMORY, "no memory for the texts of %zu tasks", count);
    memcpy(word, bytes, total);
    tri_status status = tri_result_array(r, name, TRI_ELEMENT_U64, 1, &words, &zero, &words, word, "1", what);
    free(word);
    return status;
}

static tri_status write_texts(tri_result *r, const show_book *book, const char *store) {
    char *text = NULL;
    size_t length = 0;
    int64_t *from = calloc(book->count + 1, sizeof *from);
    tri_status status = from ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for %zu tasks", book->count);
    for (int output = 0; output < 2 && status == TRI_OK; output++) {
        FILE *to = open_memstream(&text, &length);
        if (!to) status = tri_fail(TRI_ERR_MEMORY, "no memory for the texts of the tasks");
        for (size_t i = 0; i < book->count && status == TRI_OK; i++) {
            const show_task *t = book->task[i];
            fflush(to);
            from[i] = (int64_t)length;
            if (output)
                status = farm_store_read(store, &t->entry, -1, to);
            else
                fwrite(t->command, 1, t->command ? t->command_length : 0, to);
        }
        if (to) fclose(to);
        from[book->count] = (int64_t)length;
        if (status == TRI_OK)
            status = write_bytes(r, output ? "output" : "command",
                                 output ? "bytes that the tasks printed" : "bytes of the commands", text,
                                 from, book->count);
        free(text);
        text = NULL;
    }
    free(from);
    return status;
}

static void write_columns(tri_result *r, const columns *c) {
    const size_t *n = &c->count;
    tri_result_integers(r, "task", 1, n, c->number, "1", "number of the task in its list");
    tri_result_integers(r, "state", 1, n, c->state, "1", "0 running, 1 left, 2 done, 3 failed");
    tri_result_integers(r, "attempts", 1, n, c->attempts, "1", "number of attempts");
    tri_result_integers(r, "end", 1, n, c->end, "1",
                        "0 exit, 1 signal, 2 time limit, 3 stopped, 4 did not start, 5 worker lost");
    tri_result_integers(r, "value", 1, n, c->value, "1", "exit status, number of the signal, or errno");
    tri_result_integers(r, "worker", 1, n, c->worker, "1", "number of the worker");
    tri_result_integers(r, "memory", 1, n, c->memory, "B", "largest resident memory");
    tri_result_reals(r, "start", 1, n, c->start, "s", "begin of the last attempt, since 1970");
    tri_result_reals(r, "seconds", 1, n, c->seconds, "s", "duration of the last attempt");
    tri_result_reals(r, "user", 1, n, c->user, "s", "user time of the last attempt");
    tri_result_reals(r, "system", 1, n, c->system, "s", "system time of the last attempt");
}

tri_status show_write(const show_book *book, const char *store, const char *path) {
    tri_comm *comm = NULL;
    tri_result *result = NULL;
    columns c = {0};
    int level, initialized = 0;
    if (MPI_Initialized(&initialized) ||
        (!initialized && MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level)))
        return tri_fail(TRI_ERR_MPI, "MPI does not start, which HDF5 needs");
    tri_status status = tri_comm_create(MPI_COMM_SELF, &comm);
    if (status == TRI_OK) status = tri_result_create_at(comm, path, TRI_RESULT_PLAIN, &result);
    if (status == TRI_OK) status = fill(&c, book);
    if (status == TRI_OK) {
        tri_result_text(result, "program", "pool");
        write_columns(result, &c);
        status = write_texts(result, book, store);
    }
    if (status == TRI_OK) status = tri_result_finish(result);
    free_columns(&c);
    tri_result_destroy(&result);
    tri_comm_destroy(&comm);
    MPI_Finalize();
    return status;
}
