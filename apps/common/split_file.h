/* Split files: scatter writes the rows of a dataset to one file per rank, with attributes that say which
 * rows; gather joins them. */
#ifndef TRIREME_APPS_SPLIT_FILE_H
#define TRIREME_APPS_SPLIT_FILE_H

#include "apps/driver/app.h"

/* Root attributes of a split file. SPLIT_FIRST is -1 if SPLIT_ROW_NUMBERS lists the rows. */
#define SPLIT_INDEX "part"
#define SPLIT_COUNT "parts"
#define SPLIT_FIRST "first_row"
#define SPLIT_ROWS  "rows"
#define SPLIT_TOTAL "total_rows"
#define SPLIT_ID    "split"
#define SPLIT_ROW_NUMBERS                                                                                    \
    "row_numbers" /* a dataset beside the part: for each row its row of the whole, ascending */

/* Rows [first, first + count) of the whole dataset. */
typedef struct row_run {
    size_t first, count;
} row_run;

/* Shape of a dataset, for ranks that have not opened it. */
typedef struct row_shape {
    int rank; /* at least 1 */
    size_t dims[32];
    size_t row_bytes; /* may be 0 */
    size_t chunk_rows;
} row_shape;

typedef struct split_file {
    char *file, *path;
    tri_dataset *data, *numbers; /* NULL while closed; numbers: also NULL for consecutive rows */
    row_shape shape;
    int64_t index, parts; /* -1: a file of another program */
    int64_t first, total; /* first: -1 with row numbers */
    char split[64];       /* the same in all files of one split */
} split_file;

/* TRI_ERR_DATA: the dataset is a scalar. Local. */
TRI_MUST_CHECK tri_status row_shape_of(const tri_dataset *dataset, row_shape *out);

/* Opens a split file and reads its attributes; path NULL: its only dataset. Local. */
TRI_MUST_CHECK tri_status split_file_open(const char *file, const char *path, split_file *out);

/* Closes the file; call split_file_reopen() before reading. */
void split_file_close(split_file *p);
TRI_MUST_CHECK tri_status split_file_reopen(split_file *p);

/* Closes the file and frees the struct's memory. */
void split_file_free(split_file *p);

/* The rows of the split file from its row `from` on: at most `count`, all below row `below` of the whole.
 * Returned as ascending runs; runs[] has room for `count`. *rows: their number. */
TRI_MUST_CHECK tri_status split_file_runs(const split_file *p, size_t from, size_t count, size_t below,
                                          row_run *runs, size_t *run_count, size_t *rows);

/* Reads rows [from, from + count) of a dataset in their stored type. */
TRI_MUST_CHECK tri_status rows_read(tri_dataset *dataset, size_t from, size_t count, void *out);

/* Number of rows that fit into `memory` with `copies` of each row and `more` bytes per row: whole chunks
 * if possible, at least 1, at most all rows. TRI_ERR_ARGUMENT: not even one fits. */
TRI_MUST_CHECK tri_status rows_window(const row_shape *shape, size_t memory, size_t copies, size_t more,
                                      size_t *out);

/* Compares every row of this rank's split files with the whole, which rank 0 has open, in pieces of at
 * most `window` rows. Uses point-to-point messages, rank by rank, unlike scatter and gather themselves.
 * TRI_ERR_WRONG: names the first row that differs. Collective. */
TRI_MUST_CHECK tri_status split_files_compare(tri_run *run, tri_dataset *whole, size_t row_bytes,
                                              split_file *parts, size_t count, size_t window);

#endif
