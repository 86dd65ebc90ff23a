/* Streams the pieces of this rank's slab from file to file. While the device computes one piece, this
 * thread writes the results of the previous one and reads the next one, and the team reduces. Two slots
 * suffice: the outputs of the idle slot are written, then its inputs are read.
 *
 * Writing is collective, so all ranks process the same number of pieces; the last ones may be empty on
 * some ranks. */
#include <stdlib.h>

#include "apps/map/map.h"

enum { CHUNK = 1 << 16, BLOCK = 1 << 12 };

static tri_range piece_at(const map_state *s, size_t number) {
    size_t done = number * s->piece < s->slab.count ? number * s->piece : s->slab.count,
           left = s->slab.count - done;
    return (tri_range){s->slab.first + done, left < s->piece ? left : s->piece};
}

static size_t slot_of(size_t number) {
    return number % TRI_GPU_MAP_SLOTS;
}

/* ---- The reduction ---- */

static void add_doubles(map_state *s, tri_moments *to, uint64_t first, const double *x, size_t count) {
    if (s->reduce == MAP_SUM)
        tri_sum_add_array(&to->totals.sum, x, count);
    else
        tri_moments_add(to, first, x, count);
}

static void add_numbers(map_state *s, tri_moments *to, tri_number number, uint64_t first, const void *x,
                        size_t count) {
    double block[BLOCK];
    switch (number) {
    case TRI_FLOAT64:
        add_doubles(s, to, first, x, count);
        return;
    case TRI_INT64:
        tri_moments_add_i64(to, first, x, count);
        return;
    case TRI_UINT64:
        tri_moments_add_u64(to, first, x, count);
        return;
    default:
        for (size_t done = 0, more; done < count; done += more) {
            more = count - done < BLOCK ? count - done : BLOCK;
            tri_number_as_doubles(number, (const char *)x + done * tri_number_bytes(number), more, block);
            add_doubles(s, to, first + done, block, more);
        }
    }
}

typedef struct reduction {
    map_state *state;
    tri_range piece;
    size_t slot, chunks;
} reduction;

/* Chunk c of value v has the number v x chunks + c. */
static void reduce_chunk(void *argument, int thread, size_t number) {
    const reduction *r = argument;
    map_state *s = r->state;
    size_t values = tri_gpu_map_outputs(s->map), value = number / r->chunks,
           from = number % r->chunks * CHUNK,
           count = r->piece.count - from < CHUNK ? r->piece.count - from : CHUNK;
    tri_number kind = tri_gpu_map_number(s->map, value);
    const char *x = tri_gpu_map_output(s->map, r->slot, value);
    add_numbers(s, &s->part[(size_t)thread * values + value], kind, r->piece.first + from,
                x + from * tri_number_bytes(kind), count);
}

tri_status map_total(tri_run *run, map_state *s) {
    size_t values = tri_gpu_map_outputs(s->map);
    for (size_t v = 0; v < values; v++) {
        for (int t = 1; t < s->threads; t++)
            tri_moments_merge(&s->part[v], &s->part[(size_t)t * values + v]);
        TRI_TRY(tri_merge_moments(&s->part[v], &s->total[v], 0, run->comm));
    }
    return TRI_OK;
}

/* ---- The stream ---- */

static tri_status load(tri_run *run, map_state *s, size_t number) {
    tri_range piece = piece_at(s, number);
    double start = tri_now_s(), bytes = 0;
    TRI_TRY(map_load(s, slot_of(number), piece.first, piece.count));
    for (size_t k = 0; k < s->inputs; k++)
        if (tri_gpu_map_uses(s->map, k)) bytes += (double)tri_dataset_stored_bytes(s->input[k].dataset);
    tri_report_phase(run, "read", tri_now_s() - start, bytes * (double)piece.count);
    return TRI_OK;
}

static tri_status write_outputs(tri_run *run, map_state *s, size_t number) {
    tri_range piece = piece_at(s, number);
    double start = tri_now_s(), bytes = 0;
    for (size_t k = 0; k < s->outputs; k++) {
        TRI_TRY(tri_array_write_range(s->output[k].array, piece.first, piece.count,
                                      tri_gpu_map_output(s->map, slot_of(number), k)));
        bytes += (double)tri_number_bytes(tri_gpu_map_number(s->map, k));
    }
    tri_report_phase(run, "write", tri_now_s() - start, bytes * (double)piece.count);
    return TRI_OK;
}

/* Writes and reduces the results of a piece. `status`: of this rank so far. */
static tri_status put(tri_run *run, map_state *s, size_t number, tri_status status, bool compute) {
    TRI_TRY(tri_agree(run->comm, status));
    reduction r = {s, piece_at(s, number), slot_of(number), 0};
    r.chunks = r.piece.count / CHUNK + (r.piece.count % CHUNK != 0);
    bool reduces = compute && s->reduce != MAP_NOTHING;
    if (reduces) tri_team_start(run->team, tri_gpu_map_outputs(s->map) * r.chunks, reduce_chunk, &r);
    status = write_outputs(run, s, number);
    double start = tri_now_s();
    if (reduces) {
        tri_team_wait(run->team);
        tri_report_phase(run, "reduce", tri_now_s() - start, 0);
    }
    return status;
}

static tri_status compute_start(map_state *s, size_t number) {
    tri_range piece = piece_at(s, number);
    return tri_gpu_map_start(s->map, slot_of(number), piece.first, piece.count);
}

static tri_status compute_wait(tri_run *run, map_state *s, size_t number) {
    double start = tri_now_s();
    TRI_TRY(tri_gpu_map_wait(s->map, slot_of(number)));
    tri_report_phase(run, "wait", tri_now_s() - start, 0);
    return TRI_OK;
}

tri_status map_stream(tri_run *run, map_state *s, bool compute) {
    tri_status status = s->pieces ? load(run, s, 0) : TRI_OK;
    for (size_t k = 0; k < s->pieces; k++) {
        if (status == TRI_OK && compute) status = compute_start(s, k);
        if (k) TRI_TRY(put(run, s, k - 1, status, compute));
        if (status == TRI_OK && k + 1 < s->pieces) status = load(run, s, k + 1);
        if (status == TRI_OK && compute) status = compute_wait(run, s, k);
        tri_progress(run, compute ? "computing" : "reading and writing", (double)(k + 1), (double)s->pieces,
                     "pieces");
    }
    return s->pieces ? put(run, s, s->pieces - 1, status, compute) : status;
}
