/* A journal in memory. */
#ifndef TRIREME_APPS_POOL_SHOW_H
#define TRIREME_APPS_POOL_SHOW_H

#include "apps/pool/farm.h"

typedef enum show_state { SHOW_RUNS, SHOW_LEFT, SHOW_DONE, SHOW_FAILED } show_state;

typedef struct show_task {
    farm_entry entry; /* the last record; its texts are those below */
    show_state state;
    size_t run;
    char host[64];
    char *command;
    size_t command_length;
    struct show_task *next; /* in the table */
} show_task;

typedef struct show_book {
    show_task **task, **table;
    size_t count, room, runs;
    bool finished; /* the last run has said its status */
    farm_finish finish;
    tri_journal_end end;
} show_book;

tri_status show_read(const char *path, show_book *book);
void show_free(show_book *book);
/* Writes the tasks to an HDF5 file: results.c. */
tri_status show_write(const show_book *book, const char *store, const char *path);

#endif
