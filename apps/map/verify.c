/* Recomputes with another distribution over ranks and other pieces, and reduces element by element. It
 * uses the same device, so it does not find systematic errors of the device. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/map/map.h"

/* Odd, so that pieces begin at other elements than in the run; at most half the size of the run's pieces. */
enum { PIECE = 100003 };

typedef struct again {
    tri_dataset *dataset[TRI_GPU_MAP_OUTPUTS];
    tri_moments part[TRI_GPU_MAP_OUTPUTS];
    void *written;
} again;

static bool is_nan(tri_number number, const void *x) {
    double value;
    if (number != TRI_FLOAT32 && number != TRI_FLOAT64) return false;
    tri_number_as_doubles(number, x, 1, &value);
    return isnan(value);
}

static tri_status compare(const map_state *s, again *a, size_t value, tri_range piece) {
    tri_number number = tri_gpu_map_number(s->map, value);
    size_t bytes = tri_number_bytes(number);
    const char *computed = tri_gpu_map_output(s->map, 0, value), *written = a->written;
    if (tri_dataset_number(a->dataset[value]) != number || tri_dataset_count(a->dataset[value]) != s->count)
        return tri_fail(TRI_ERR_WRONG, "'%s' in '%s' has a different type or shape than written",
                        s->output[value].path, s->file);
    TRI_TRY(tri_dataset_read_numbers(a->dataset[value], piece.first, piece.count, a->written));
    for (size_t i = 0; i < piece.count; i++) {
        const char *x = computed + i * bytes, *y = written + i * bytes;
        if (memcmp(x, y, bytes) != 0 && !(is_nan(number, x) && is_nan(number, y)))
            return tri_fail(TRI_ERR_WRONG, "element %zu of '%s' in '%s' differs when computed again",
                            piece.first + i, s->output[value].path, s->file);
    }
    return TRI_OK;
}

static void add(const map_state *s, again *a, size_t value, tri_range piece) {
    tri_number number = tri_gpu_map_number(s->map, value);
    const char *x = tri_gpu_map_output(s->map, 0, value);
    tri_moments *to = &a->part[value];
    for (size_t i = 0; i < piece.count; i++) {
        const void *at = x + i * tri_number_bytes(number);
        double real;
        if (number == TRI_INT64)
            tri_moments_add_i64(to, piece.first + i, at, 1);
        else if (number == TRI_UINT64)
            tri_moments_add_u64(to, piece.first + i, at, 1);
        else {
            tri_number_as_doubles(number, at, 1, &real);
            tri_sum_add(&to->totals.sum, real);
            tri_extremes one = {.min = {real, 0, piece.first + i}, .max = {real, 0, piece.first + i}};
            if (!isnan(real)) tri_extremes_merge(&to->extremes, &one);
        }
    }
}

static tri_status compute(map_state *s, again *a, tri_range slab) {
    size_t most = s->piece > PIECE ? PIECE : s->piece / 2 + 1;
    for (size_t done = 0, count; done < slab.count; done += count) {
        count = slab.count - done < most ? slab.count - done : most;
        tri_range piece = {slab.first + done, count};
        TRI_TRY(map_load(s, 0, piece.first, piece.count));
        TRI_TRY(tri_gpu_map_start(s->map, 0, piece.first, piece.count));
        TRI_TRY(tri_gpu_map_wait(s->map, 0));
        for (size_t v = 0; v < s->outputs; v++)
            TRI_TRY(compare(s, a, v, piece));
        for (size_t v = 0; v < tri_gpu_map_outputs(s->map) && s->reduce != MAP_NOTHING; v++)
            add(s, a, v, piece);
    }
    return TRI_OK;
}

static tri_status compare_total(const map_state *s, const tri_moments *total, const tri_moments *other) {
    double a = tri_sum_round(&total->totals.sum), b = tri_sum_round(&other->totals.sum);
    if (s->reduce == MAP_SUM)
        return !memcmp(&a, &b, sizeof a)
                   ? TRI_OK
                   : tri_fail(TRI_ERR_WRONG, "the sum is %a, but computed element by element it is %a", a, b);
    const tri_extreme *x = s->reduce == MAP_MIN ? &total->extremes.min : &total->extremes.max,
                      *y = s->reduce == MAP_MIN ? &other->extremes.min : &other->extremes.max;
    if (x->index == y->index && (x->index == TRI_NO_INDEX || (x->high == y->high && x->low == y->low)))
        return TRI_OK;
    return tri_fail(TRI_ERR_WRONG, "the %s is %a, but computed element by element it is %a",
                    s->reduce == MAP_MIN ? "min" : "max", x->high, y->high);
}

static tri_status verify(tri_run *run, map_state *s, again *a) {
    size_t ranks = (size_t)tri_comm_size(run->comm), rank = (size_t)tri_comm_rank(run->comm),
           values = tri_gpu_map_outputs(s->map);
    for (size_t k = 0; k < s->outputs; k++)
        TRI_TRY(tri_dataset_open(run->comm, s->file, s->output[k].path, &a->dataset[k]));
    for (size_t v = 0; v < values; v++)
        tri_moments_clear(&a->part[v]);
    a->written = malloc(PIECE * sizeof(double));
    tri_status status = a->written ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for --verify");
    if (status == TRI_OK) status = compute(s, a, tri_range_block(s->count, ranks, ranks - 1 - rank));
    TRI_TRY(tri_agree(run->comm, status));
    for (size_t v = 0; v < values && s->reduce != MAP_NOTHING; v++) {
        tri_moments other;
        TRI_TRY(tri_merge_moments(&a->part[v], &other, 0, run->comm));
        if (rank == 0 && status == TRI_OK) status = compare_total(s, &s->total[v], &other);
    }
    return tri_agree(run->comm, status);
}

tri_status map_verify(tri_run *run, map_state *s) {
    again *a = calloc(1, sizeof *a);
    TRI_TRY(tri_agree(run->comm, a ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for --verify")));
    tri_status status = verify(run, s, a);
    for (size_t k = 0; k < s->outputs; k++)
        tri_dataset_destroy(&a->dataset[k]);
    free(a->written);
    free(a);
    return status;
}
