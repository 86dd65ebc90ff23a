#include "apps/common/reduce_workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Elements of a chunk: 2 MiB, so that the overhead of a chunk is negligible; a power of two times the
     * blocks of the ordered sum, so that a chunk is a single node of its tree. */
    CHUNK = 64 * TRI_ORDERED_BLOCK,
    /* A device takes several chunks at a time to amortize the launch: an eighth of the remaining ones,
     * within these bounds. */
    DEVICE_LEAST = 2,
    DEVICE_MOST = 64,
};

/* Before the run, which it would delay. */
static tri_status prepare_device(tri_gpu *gpu, const reduce_plan *plan) {
    if (plan->sum == REDUCE_ORDERED) TRI_TRY(tri_gpu_prepare(gpu, "ordered"));
    if (plan->moments) return tri_gpu_prepare(gpu, "moments");
    return plan->sum == REDUCE_EXACT ? tri_gpu_prepare(gpu, "sum") : TRI_OK;
}

tri_status reduce_workers_create(reduce_workers *workers, const reduce_plan *plan, tri_team *team,
                                 int threads, tri_gpu *gpu) {
    /* The kernels support doubles only. */
    if (plan->element != TRI_ELEMENT_F64) gpu = NULL;
    if (gpu) TRI_TRY(prepare_device(gpu, plan));
    memset(workers, 0, sizeof *workers);
    workers->plan = *plan;
    workers->team = team;
    workers->gpu = gpu;
    workers->count = threads + (gpu != NULL);
    workers->accumulator = calloc((size_t)workers->count, sizeof *workers->accumulator);
    if (!workers->accumulator)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the accumulators of %d threads", threads);
    for (int p = 0; plan->bins && p < workers->count; p++) {
        workers->accumulator[p].counts.bin = calloc((size_t)plan->bins, sizeof(int64_t));
        if (!workers->accumulator[p].counts.bin) {
            reduce_workers_destroy(workers);
            return tri_fail(TRI_ERR_MEMORY, "no memory for a histogram of %lld bins", (long long)plan->bins);
        }
    }
    reduce_workers_clear(workers);
    return TRI_OK;
}

void reduce_workers_destroy(reduce_workers *workers) {
    for (int p = 0; workers->accumulator && p < workers->count; p++)
        free(workers->accumulator[p].counts.bin);
    free(workers->accumulator);
    free(workers->chunk_nodes);
    memset(workers, 0, sizeof *workers);
}

void reduce_workers_clear(reduce_workers *workers) {
    for (int p = 0; p < workers->count; p++) {
        int64_t *bin = workers->accumulator[p].counts.bin;
        if (bin) memset(bin, 0, (size_t)workers->plan.bins * sizeof *bin);
        workers->accumulator[p] = (reduce_accumulator){.plain = -0.0, .counts.bin = bin};
        tri_moments_clear(&workers->accumulator[p].moments);
    }
    tri_ordered_clear(&workers->ordered);
    workers->tried = workers->outrun = 0;
}

static size_t chunks_of(const reduce_piece *piece) {
    return piece->count / CHUNK + (piece->count % CHUNK != 0);
}

/* Elements [first, first + count) of the piece, as the piece's own kind. */
static reduce_piece slice(const reduce_piece *piece, size_t first, size_t count) {
    reduce_piece part = {.data = (const char *)piece->data + first * 8,
                         .first = piece->first + first,
                         .count = count < piece->count - first ? count : piece->count - first};
    return part;
}

void reduce_as_doubles(tri_element element, const void *from, size_t count, double *to) {
    for (size_t i = 0; element != TRI_ELEMENT_F64 && i < count; i++) {
        int64_t x;
        memcpy(&x, (const char *)from + 8 * i, sizeof x);
        to[i] = element == TRI_ELEMENT_I64 ? (double)x : (double)(uint64_t)x;
    }
    if (element == TRI_ELEMENT_F64 && from != to) memcpy(to, from, count * sizeof *to);
}

static void add_exact(const reduce_plan *plan, reduce_accumulator *a, const reduce_piece *x) {
    tri_moments *m = &a->moments;
    switch (plan->element) {
    case TRI_ELEMENT_F64:
        if (plan->moments)
            tri_moments_add(m, x->first, x->data, x->count);
        else
            tri_sum_add_array(&m->totals.sum, x->data, x->count);
        break;
    case TRI_ELEMENT_I64:
        tri_moments_add_i64(m, x->first, x->data, x->count);
        break;
    case TRI_ELEMENT_U64:
        tri_moments_add_u64(m, x->first, x->data, x->count);
        break;
    }
}

/* Accumulators of doubles: block by block, with integers converted. */
static void add_rounded(reduce_workers *workers, reduce_accumulator *a, tri_ordered *nodes,
                        const reduce_piece *x) {
    const reduce_plan *plan = &workers->plan;
    double block[TRI_ORDERED_BLOCK];
    int doubles = plan->element == TRI_ELEMENT_F64;
    size_t most = doubles ? x->count : TRI_ORDERED_BLOCK;
    for (size_t from = 0, count; from < x->count; from += count) {
        const double *data = doubles ? x->data : block;
        count = x->count - from < most ? x->count - from : most;
        if (!doubles) reduce_as_doubles(plan->element, (const char *)x->data + 8 * from, count, block);
        if (plan->sum == REDUCE_PLAIN) a->plain += tri_sum_plain(data, count);
        if (nodes && a->status == TRI_OK)
            a->status = tri_ordered_add(nodes, (x->first + from) / TRI_ORDERED_BLOCK, data, count);
        if (plan->bins && a->status == TRI_OK)
            a->status = tri_histogram_add(data, count, plan->low, plan->high, (size_t)plan->bins,
                                          a->counts.bin, &a->counts.below, &a->counts.above, &a->counts.nan);
    }
}

/* A run of chunks on the device. The host computes plain sums and histograms. */
static void device_chunks(reduce_workers *workers, reduce_accumulator *a, const reduce_piece *x,
                          tri_ordered *nodes) {
    tri_status status = TRI_OK;
    if (nodes) status = tri_gpu_ordered(workers->gpu, x->first / TRI_ORDERED_BLOCK, x->data, x->count, nodes);
    if (status == TRI_OK && workers->plan.moments)
        status = tri_gpu_moments(workers->gpu, x->first, x->data, x->count, &a->moments);
    else if (status == TRI_OK && workers->plan.sum == REDUCE_EXACT)
        status = tri_gpu_sum(workers->gpu, x->data, x->count, &a->moments.totals.sum);
    if (status == TRI_OK) {
        add_rounded(workers, a, NULL, x);
        return;
    }
    a->status = status;
}

/* A CPU device competes with the threads for cores: it stops as soon as the threads finish more in the
 * same time. Its first piece is small, to find out. */
static void work_on_device(reduce_workers *workers, reduce_accumulator *a, size_t chunks) {
    int processor = tri_gpu_describe(workers->gpu)->type == TRI_GPU_CPU;
    while (!workers->outrun) {
        size_t seen = atomic_load(&workers->next), left = seen < chunks ? chunks - seen : 0;
        size_t take = left / 8 < DEVICE_LEAST  ? DEVICE_LEAST
                      : left / 8 > DEVICE_MOST ? DEVICE_MOST
                                               : left / 8;
        if (processor && !workers->tried) take = DEVICE_LEAST;
        size_t chunk = atomic_fetch_add(&workers->next, take);
        if (chunk >= chunks || a->status != TRI_OK) return;
        reduce_piece x = slice(&workers->piece, chunk * CHUNK, take * CHUNK);
        device_chunks(workers, a, &x, workers->chunk_nodes ? &workers->chunk_nodes[chunk] : NULL);
        workers->tried = 1;
        workers->outrun = processor && atomic_load(&workers->next) - chunk > 2 * take;
    }
}

static void work_on_thread(reduce_workers *workers, reduce_accumulator *a, size_t chunks) {
    for (size_t chunk; (chunk = atomic_fetch_add(&workers->next, 1)) < chunks;) {
        reduce_piece x = slice(&workers->piece, chunk * CHUNK, CHUNK);
        if (workers->plan.moments || workers->plan.sum == REDUCE_EXACT) add_exact(&workers->plan, a, &x);
        if (workers->plan.sum != REDUCE_EXACT || workers->plan.bins)
            add_rounded(workers, a, workers->chunk_nodes ? &workers->chunk_nodes[chunk] : NULL, &x);
    }
}

/* One call per worker, which takes chunks until none is left. The device is worker 0, so that it starts
 * first. */
static void run_worker(void *argument, int thread, size_t worker) {
    (void)thread;
    reduce_workers *workers = argument;
    size_t chunks = chunks_of(&workers->piece);
    int on_device = workers->gpu && worker == 0;
    reduce_accumulator *a = &workers->accumulator[worker];
    if (a->status != TRI_OK) return;
    if (on_device)
        work_on_device(workers, a, chunks);
    else
        work_on_thread(workers, a, chunks);
    /* The error text is thread-local. */
    if (a->status != TRI_OK) snprintf(a->why, sizeof a->why, "%s", tri_error_text());
}

tri_status reduce_workers_start(reduce_workers *workers, const reduce_piece *piece) {
    size_t chunks = chunks_of(piece);
    if (workers->plan.sum == REDUCE_ORDERED && chunks > workers->chunk_room) {
        tri_ordered *nodes = realloc(workers->chunk_nodes, chunks * sizeof *nodes);
        if (!nodes) return tri_fail(TRI_ERR_MEMORY, "no memory for the nodes of %zu chunks", chunks);
        workers->chunk_nodes = nodes;
        workers->chunk_room = chunks;
    }
    for (size_t chunk = 0; workers->chunk_nodes && chunk < chunks; chunk++)
        tri_ordered_clear(&workers->chunk_nodes[chunk]);
    workers->piece = *piece;
    atomic_store(&workers->next, 0);
    tri_team_start(workers->team, (size_t)workers->count, run_worker, workers);
    return TRI_OK;
}

tri_status reduce_workers_wait(reduce_workers *workers) {
    tri_team_wait(workers->team);
    for (int p = 0; p < workers->count; p++)
        if (workers->accumulator[p].status != TRI_OK)
            return tri_fail(workers->accumulator[p].status, "%s", workers->accumulator[p].why);
    size_t chunks = workers->chunk_nodes ? chunks_of(&workers->piece) : 0;
    for (size_t chunk = 0; chunk < chunks; chunk++)
        TRI_TRY(tri_ordered_append(&workers->ordered, workers->chunk_nodes[chunk].node,
                                   workers->chunk_nodes[chunk].count));
    return TRI_OK;
}

void reduce_workers_total(const reduce_workers *workers, reduce_accumulator *out, reduce_counts *counts) {
    *out = (reduce_accumulator){.plain = -0.0};
    tri_moments_clear(&out->moments);
    for (int p = 0; p < workers->count; p++) {
        const reduce_accumulator *a = &workers->accumulator[p];
        tri_moments_merge(&out->moments, &a->moments);
        out->plain += a->plain;
        for (int64_t b = 0; b < workers->plan.bins; b++)
            counts->bin[b] += a->counts.bin[b];
        if (!workers->plan.bins) continue;
        counts->below += a->counts.below;
        counts->above += a->counts.above;
        counts->nan += a->counts.nan;
    }
}
