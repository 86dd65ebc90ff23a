#include "apps/reduce/verify.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Odd, so that pieces do not match the block sizes of the vector code. */
enum { PIECE = 100003 };

int reduce_same(double a, double b) {
    return (isnan(a) && isnan(b)) || !memcmp(&a, &b, sizeof a);
}

static void add_one(tri_element element, tri_moments *m, uint64_t index, const void *at) {
    double x;
    switch (element) {
    case TRI_ELEMENT_I64:
        tri_moments_add_i64(m, index, at, 1);
        return;
    case TRI_ELEMENT_U64:
        tri_moments_add_u64(m, index, at, 1);
        return;
    case TRI_ELEMENT_F64:
        break;
    }
    memcpy(&x, at, sizeof x);
    m->totals.count++;
    tri_sum_add(&m->totals.sum, x);
    tri_squares_add(&m->totals.squares, x);
    if (isnan(x)) return;
    tri_extremes one = {.min = {x, 0, index}, .max = {x, 0, index}};
    tri_extremes_merge(&m->extremes, &one);
}

static tri_status add_slab(reduce_input *input, tri_range slab, double *piece, tri_moments *m) {
    for (size_t done = 0, count; done < slab.count; done += count) {
        count = slab.count - done < PIECE ? slab.count - done : PIECE;
        TRI_TRY(reduce_input_load(input, slab.first + done, count, piece));
        for (size_t i = 0; i < count; i++)
            add_one(input->element, m, slab.first + done + i, &piece[i]);
    }
    return TRI_OK;
}

tri_status reduce_verify_moments(tri_run *run, reduce_input *input, tri_moments *out) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm);
    double *piece = malloc(PIECE * sizeof *piece);
    tri_status status = piece ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for --verify");
    tri_moments mine;
    tri_moments_clear(&mine);
    /* In reverse rank order, so that another rank owns each element. */
    if (status == TRI_OK)
        status = add_slab(input, tri_range_block(input->count, ranks, ranks - 1 - rank), piece, &mine);
    free(piece);
    TRI_TRY(tri_agree(run->comm, status));
    return tri_merge_moments(&mine, out, 0, run->comm);
}

tri_status reduce_verify_ordered(tri_run *run, reduce_input *input, double *out) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm);
    /* Block by block in plain C, with other borders between ranks than the run. */
    tri_range slab = tri_range_block_of_units(input->count, 3 * TRI_ORDERED_BLOCK, ranks, rank);
    double block[TRI_ORDERED_BLOCK];
    tri_ordered mine, all;
    tri_ordered_clear(&mine);
    tri_status status = TRI_OK;
    for (size_t done = 0, count; done < slab.count && status == TRI_OK; done += count) {
        count = slab.count - done < TRI_ORDERED_BLOCK ? slab.count - done : TRI_ORDERED_BLOCK;
        size_t first = slab.first + done;
        status = reduce_input_load(input, first, count, block);
        reduce_as_doubles(input->element, block, count, block);
        if (status == TRI_OK)
            status = tri_ordered_add_at(TRI_SIMD_plain, &mine, first / TRI_ORDERED_BLOCK, block, count);
    }
    TRI_TRY(tri_agree(run->comm, status));
    TRI_TRY(tri_merge_ordered(&mine, &all, 0, run->comm));
    if (rank == 0) *out = tri_ordered_result(&all);
    return TRI_OK;
}
