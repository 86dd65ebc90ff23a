/* Who gets which rows: known at rank 0, which alone sees the file. */
#ifndef TRIREME_APPS_SCATTER_OWNER_H
#define TRIREME_APPS_SCATTER_OWNER_H

#include "apps/common/split_file.h"

typedef struct scatter_owner {
    int parts;
    size_t *first;    /* without a key: part p has the rows [first[p], first[p + 1]) */
    size_t *count;    /* rows of each part */
    tri_dataset *key; /* else: the part of a row is its key modulo the number of parts */
    size_t column;    /* of the key; SIZE_MAX: it is a dataset with one number for each row */
    int64_t *keys;    /* room for those of a window */
    size_t window;    /* rows at a time */
} scatter_owner;

/* A run of rows that go to one part. */
typedef struct scatter_piece {
    row_run rows;
    int part;
} scatter_piece;

/* Even parts, or by `weights` ("1,2,1", one for each part), or by `key` (a column's number, or the path of a dataset in
 * the file); one of the two is NULL. With a key, all keys are read once, to count. `whole` is borrowed. Outputs are
 * made in any case, for scatter_owner_free(). */
TRI_MUST_CHECK tri_status scatter_owner_create(tri_dataset *whole, const char *weights, const char *key,
                                               int parts, size_t window, scatter_owner *out);
void scatter_owner_free(scatter_owner *owner);

/* The owners of the rows [first, first + count), count <= window: ascending runs. pieces: room for `count` or `parts`,
 * whichever is more. */
TRI_MUST_CHECK tri_status scatter_owner_pieces(scatter_owner *owner, size_t first, size_t count,
                                               scatter_piece *pieces, size_t *piece_count);

#endif
