/* Files to files: each frame is a task of a pool, done by a thread of any rank. A journal on rank 0 remembers
 * what is done, with the tables of the frames. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/image/image.h"

#define JOURNAL "trireme image 1"
enum { DONE = 1, LATE_S = 10, LOOK_US = 1000 };

/* A task has no argument but its input. */
static image_state *shared;

static tri_status write_frame(image_state *s, size_t frame, image_worker *worker, const image_pixels *out) {
    char *path;
    double start = tri_now_s();
    bool one = s->frames.count == 1 && image_codec_named(s->out);
    char ending[16];
    snprintf(ending, sizeof ending, ".%s", s->format ? s->format : "");
    if (one)
        path = strdup(s->out);
    else
        TRI_TRY(image_frames_output(&s->frames, frame, s->out, s->format ? ending : NULL, &path));
    tri_status status = path ? image_write(path, s->replaces || s->resume, out, &s->how)
                             : tri_fail(TRI_ERR_MEMORY, "no memory for a name");
    free(path);
    worker->write_s += tri_now_s() - start;
    return status;
}

static tri_status do_frame(tri_pool_task *task, const void *in, size_t bytes) {
    uint64_t frame;
    image_state *s = shared;
    if (bytes != sizeof frame) return tri_fail(TRI_ERR_ARGUMENT, "a task of %zu bytes", bytes);
    memcpy(&frame, in, sizeof frame);
    image_worker *worker = &s->worker[tri_pool_where(task)->slot % s->threads];
    image_pixels out = {.bytes = NULL};
    char *table = NULL;
    tri_status status = image_frame_do(s, frame, worker, &out, &table);
    if (status == TRI_OK) status = write_frame(s, frame, worker, &out);
    if (status == TRI_OK) status = tri_pool_return(task, table ? table : "", table ? strlen(table) : 0);
    free(table);
    free(out.bytes);
    return status;
}

static const tri_pool_function functions[] = {{"frame", do_frame}, {NULL, NULL}};

/* ---- the manager ---- */

typedef struct farm {
    image_state *s;
    tri_journal *journal;
    tri_job **job;
    uint64_t *key; /* of each frame */
    bool *done;    /* by an earlier run */
    atomic_size_t ended;
    atomic_int joined; /* workers of other ranks */
    atomic_bool stop;
    char why[512]; /* of the journal */
    tri_status journal_status;
} farm;

/* A frame by what makes its output: the chain, the name, the size and the time of its file. */
static uint64_t key_of(const image_state *s, size_t frame) {
    char name[4200], text[8192];
    struct stat about = {0};
    image_frames_name(&s->frames, frame, name, sizeof name);
    if (!s->frames.dataset && stat(name, &about)) about.st_size = -1;
    snprintf(text, sizeof text, "%s|%d|%d|%g|%s|%s|%s|%.17g|%lld", s->filters, s->type, s->edge, s->constant,
             s->out, s->format ? s->format : "", name, image_frames_time(&s->frames, frame),
             (long long)about.st_size);
    uint64_t hash = 1469598103934665603U;
    for (const char *c = text; *c; c++)
        hash = (hash ^ (uint8_t)*c) * 1099511628211U;
    return hash;
}

static tri_status load_record(void *argument, const tri_journal_record *record) {
    farm *f = argument;
    uint64_t entry[2];
    if (record->kind != DONE || record->count < sizeof entry) return TRI_OK;
    memcpy(entry, record->bytes, sizeof entry);
    /* The number of the frame is a hint: the list may have changed. */
    size_t frame = entry[1], count = f->s->frames.count;
    if (frame >= count || f->key[frame] != entry[0])
        for (frame = 0; frame < count && f->key[frame] != entry[0];)
            frame++;
    if (frame == count || f->done[frame]) return TRI_OK;
    f->done[frame] = true;
    f->s->resumed++;
    size_t length = record->count - sizeof entry;
    char *table = length ? strndup((const char *)record->bytes + sizeof entry, length) : NULL;
    f->s->tables[frame] = table;
    return TRI_OK;
}

static tri_status open_journal(farm *f) {
    image_state *s = f->s;
    if (!s->journal) return TRI_OK;
    if (!s->resume && !access(s->journal, F_OK))
        return tri_fail(TRI_ERR_ARGUMENT, "--journal: '%s' exists; add --resume to go on with it",
                        s->journal);
    for (size_t k = 0; k < s->frames.count; k++)
        f->key[k] = key_of(s, k);
    return tri_journal_open(s->journal, JOURNAL, load_record, f, NULL, &f->journal);
}

static void keep(farm *f, size_t frame, const tri_pool_result *result) {
    image_state *s = f->s;
    uint64_t entry[2] = {f->key[frame], frame};
    char *bytes = malloc(sizeof entry + result->count + 1);
    if (!bytes) return;
    memcpy(bytes, entry, sizeof entry);
    memcpy(bytes + sizeof entry, result->bytes, result->count);
    bytes[sizeof entry + result->count] = 0;
    if (f->journal && f->journal_status == TRI_OK) {
        f->journal_status = tri_journal_append(f->journal, DONE, bytes, sizeof entry + result->count, NULL);
        snprintf(f->why, sizeof f->why, "%s", f->journal_status != TRI_OK ? tri_error_text() : "");
    }
    if (result->count) s->tables[frame] = strdup(bytes + sizeof entry);
    free(bytes);
}

/* In the pool's thread. */
static void watch(void *argument, const tri_pool_event *event) {
    farm *f = argument;
    image_state *s = f->s;
    if (event->what == TRI_POOL_JOINED && event->worker) atomic_fetch_add(&f->joined, 1);
    if (event->what != TRI_POOL_ENDED) return;
    const tri_pool_result *result = event->result;
    size_t frame = (size_t)(uintptr_t)event->tag - 1;
    if (result->status == TRI_OK) {
        keep(f, frame, result);
        s->done++;
    } else if (result->status != TRI_CANCELLED || *result->error) {
        if (!atomic_load(&f->stop)) image_broken(s, result->status, result->error);
        if (!s->keep_going) atomic_store(&f->stop, true);
    }
    if (f->journal_status != TRI_OK) atomic_store(&f->stop, true);
    atomic_fetch_add(&f->ended, 1);
}

static tri_status submit(farm *f, tri_pool *pool, size_t frame) {
    uint64_t number = frame;
    tri_pool_how how = {.tag = (void *)(uintptr_t)(frame + 1)};
    return tri_pool_submit(pool, "frame", &number, sizeof number, &how, &f->job[frame]);
}

static tri_status manage(tri_run *run, farm *f, tri_pool *pool) {
    image_state *s = f->s;
    size_t count = s->frames.count;
    tri_status status = TRI_OK;
    for (size_t k = 0; k < count && status == TRI_OK; k++)
        if (!f->done[k]) status = submit(f, pool, k);
    bool cancelled = false;
    while (status == TRI_OK && tri_pool_wait(pool, tri_deadline(0.2)) == TRI_TIMED_OUT) {
        tri_progress(run, "filtering", (double)(atomic_load(&f->ended) + s->resumed), (double)count,
                     "frames");
        if (!atomic_load(&f->stop) || cancelled) continue;
        cancelled = true;
        for (size_t k = 0; k < count; k++)
            if (f->job[k]) tri_job_cancel(f->job[k]);
    }
    tri_progress_end(run);
    /* A rank that comes after the last frame would look for the pool in vain, for a minute. */
    double deadline = tri_deadline(LATE_S);
    while (atomic_load(&f->joined) < tri_comm_size(run->comm) - 1 && tri_deadline(0) < deadline)
        usleep(LOOK_US);
    for (size_t k = 0; k < count; k++)
        tri_job_destroy(&f->job[k]);
    if (status == TRI_OK && f->journal_status != TRI_OK) status = tri_fail(f->journal_status, "%s", f->why);
    if (status == TRI_OK && s->broken && !s->keep_going) status = tri_fail(s->worst, "%s", s->broken_text);
    return status;
}

static tri_status prepare(farm *f) {
    image_state *s = f->s;
    size_t count = s->frames.count + 1;
    f->job = calloc(count, sizeof(tri_job *));
    f->key = calloc(count, sizeof *f->key);
    f->done = calloc(count, sizeof *f->done);
    if (!f->job || !f->key || !f->done) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu frames", count);
    return open_journal(f);
}

tri_status image_farm(tri_run *run, image_state *s) {
    int rank = tri_comm_rank(run->comm);
    farm f = {.s = s};
    tri_pool *pool = NULL;
    char address[TRI_POOL_ADDRESS] = "", why[512] = "";
    tri_pool_options options = {.functions = functions,
                                .slots = s->threads,
                                .listens = tri_comm_size(run->comm) > 1,
                                .watch = rank ? NULL : watch,
                                .argument = &f};
    shared = s;
    tri_status status = rank ? TRI_OK : prepare(&f);
    if (!rank && status == TRI_OK) status = tri_pool_create(&options, &pool);
    if (pool) snprintf(address, sizeof address, "%s", tri_pool_address(pool));
    status = tri_agree(run->comm, status);
    if (status == TRI_OK) status = tri_bcast(address, sizeof address, MPI_CHAR, 0, run->comm);
    if (status == TRI_OK && !rank) status = manage(run, &f, pool);
    if (status == TRI_OK && rank) {
        options.patience_s = LATE_S;
        status = tri_pool_work(address, &options);
        /* Whether all frames are done is for rank 0 to say: they may have been done without this rank. */
        if (status == TRI_ERR_ENVIRONMENT || status == TRI_ERR_SYSTEM) status = TRI_OK;
    }
    if (status != TRI_OK) snprintf(why, sizeof why, "%s", tri_error_text());
    tri_pool_destroy(&pool, TRI_OK);
    tri_journal_destroy(&f.journal);
    free(f.job);
    free(f.key);
    free(f.done);
    return tri_agree(run->comm, status == TRI_OK ? status : tri_fail(status, "%s", why));
}
