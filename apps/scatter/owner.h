/* Which rank gets which rows: known on rank 0, the only one that opens the file. */
#ifndef TRIREME_APPS_SCATTER_OWNER_H
#define TRIREME_APPS_SCATTER_OWNER_H

#include "apps/common/split_file.h"

typedef struct scatter_owner {
    int parts;
    size_t *first;    /* without a key: rank p gets the rows [first[p], first[p + 1]) */
    size_t *count;    /* rows of each rank */
    tri_dataset *key; /* else: rank = key modulo the number of ranks */
    size_t column;    /* of the key; SIZE_MAX: a dataset with one number per row */
    int64_t *keys;    /* room for the keys of a window */
    size_t window;    /* rows at a time */
} scatter_owner;

/* A run of rows for one rank. */
typedef struct scatter_piece {
    row_run rows;
    int part;
} scatter_piece;

/* Even split, or by `weights` ("1,2,1", one per rank), or by `key` (a column number, or the path of a
 * dataset in the file); at least one of the two is NULL. With a key, reads all keys once to count rows.
 * `whole` is borrowed. `out` is set even after a failure, for scatter_owner_free(). */
TRI_MUST_CHECK tri_status scatter_owner_create(tri_dataset *whole, const char *weights, const char *key,
                                               int parts, size_t window, scatter_owner *out);
void scatter_owner_free(scatter_owner *owner);

/* The owners of the rows [first, first + count), count <= window, as ascending runs. pieces has room for
 * the larger of `count` and `parts`. */
TRI_MUST_CHECK tri_status scatter_owner_pieces(scatter_owner *owner, size_t first, size_t count,
                                               scatter_piece *pieces, size_t *piece_count);

#endif
