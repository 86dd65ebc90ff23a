/* What the user calls at the manager's side. */
#include "trireme/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pool/manager.h"

struct tri_pool {
    tri_manager *manager;
};

tri_status tri_pool_create(const tri_pool_options *options, tri_pool **out) {
    if (!options->functions || !options->functions[0].name)
        return tri_fail(TRI_ERR_ARGUMENT, "a pool needs a table of functions");
    tri_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return tri_fail(TRI_ERR_MEMORY, "no memory for a pool");
    tri_status status = tri_manager_create(options, &pool->manager);
    if (status != TRI_OK) {
        free(pool);
        return status;
    }
    *out = pool;
    return TRI_OK;
}

void tri_pool_destroy(tri_pool **pool, tri_status status) {
    if (!pool || !*pool) return;
    tri_manager_destroy((*pool)->manager, (int)status);
    free(*pool);
    *pool = NULL;
}

const char *tri_pool_address(const tri_pool *pool) {
    return pool->manager->address.text;
}

static tri_status find_function(const tri_pool *pool, const char *name, uint32_t *out) {
    const tri_pool_function *functions = pool->manager->options.functions;
    for (uint32_t i = 0; functions[i].name; i++)
        if (!strcmp(functions[i].name, name)) {
            *out = i;
            return TRI_OK;
        }
    return tri_fail(TRI_ERR_ARGUMENT, "the pool has no function '%s'", name);
}

static tri_status copy_input(tri_job *job, const void *in, size_t bytes) {
    size_t after = job->how.after_count;
    job->in = malloc(bytes ? bytes : 1);
    job->after = after ? malloc(after * sizeof(tri_job *)) : NULL;
    if (!job->in || (after && !job->after))
        return tri_fail(TRI_ERR_MEMORY, "no memory for a task of %zu bytes", bytes);
    if (bytes) memcpy(job->in, in, bytes);
    job->bytes = bytes;
    if (after) memcpy(job->after, job->how.after, after * sizeof(tri_job *));
    job->how.after = NULL;
    return TRI_OK;
}

static tri_status make_job(tri_pool *pool, uint32_t function, const void *in, size_t bytes,
                           const tri_pool_how *how, int handle, tri_job **out) {
    static const tri_pool_how plain = {0};
    tri_job *job = calloc(1, sizeof *job);
    if (!job) return tri_fail(TRI_ERR_MEMORY, "no memory for a task");
    job->references = 1;
    job->manager = pool->manager;
    job->wanted = 1;
    job->function = function;
    job->how = how ? *how : plain;
    job->result = (tri_pool_result){.error = "", .host = "", .worker = -1};
    job->order = (tri_wish){.kind = TRI_WISH_SUBMIT, .job = job};
    tri_status status = copy_input(job, in, bytes);
    if (status == TRI_OK && handle) status = tri_promise_create(&job->promise, &job->future);
    if (status != TRI_OK) {
        tri_job_drop(job);
        return status;
    }
    if (handle) (void)tri_promise_begin(job->promise); /* only tri_job_cancel() cancels it */
    *out = job;
    return TRI_OK;
}

static void submit(tri_job *job, tri_job **out) {
    for (size_t i = 0; i < job->how.after_count; i++)
        tri_job_keep(job->after[i]);
    if (out) {
        tri_job_keep(job);
        *out = job;
    }
    job->id = __atomic_add_fetch(&job->manager->last_id, 1, __ATOMIC_RELAXED);
    tri_manager_order(job->manager, &job->order);
}

static tri_status check(const tri_pool_how *how, size_t bytes) {
    if (how && (how->cores < 0 || how->cores > 0xffff || how->devices < 0 || how->devices > 64 ||
                how->retries < 0 || how->limit_s < 0))
        return tri_fail(TRI_ERR_ARGUMENT, "cores, devices, retries and time limit of a task: out of range");
    if (bytes > tri_wire_most - 4096)
        return tri_fail(TRI_ERR_ARGUMENT, "the input of a task has %zu bytes; the most is 1 GiB", bytes);
    return TRI_OK;
}

tri_status tri_pool_submit(tri_pool *pool, const char *function, const void *in, size_t bytes,
                           const tri_pool_how *how, tri_job **out) {
    uint32_t index;
    tri_job *job = NULL;
    TRI_TRY(find_function(pool, function, &index));
    TRI_TRY(check(how, bytes));
    TRI_TRY(make_job(pool, index, in, bytes, how, out || (how && how->ended), &job));
    submit(job, out);
    return TRI_OK;
}

tri_status tri_job_wait(tri_job *job, double deadline, const tri_pool_result **result) {
    void *value;
    tri_status status = tri_future_wait(job->future, deadline, &value);
    if (tri_future_done(job->future) && result) *result = &job->result;
    return status;
}

tri_future *tri_job_future(tri_job *job) {
    return job->future;
}

void *tri_job_tag(const tri_job *job) {
    return job->how.tag;
}

void tri_job_destroy(tri_job **job) {
    if (!job || !*job) return;
    tri_job_drop(*job);
    *job = NULL;
}

/* An order that cannot be refused: the little memory it needs is waited for. */
static tri_wish *make_order(tri_wish_kind kind, int value, tri_job *job) {
    tri_wish *order = NULL;
    while (!order)
        order = calloc(1, sizeof *order);
    *order = (tri_wish){.kind = kind, .value = value, .job = job};
    return order;
}

void tri_job_cancel(tri_job *job) {
    tri_job_keep(job);
    tri_manager_order(job->manager, make_order(TRI_WISH_CANCEL, 0, job));
}

void tri_pool_hold(tri_pool *pool, int held) {
    tri_manager_order(pool->manager, make_order(TRI_WISH_HOLD, held, NULL));
}

tri_status tri_pool_wait(tri_pool *pool, double deadline) {
    tri_future *future = NULL;
    tri_promise *promise = NULL;
    void *value;
    TRI_TRY(tri_promise_create(&promise, &future));
    tri_wish *order = make_order(TRI_WISH_WAIT, 0, NULL);
    order->promise = promise;
    (void)tri_promise_begin(promise);
    tri_manager_order(pool->manager, order);
    tri_status status = tri_future_wait(future, deadline, &value);
    tri_future_destroy(&future);
    return status;
}

/* A piece of a map. */
static tri_status submit_chunk(tri_pool *pool, uint32_t function, const void *in, size_t in_bytes,
                               size_t items, size_t out_bytes, const tri_pool_how *how, tri_job **out) {
    tri_job *job = NULL;
    TRI_TRY(make_job(pool, function, in, items * in_bytes, how, 1, &job));
    job->items = (uint32_t)items;
    job->item_bytes = in_bytes;
    job->out_bytes = out_bytes;
    submit(job, out);
    return TRI_OK;
}

/* Chunks small enough that all workers have several, and large enough that a message costs little. */
static size_t choose_chunk(size_t count, size_t in_bytes) {
    size_t chunk = count / 256, most = in_bytes ? (1 << 20) / in_bytes : 4096;
    if (chunk > 1024) chunk = 1024;
    if (chunk > most) chunk = most;
    return chunk ? chunk : 1;
}

tri_status tri_pool_map(tri_pool *pool, const char *function, size_t count, const void *in, size_t in_bytes,
                        void *out, size_t out_bytes, size_t chunk, const tri_pool_how *how) {
    uint32_t index;
    TRI_TRY(find_function(pool, function, &index));
    if (!chunk) chunk = choose_chunk(count, in_bytes);
    TRI_TRY(check(how, chunk * (in_bytes > out_bytes ? in_bytes : out_bytes)));
    size_t jobs = count / chunk + (count % chunk > 0), submitted = 0;
    tri_job **job = calloc(jobs ? jobs : 1, sizeof(tri_job *));
    if (!job) return tri_fail(TRI_ERR_MEMORY, "no memory for the tasks of a map");
    tri_status status = TRI_OK;
    for (; submitted < jobs && status == TRI_OK; submitted++) {
        size_t first = submitted * chunk, items = count - first < chunk ? count - first : chunk;
        status = submit_chunk(pool, index, (const char *)in + first * in_bytes, in_bytes, items, out_bytes,
                              how, &job[submitted]);
    }
    char text[1024];
    snprintf(text, sizeof text, "%s", tri_error_text());
    for (size_t i = 0; i < submitted; i++) {
        const tri_pool_result *result = NULL;
        if (!job[i]) continue;
        if (status != TRI_OK) tri_job_cancel(job[i]);
        tri_status one = tri_job_wait(job[i], TRI_FOREVER, &result);
        if (one == TRI_OK && result->count)
            memcpy((char *)out + i * chunk * out_bytes, result->bytes, result->count);
        if (one != TRI_OK && status == TRI_OK) {
            status = one;
            snprintf(text, sizeof text, "%s", tri_error_text());
        }
        tri_job_destroy(&job[i]);
    }
    free(job);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", text);
}
