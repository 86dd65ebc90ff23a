#include "apps/common/reduce_banks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Elements of a chunk: 2 MiB, so that what a chunk costs beside its elements does not count, and a multiple of the
     * ordered sum's blocks by a power of two, so that a chunk is a single node of its tree. */
    CHUNK = 64 * TRI_ORDERED_BLOCK,
    /* A device takes its elements in large pieces, to make up for the cost of a launch: an eighth of what is left,
     * within these numbers of chunks. */
    DEVICE_LEAST = 2,
    DEVICE_MOST = 64,
};

tri_status reduce_banks_create(reduce_banks *banks, const reduce_plan *plan, tri_team *team, int threads,
                               tri_gpu *gpu) {
    /* The kernels take doubles. */
    if (plan->element != TRI_ELEMENT_F64) gpu = NULL;
    memset(banks, 0, sizeof *banks);
    banks->plan = *plan;
    banks->team = team;
    banks->gpu = gpu;
    banks->parts = threads + (gpu != NULL);
    banks->part = calloc((size_t)banks->parts, sizeof *banks->part);
    if (!banks->part)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the accumulators of %d threads", threads);
    for (int p = 0; plan->bins && p < banks->parts; p++) {
        banks->part[p].counts.bin = calloc((size_t)plan->bins, sizeof(int64_t));
        if (!banks->part[p].counts.bin) {
            reduce_banks_destroy(banks);
            return tri_fail(TRI_ERR_MEMORY, "no memory for a histogram of %lld bins", (long long)plan->bins);
        }
    }
    reduce_banks_clear(banks);
    return TRI_OK;
}

void reduce_banks_destroy(reduce_banks *banks) {
    for (int p = 0; banks->part && p < banks->parts; p++)
        free(banks->part[p].counts.bin);
    free(banks->part);
    free(banks->chunk_nodes);
    memset(banks, 0, sizeof *banks);
}

void reduce_banks_clear(reduce_banks *banks) {
    for (int p = 0; p < banks->parts; p++) {
        int64_t *bin = banks->part[p].counts.bin;
        if (bin) memset(bin, 0, (size_t)banks->plan.bins * sizeof *bin);
        banks->part[p] = (reduce_part){.plain = -0.0, .counts.bin = bin};
        tri_moments_clear(&banks->part[p].moments);
    }
    tri_ordered_clear(&banks->ordered);
    banks->tried = banks->outrun = 0;
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

static void add_exact(const reduce_plan *plan, reduce_part *part, const reduce_piece *x) {
    tri_moments *m = &part->moments;
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

/* The parts that want doubles: a block at a time, converted where the elements are integers. */
static void add_rounded(reduce_banks *banks, reduce_part *part, tri_ordered *nodes, const reduce_piece *x) {
    const reduce_plan *plan = &banks->plan;
    double block[TRI_ORDERED_BLOCK];
    int doubles = plan->element == TRI_ELEMENT_F64;
    size_t most = doubles ? x->count : TRI_ORDERED_BLOCK;
    for (size_t from = 0, count; from < x->count; from += count) {
        const double *data = doubles ? x->data : block;
        count = x->count - from < most ? x->count - from : most;
        if (!doubles) reduce_as_doubles(plan->element, (const char *)x->data + 8 * from, count, block);
        if (plan->sum == REDUCE_PLAIN) part->plain += tri_sum_plain(data, count);
        if (nodes && part->status == TRI_OK)
            part->status = tri_ordered_add(nodes, (x->first + from) / TRI_ORDERED_BLOCK, data, count);
        if (plan->bins && part->status == TRI_OK)
            part->status =
                tri_histogram_add(data, count, plan->low, plan->high, (size_t)plan->bins, part->counts.bin,
                                  &part->counts.below, &part->counts.above, &part->counts.nan);
    }
}

/* A run of chunks on the device: all but plain sums and histograms, which the host does for it. */
static void device_chunks(reduce_banks *banks, reduce_part *part, const reduce_piece *x, tri_ordered *nodes) {
    tri_status status = TRI_OK;
    if (nodes) status = tri_gpu_ordered(banks->gpu, x->first / TRI_ORDERED_BLOCK, x->data, x->count, nodes);
    if (status == TRI_OK && banks->plan.moments)
        status = tri_gpu_moments(banks->gpu, x->first, x->data, x->count, &part->moments);
    else if (status == TRI_OK && banks->plan.sum == REDUCE_EXACT)
        status = tri_gpu_sum(banks->gpu, x->data, x->count, &part->moments.totals.sum);
    if (status == TRI_OK) {
        add_rounded(banks, part, NULL, x);
        return;
    }
    part->status = status;
}

/* A device that is the processor itself takes cores from the threads: it leaves the rest to them once they have got more
 * done than it has, meanwhile. The first time it takes little, to find out. */
static void work_on_device(reduce_banks *banks, reduce_part *part, size_t chunks) {
    int processor = tri_gpu_describe(banks->gpu)->type == TRI_GPU_CPU;
    while (!banks->outrun) {
        size_t seen = atomic_load(&banks->next), left = seen < chunks ? chunks - seen : 0;
        size_t take = left / 8 < DEVICE_LEAST  ? DEVICE_LEAST
                      : left / 8 > DEVICE_MOST ? DEVICE_MOST
                                               : left / 8;
        if (processor && !banks->tried) take = DEVICE_LEAST;
        size_t chunk = atomic_fetch_add(&banks->next, take);
        if (chunk >= chunks || part->status != TRI_OK) return;
        reduce_piece x = slice(&banks->piece, chunk * CHUNK, take * CHUNK);
        device_chunks(banks, part, &x, banks->chunk_nodes ? &banks->chunk_nodes[chunk] : NULL);
        banks->tried = 1;
        banks->outrun = processor && atomic_load(&banks->next) - chunk > 2 * take;
    }
}

static void work_on_thread(reduce_banks *banks, reduce_part *part, size_t chunks) {
    for (size_t chunk; (chunk = atomic_fetch_add(&banks->next, 1)) < chunks;) {
        reduce_piece x = slice(&banks->piece, chunk * CHUNK, CHUNK);
        if (banks->plan.moments || banks->plan.sum == REDUCE_EXACT) add_exact(&banks->plan, part, &x);
        if (banks->plan.sum != REDUCE_EXACT || banks->plan.bins)
            add_rounded(banks, part, banks->chunk_nodes ? &banks->chunk_nodes[chunk] : NULL, &x);
    }
}

/* What the team hands out are the banks; a bank takes chunks until none is left. The device comes first, since it must
 * not wait until a thread has nothing else to do. */
static void run_bank(void *argument, int thread, size_t bank) {
    (void)thread;
    reduce_banks *banks = argument;
    size_t chunks = chunks_of(&banks->piece);
    int on_device = banks->gpu && bank == 0;
    reduce_part *part = &banks->part[bank];
    if (part->status != TRI_OK) return;
    if (on_device)
        work_on_device(banks, part, chunks);
    else
        work_on_thread(banks, part, chunks);
    /* The text of a failure belongs to the thread that failed. */
    if (part->status != TRI_OK) snprintf(part->why, sizeof part->why, "%s", tri_error_text());
}

tri_status reduce_banks_start(reduce_banks *banks, const reduce_piece *piece) {
    size_t chunks = chunks_of(piece);
    if (banks->plan.sum == REDUCE_ORDERED && chunks > banks->chunk_room) {
        tri_ordered *nodes = realloc(banks->chunk_nodes, chunks * sizeof *nodes);
        if (!nodes) return tri_fail(TRI_ERR_MEMORY, "no memory for the nodes of %zu chunks", chunks);
        banks->chunk_nodes = nodes;
        banks->chunk_room = chunks;
    }
    for (size_t chunk = 0; banks->chunk_nodes && chunk < chunks; chunk++)
        tri_ordered_clear(&banks->chunk_nodes[chunk]);
    banks->piece = *piece;
    atomic_store(&banks->next, 0);
    tri_team_start(banks->team, (size_t)banks->parts, run_bank, banks);
    return TRI_OK;
}

tri_status reduce_banks_wait(reduce_banks *banks) {
    tri_team_wait(banks->team);
    for (int p = 0; p < banks->parts; p++)
        if (banks->part[p].status != TRI_OK) return tri_fail(banks->part[p].status, "%s", banks->part[p].why);
    size_t chunks = banks->chunk_nodes ? chunks_of(&banks->piece) : 0;
    for (size_t chunk = 0; chunk < chunks; chunk++)
        TRI_TRY(tri_ordered_append(&banks->ordered, banks->chunk_nodes[chunk].node,
                                   banks->chunk_nodes[chunk].count));
    return TRI_OK;
}

void reduce_banks_total(const reduce_banks *banks, reduce_part *out, reduce_counts *counts) {
    *out = (reduce_part){.plain = -0.0};
    tri_moments_clear(&out->moments);
    for (int p = 0; p < banks->parts; p++) {
        const reduce_part *part = &banks->part[p];
        tri_moments_merge(&out->moments, &part->moments);
        out->plain += part->plain;
        for (int64_t b = 0; b < banks->plan.bins; b++)
            counts->bin[b] += part->counts.bin[b];
        if (!banks->plan.bins) continue;
        counts->below += part->counts.below;
        counts->above += part->counts.above;
        counts->nan += part->counts.nan;
    }
}
