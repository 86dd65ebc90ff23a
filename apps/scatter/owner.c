#include "apps/scatter/owner.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- Even and weighted: consecutive rows ---- */

static tri_status read_weights(const char *text, int parts, double *weight) {
    const char *at = text;
    double sum = 0;
    for (int p = 0; p < parts; p++) {
        char *end;
        weight[p] = strtod(at, &end);
        if (end == at || !(weight[p] >= 0) || !isfinite(weight[p]) || *end != (p + 1 < parts ? ',' : 0))
            return tri_fail(TRI_ERR_ARGUMENT,
                            "--weights: '%s' is not %d numbers, separated by commas, one per rank", text,
                            parts);
        sum += weight[p];
        at = end + 1;
    }
    if (!isfinite(sum)) return tri_fail(TRI_ERR_ARGUMENT, "--weights: their sum is too large");
    return sum > 0 ? TRI_OK : tri_fail(TRI_ERR_ARGUMENT, "--weights: all are 0");
}

static tri_status divide(scatter_owner *o, size_t rows, const char *weights) {
    double *weight = malloc((size_t)o->parts * sizeof *weight);
    if (!weight) return tri_fail(TRI_ERR_MEMORY, "no memory for %d weights", o->parts);
    tri_status status = weights ? read_weights(weights, o->parts, weight) : TRI_OK;
    long double sum = 0, until = 0;
    for (int p = 0; p < o->parts && weights; p++)
        sum += (long double)weight[p];
    for (int p = 0; p < o->parts && status == TRI_OK; p++) {
        until += weights ? (long double)weight[p] : 0;
        o->first[p + 1] = weights ? (size_t)roundl((long double)rows * (until / sum))
                                  : o->first[p] + tri_range_block(rows, (size_t)o->parts, (size_t)p).count;
        o->count[p] = o->first[p + 1] - o->first[p];
    }
    free(weight);
    return status;
}

/* ---- By a key ---- */

static tri_status bad_key(const scatter_owner *o, size_t row, double value) {
    return tri_fail(TRI_ERR_DATA, "--key: row %zu of '%s' has %g; keys must be whole numbers, 0 or more", row,
                    tri_dataset_path(o->key), value);
}

/* The split file of each of the rows [first, first + count), in o->keys. */
static tri_status read_parts(scatter_owner *o, size_t first, size_t count) {
    size_t start[32] = {first, o->column == SIZE_MAX ? 0 : o->column}, length[32] = {count, 1};
    for (int i = 2; i < tri_dataset_rank(o->key); i++)
        length[i] = 1;
    TRI_TRY(tri_dataset_read_block(o->key, start, length, o->keys));
    tri_element element = tri_dataset_element(o->key);
    for (size_t i = 0; i < count; i++) {
        uint64_t key = (uint64_t)o->keys[i];
        if (element == TRI_ELEMENT_F64) {
            double value;
            memcpy(&value, &o->keys[i], sizeof value);
            if (!(value >= 0) || value != floor(value) || value >= 0x1p53)
                return bad_key(o, first + i, value);
            key = (uint64_t)value;
        } else if (element == TRI_ELEMENT_I64 && o->keys[i] < 0) {
            return bad_key(o, first + i, (double)o->keys[i]);
        }
        o->keys[i] = (int64_t)(key % (uint64_t)o->parts);
    }
    return TRI_OK;
}

static tri_status open_key(scatter_owner *o, tri_dataset *whole, const char *key) {
    const size_t *dims = tri_dataset_dims(whole);
    const char *file = tri_dataset_file(whole);
    int rank = tri_dataset_rank(whole), number = *key && strspn(key, "0123456789") == strlen(key);
    if (number) {
        size_t column = strtoul(key, NULL, 10), columns = rank < 2 ? 1 : dims[1];
        if (column >= columns)
            return tri_fail(TRI_ERR_ARGUMENT, "--key: '%s' has no column %s: it has %zu",
                            tri_dataset_path(whole), key, columns);
        o->column = rank < 2 ? SIZE_MAX : column;
    } else
        o->column = SIZE_MAX;
    TRI_TRY(tri_dataset_open(NULL, file, number ? tri_dataset_path(whole) : key, &o->key));
    if (!number && (tri_dataset_rank(o->key) != 1 || tri_dataset_count(o->key) != dims[0]))
        return tri_fail(TRI_ERR_DATA, "--key: '%s' in '%s' is not one number for each of the %zu rows", key,
                        file, dims[0]);
    return TRI_OK;
}

static tri_status count_keys(scatter_owner *o, size_t rows) {
    o->keys = malloc(o->window * sizeof *o->keys);
    if (!o->keys) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu keys; reduce --memory", o->window);
    for (size_t first = 0, count; first < rows; first += count) {
        count = rows - first < o->window ? rows - first : o->window;
        TRI_TRY(read_parts(o, first, count));
        for (size_t i = 0; i < count; i++)
            o->count[o->keys[i]]++;
    }
    return TRI_OK;
}

tri_status scatter_owner_create(tri_dataset *whole, const char *weights, const char *key, int parts,
                                size_t window, scatter_owner *out) {
    size_t rows = tri_dataset_dims(whole)[0];
    *out = (scatter_owner){.parts = parts,
                           .window = window,
                           .first = calloc((size_t)parts + 1, sizeof *out->first),
                           .count = calloc((size_t)parts, sizeof *out->count)};
    if (!out->first || !out->count) return tri_fail(TRI_ERR_MEMORY, "no memory for %d split files", parts);
    if (!key) return divide(out, rows, weights);
    TRI_TRY(open_key(out, whole, key));
    return count_keys(out, rows);
}

void scatter_owner_free(scatter_owner *owner) {
    tri_dataset_destroy(&owner->key);
    free(owner->first);
    free(owner->count);
    free(owner->keys);
    *owner = (scatter_owner){.parts = 0};
}

tri_status scatter_owner_pieces(scatter_owner *o, size_t first, size_t count, scatter_piece *pieces,
                                size_t *piece_count) {
    size_t used = 0, end = first + count;
    if (o->key) {
        TRI_TRY(read_parts(o, first, count));
        for (size_t i = 0; i < count; i++)
            if (used && pieces[used - 1].part == (int)o->keys[i])
                pieces[used - 1].rows.count++;
            else
                pieces[used++] = (scatter_piece){{first + i, 1}, (int)o->keys[i]};
    }
    for (int p = 0; p < o->parts && !o->key; p++) {
        size_t low = o->first[p] > first ? o->first[p] : first,
               high = o->first[p + 1] < end ? o->first[p + 1] : end;
        if (low < high) pieces[used++] = (scatter_piece){{low, high - low}, p};
    }
    *piece_count = used;
    return TRI_OK;
}
