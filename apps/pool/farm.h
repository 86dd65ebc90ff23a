/* The parts of pool: options, tasks, the commands that workers run, the journal, and the manager's loop. */
#ifndef TRIREME_APPS_POOL_FARM_H
#define TRIREME_APPS_POOL_FARM_H

#include <sys/types.h>

#include "apps/driver/app.h"

enum { FARM_ID = 16 };
#define FARM_JOURNAL "trireme pool 1"
#define FARM_OUTPUT  "trireme pool output 1"

typedef struct farm_options {
    tri_texts words;
    const char *sweep, *journal, *timeout, *per_task, *memory, *stop_before, *address, *show, *tail, *results;
    const char *listen, *key;
    int retry, fail_limit, crash_limit, slots, devices;
    bool resume, null, no_mpi, quiet, json, serve;
    /* of the words above */
    double timeout_s, stop_before_s;
    tri_pool_how how; /* of every task */
} farm_options;

/* ---- text.c: words of the command line, and bytes of records ---- */

tri_status farm_per_task(const char *text, tri_pool_how *how);

/* Bytes that grow, and reading them. All numbers are little-endian. */
typedef struct farm_bytes {
    uint8_t *bytes;
    size_t count, room;
} farm_bytes;
void farm_put(farm_bytes *b, const void *bytes, size_t count);
void farm_put_number(farm_bytes *b, uint64_t value, size_t bytes);
void farm_put_real(farm_bytes *b, double value);
void farm_put_text(farm_bytes *b, const void *bytes, size_t count);
typedef struct farm_reader {
    const uint8_t *at, *end;
    bool bad;
} farm_reader;
const void *farm_get(farm_reader *r, size_t count);
uint64_t farm_get_number(farm_reader *r, size_t bytes);
double farm_get_real(farm_reader *r);
const void *farm_get_text(farm_reader *r, size_t *count);
double farm_now_s(void); /* since 1970 */

/* ---- tasks.c: the list ---- */

typedef struct farm_source farm_source;
tri_status farm_source_open(const farm_options *o, farm_source **out);
void farm_source_close(farm_source **source);
/* Number of tasks, as far as it is known without reading; 0: not. */
uint64_t farm_source_count(const farm_source *source);
/* The next command; NULL at the end. It belongs to the source. Waits until `wake` can be read at most. */
tri_status farm_source_next(farm_source *source, int wake, const char **command, size_t *length);

/* ---- command.c: what a worker does ---- */

typedef enum farm_end {
    FARM_EXIT,
    FARM_SIGNAL,
    FARM_TIMEOUT,
    FARM_STOPPED,
    FARM_NO_START,
    FARM_LOST
} farm_end;
typedef struct farm_outcome {
    farm_end end;
    int value; /* exit status, signal or errno */
    double user_s, system_s;
    uint64_t memory_bytes; /* the most that it had resident */
} farm_outcome;
void farm_outcome_put(farm_bytes *b, const farm_outcome *outcome);
tri_status farm_outcome_get(farm_reader *r, farm_outcome *outcome);
/* "exit status 3", "signal 9 (Killed)" */
const char *farm_outcome_text(const farm_outcome *outcome, char *text, size_t room);
/* The input of a task: number, time limit, folder, command. */
void farm_command_put(farm_bytes *b, uint64_t number, double timeout_s, const char *folder,
                      const char *command, size_t length);
tri_status farm_command_run(tri_pool_task *task, const void *in, size_t bytes);

/* ---- keeper.c: ends the commands of a worker that is killed ---- */

tri_status farm_keeper_start(void);
void farm_keeper_tell(pid_t group, bool runs);
/* A worker was lost: the launcher may have to be ended after the manager. */
void farm_keeper_lost(void);

/* ---- book.c: records of the journal ---- */

typedef enum farm_record { FARM_BEGIN = 1, FARM_GIVEN, FARM_ENDED, FARM_FINISH } farm_record;
/* A task as the journal has it. */
typedef struct farm_entry {
    uint8_t id[FARM_ID];
    uint64_t number;
    int attempt, worker;
    bool last; /* no attempt follows in this run */
    farm_outcome outcome;
    double start_s, seconds;
    uint64_t from, to; /* its output in the store */
    const char *host, *command;
    size_t host_length, command_length;
} farm_entry;
void farm_entry_put(farm_bytes *b, const farm_entry *entry);
tri_status farm_entry_get(const tri_journal_record *record, farm_entry *entry);
/* How a run has ended. */
typedef struct farm_finish {
    double time_s;
    int status;
    uint64_t done, failed, left;
} farm_finish;
void farm_finish_put(farm_bytes *b, const farm_finish *finish);
tri_status farm_finish_get(const tri_journal_record *record, farm_finish *finish);
/* The name of a task is the first bytes of the SHA-256 of its command. */
void farm_identify(const char *command, size_t length, uint8_t id[FARM_ID]);
/* How often each command is done, and how often it has been seen in this run. */
typedef struct farm_known farm_known;
tri_status farm_known_create(farm_known **out);
void farm_known_destroy(farm_known **known);
tri_status farm_known_done(farm_known *known, const uint8_t id[FARM_ID]);
/* Whether this further appearance of the command is done already. */
tri_status farm_known_see(farm_known *known, const uint8_t id[FARM_ID], bool *done);

/* ---- outputs.c: what the commands print ---- */

typedef struct farm_lines {
    farm_bytes part[2]; /* of a line that has no end yet */
    bool open[2];       /* what was written last has no end */
} farm_lines;
/* Writes whole lines to standard output or error; the rest when `last`. */
void farm_lines_write(farm_lines *lines, int stream, const void *bytes, size_t count, bool last);
/* A record of the store: task, attempt, stream, bytes. */
tri_status farm_store_write(tri_journal *store, const farm_entry *entry, int stream, const void *bytes,
                            size_t count);
/* Writes the output of a task to `to`; stream -1: both. */
tri_status farm_store_read(const char *path, const farm_entry *entry, int stream, FILE *to);

/* ---- show.c ---- */

int farm_show(const farm_options *o);
int farm_tail(const farm_options *o);

#endif
