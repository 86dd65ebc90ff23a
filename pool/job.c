/* The life of a task in the manager. */
#include <stdlib.h>
#include <string.h>

#include "pool/manager.h"

enum { CRASHES = 3 };

void tri_job_keep(tri_job *job) {
    __atomic_add_fetch(&job->references, 1, __ATOMIC_RELAXED);
}

void tri_job_drop(tri_job *job) {
    if (__atomic_sub_fetch(&job->references, 1, __ATOMIC_ACQ_REL)) return;
    if (job->promise) tri_promise_destroy(&job->promise);
    tri_future_destroy(&job->future);
    free((void *)job->result.bytes);
    free((void *)(*job->result.error ? job->result.error : NULL));
    free(job->after);
    free(job->next);
    free(job->in);
    free(job);
}

void tri_job_tell(tri_job *job, tri_pool_what what, uint32_t kind, const void *bytes, size_t count) {
    const tri_manager *m = job->manager;
    if (!m->options.watch) return;
    tri_pool_event event = {.what = what,
                            .tag = job->how.tag,
                            .attempt = job->attempt,
                            .worker = job->result.worker,
                            .workers = m->workers,
                            .host = job->host,
                            .text = "",
                            .kind = kind,
                            .bytes = bytes,
                            .count = count,
                            .result = &job->result};
    m->options.watch(m->options.argument, &event);
}

static void set_error(tri_job *job, tri_status status, const char *error) {
    job->result.status = status;
    if (*job->result.error) free((void *)job->result.error);
    job->result.error = "";
    char *copy = *error ? strdup(error) : NULL;
    if (copy) job->result.error = copy;
}

static void make_ready(tri_job *job) {
    job->state = TRI_JOB_READY;
    tri_job_keep(job);
    tri_ready_add(&job->manager->ready, job);
}

static int add_next(tri_job *before, tri_job *job) {
    if (before->next_count == before->next_room) {
        size_t room = before->next_room ? 2 * before->next_room : 4;
        tri_job **more = realloc(before->next, room * sizeof(tri_job *));
        if (!more) return 0;
        before->next = more, before->next_room = room;
    }
    before->next[before->next_count++] = job;
    tri_job_keep(job);
    return 1;
}

void tri_job_arrive(tri_job *job) {
    const tri_job *bad = NULL;
    int memory = tri_ready_reserve(&job->manager->ready, ++job->manager->open) == TRI_OK;
    for (size_t i = 0; i < job->how.after_count; i++) {
        tri_job *before = job->after[i];
        if (before->state != TRI_JOB_ENDED) {
            if (add_next(before, job))
                job->before++;
            else
                memory = 0;
        } else if (before->result.status != TRI_OK)
            bad = before;
    }
    for (size_t i = 0; i < job->how.after_count; i++)
        tri_job_drop(job->after[i]);
    if (!memory)
        tri_job_end(job, TRI_ERR_MEMORY, "no memory for the list of tasks");
    else if (bad || !job->wanted)
        tri_job_end(job, TRI_CANCELLED, bad ? "a task before it has failed" : "cancelled");
    else if (!job->before)
        make_ready(job);
}

/* Ends one job. Those that come after it and cannot be done any more are put in front of *pending. */
static void end_one(tri_job *job, tri_status status, const char *error, tri_job **pending) {
    job->state = TRI_JOB_ENDED;
    job->manager->open--;
    job->result.attempts = job->attempt;
    set_error(job, status, error);
    free(job->in);
    job->in = NULL;
    tri_job_tell(job, TRI_POOL_ENDED, 0, NULL, 0);
    for (size_t i = 0; i < job->next_count; i++) {
        tri_job *next = job->next[i];
        next->before--;
        if (next->state == TRI_JOB_WAITS && status != TRI_OK) {
            next->state = TRI_JOB_FAILS;
            next->run_after = *pending;
            *pending = next; /* with the reference */
            continue;
        }
        if (next->state == TRI_JOB_WAITS && !next->before) make_ready(next);
        tri_job_drop(next);
    }
    job->next_count = 0;
    if (job->how.ended) {
        tri_job_keep(job);
        if (tri_queue_put(job->how.ended, job, TRI_AT_ONCE) != TRI_OK) tri_job_drop(job);
    }
    if (job->promise && status == TRI_OK)
        (void)tri_promise_fulfil(&job->promise, job);
    else if (job->promise)
        tri_promise_fail(&job->promise, status, error);
    tri_job_drop(job); /* the manager's reference */
}

/* A list and no recursion: a chain of tasks may be long. */
void tri_job_end(tri_job *job, tri_status status, const char *error) {
    tri_job *pending = NULL;
    if (job->state == TRI_JOB_ENDED || job->state == TRI_JOB_FAILS) return;
    end_one(job, status, error, &pending);
    while (pending) {
        tri_job *next = pending;
        pending = next->run_after;
        next->run_after = NULL;
        end_one(next, TRI_CANCELLED, "a task before it has failed", &pending);
        tri_job_drop(next);
    }
}

void tri_job_leave(tri_job *job) {
    tri_member *peer = job->peer;
    if (job->run_before)
        job->run_before->run_after = job->run_after;
    else
        peer->running = job->run_after;
    if (job->run_after) job->run_after->run_before = job->run_before;
    job->run_before = job->run_after = NULL;
    int cores = job->how.cores > 1 ? job->how.cores : 1;
    peer->busy -= cores;
    peer->devices_busy -= job->how.devices;
    peer->memory_busy -= job->how.memory_bytes;
    job->peer = NULL;
}

void tri_job_failed(tri_job *job, tri_status status, const char *error, int lost) {
    const tri_manager *m = job->manager;
    int crashes = m->options.crash_limit > 0 ? m->options.crash_limit : CRASHES;
    job->losses += lost;
    job->failures += !lost;
    int again = lost ? job->losses < crashes : job->failures <= job->how.retries;
    if (status == TRI_CANCELLED || !job->wanted || m->stopping) again = 0;
    if (!again) {
        tri_job_end(job, status, error);
        return;
    }
    set_error(job, status, error);
    tri_job_tell(job, lost ? TRI_POOL_LOST : TRI_POOL_FAILED, 0, NULL, 0);
    make_ready(job);
}
