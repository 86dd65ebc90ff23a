/* Replaces pool/ in a build without libevent or libcrypto. */
#include <stdio.h>

#include "trireme/journal.h"
#include "trireme/pool.h"

static tri_status absent(void) {
    return tri_fail(TRI_ERR_ABSENT,
                    "this build has no pool: install libevent and libcrypto and configure again "
                    "(Debian: libevent-dev, libssl-dev)");
}

tri_status tri_pool_create(const tri_pool_options *options, tri_pool **out) {
    (void)options, (void)out;
    return absent();
}

tri_status tri_pool_work(const char *address, const tri_pool_options *options) {
    (void)address, (void)options;
    return absent();
}

tri_status tri_pool_find(const char *path, double deadline, char *address) {
    (void)path, (void)deadline, (void)address;
    return absent();
}

tri_status tri_pool_meet(int *argc, char ***argv, char *address) {
    (void)argc, (void)argv, (void)address;
    return absent();
}

int tri_pool_launched(int *rank, int *ranks) {
    *rank = 0, *ranks = 1;
    return 0;
}

int tri_pool_run(int *argc, char ***argv, const tri_pool_options *options,
                 tri_status (*manage)(tri_pool *pool, void *argument), void *argument) {
    (void)argc, (void)argv, (void)options, (void)manage, (void)argument;
    tri_status status = absent();
    fprintf(stderr, "%s\n", tri_error_text());
    return tri_status_exit(status);
}

tri_status tri_journal_open(const char *path, const char *name, tri_journal_visit visit, void *argument,
                            tri_journal_end *end, tri_journal **out) {
    (void)path, (void)name, (void)visit, (void)argument, (void)end, (void)out;
    return absent();
}

tri_status tri_journal_read(const char *path, const char *name, uint64_t from, tri_journal_visit visit,
                            void *argument, tri_journal_end *end) {
    (void)path, (void)name, (void)from, (void)visit, (void)argument, (void)end;
    return absent();
}

/* Not reached: there is no pool, task, job or journal. */

void tri_pool_destroy(tri_pool **pool, tri_status status) {
    (void)pool, (void)status;
}

const char *tri_pool_address(const tri_pool *pool) {
    (void)pool;
    return "";
}

void tri_pool_leave(void) {}

tri_status tri_pool_publish(const tri_pool *pool, const char *path) {
    (void)pool, (void)path;
    return absent();
}

const tri_pool_place *tri_pool_where(const tri_pool_task *task) {
    (void)task;
    return NULL;
}

tri_status tri_pool_return(tri_pool_task *task, const void *out, size_t bytes) {
    (void)task, (void)out, (void)bytes;
    return absent();
}

tri_status tri_pool_send(tri_pool_task *task, uint32_t kind, const void *bytes, size_t count) {
    (void)task, (void)kind, (void)bytes, (void)count;
    return absent();
}

int tri_pool_cancelled(const tri_pool_task *task) {
    (void)task;
    return 0;
}

tri_status tri_pool_submit(tri_pool *pool, const char *function, const void *in, size_t bytes,
                           const tri_pool_how *how, tri_job **out) {
    (void)pool, (void)function, (void)in, (void)bytes, (void)how, (void)out;
    return absent();
}

tri_status tri_pool_map(tri_pool *pool, const char *function, size_t count, const void *in, size_t in_bytes,
                        void *out, size_t out_bytes, size_t chunk, const tri_pool_how *how) {
    (void)pool, (void)function, (void)count, (void)in, (void)in_bytes, (void)out, (void)out_bytes,
        (void)chunk, (void)how;
    return absent();
}

tri_status tri_job_wait(tri_job *job, double deadline, const tri_pool_result **result) {
    (void)job, (void)deadline, (void)result;
    return absent();
}

tri_future *tri_job_future(tri_job *job) {
    (void)job;
    return NULL;
}

void *tri_job_tag(const tri_job *job) {
    (void)job;
    return NULL;
}

void tri_job_cancel(tri_job *job) {
    (void)job;
}

void tri_job_destroy(tri_job **job) {
    (void)job;
}

void tri_pool_hold(tri_pool *pool, int held) {
    (void)pool, (void)held;
}

tri_status tri_pool_wait(tri_pool *pool, double deadline) {
    (void)pool, (void)deadline;
    return absent();
}

tri_status tri_journal_append(tri_journal *journal, uint32_t kind, const void *bytes, size_t count,
                              uint64_t *at) {
    (void)journal, (void)kind, (void)bytes, (void)count, (void)at;
    return absent();
}

tri_status tri_journal_sync(tri_journal *journal) {
    (void)journal;
    return absent();
}

uint64_t tri_journal_at(tri_journal *journal) {
    (void)journal;
    return 0;
}

tri_status tri_journal_rewrite(tri_journal *journal, tri_journal_keep keep, void *argument) {
    (void)journal, (void)keep, (void)argument;
    return absent();
}

void tri_journal_destroy(tri_journal **journal) {
    (void)journal;
}
