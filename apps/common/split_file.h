/* A dataset in parts: one file for each rank, with some of the rows and the knowledge of which ones they are. */
#ifndef TRIREME_APPS_SPLIT_FILE_H
#define TRIREME_APPS_SPLIT_FILE_H

#include "apps/driver/app.h"

/* Root attributes of a part's file; SPLIT_FIRST is -1 where SPLIT_ROW_NUMBERS lists the rows. */
#define SPLIT_INDEX "part"
#define SPLIT_COUNT "parts"
#define SPLIT_FIRST "first_row"
#define SPLIT_ROWS  "rows"
#define SPLIT_TOTAL "total_rows"
#define SPLIT_ID    "split"
#define SPLIT_ROW_NUMBERS                                                                                    \
    "row_numbers" /* a dataset beside the part: for each row its row of the whole, ascending */

/* Rows [first, first + count) of the whole. */
typedef struct row_run {
    size_t first, count;
} row_run;

/* What a dataset is made of, for those who have not opened it. */
typedef struct row_shape {
    int rank; /* at least 1 */
    size_t dims[32];
    size_t row_bytes; /* may be 0 */
    size_t chunk_rows;
} row_shape;

typedef struct split_file {
    char *file, *path;
    tri_dataset *data, *numbers; /* NULL while closed; numbers also where the rows follow one another */
    row_shape shape;
    int64_t index, parts; /* -1: a file that says nothing of itself */
    int64_t first, total; /* first: -1 where row numbers are listed */
    char split[64];       /* the same in all parts of one split */
} split_file;

/* Status TRI_ERR_DATA where the dataset has no rows (a scalar). */
TRI_MUST_CHECK tri_status row_shape_of(const tri_dataset *dataset, row_shape *out);

/* Opens one part and learns what it holds; path NULL: its only dataset. Not collective. */
TRI_MUST_CHECK tri_status split_file_open(const char *file, const char *path, split_file *out);

/* Closes its file; open it again before reading. */
void split_file_close(split_file *p);
TRI_MUST_CHECK tri_status split_file_reopen(split_file *p);

/* Closes and forgets. */
void split_file_free(split_file *p);

/* The rows of this part from its row `from` on: at most `count` of them, and none at row `below` of the whole or
 * beyond. They come back as ascending runs, of which there is room for `count`, with their numbers. */
TRI_MUST_CHECK tri_status split_file_runs(const split_file *p, size_t from, size_t count, size_t below,
                                          row_run *runs, size_t *run_count, size_t *rows);

/* Reads rows [from, from + count) of a dataset as they are stored. */
TRI_MUST_CHECK tri_status rows_read(tri_dataset *dataset, size_t from, size_t count, void *out);

/* How many rows fit into `memory` when `copies` of each and `more` bytes beside it are held: whole chunks where that
 * is possible, at most `rows`, at least 1. TRI_ERR_ARGUMENT: not even one fits. */
TRI_MUST_CHECK tri_status rows_window(const row_shape *shape, size_t memory, size_t copies, size_t more,
                                      size_t *out);

/* Compares every row of this rank's parts with the whole, which rank 0 has open, in pieces of at most `window` rows.
 * Row by row of each rank in turn, by plain messages: another way than the one the rows came. TRI_ERR_WRONG names the
 * first row that differs. Collective. */
TRI_MUST_CHECK tri_status split_files_compare(tri_run *run, tri_dataset *whole, size_t row_bytes,
                                              split_file *parts, size_t count, size_t window);

#endif
