/* An array spread over the ranks, being written. */
#ifndef TRIREME_STORE_ARRAY_H
#define TRIREME_STORE_ARRAY_H

#include <stdint.h>

#include "store/result.h"
#include "trireme/array.h"

/* What rank 0 knows of the dataset that it has made, and tells the others. */
typedef struct tri_array_place {
    uint64_t offset; /* of the first element in the file, in bytes; without chunks */
    size_t element_bytes;
    int chunked, filtered;
} tri_array_place;

/* A block of this rank; zeros in start and count where there are no elements. Of a range, the block is the whole array
 * and its elements from `first` on are written, which `values` begins with. */
typedef struct tri_array_block {
    size_t start[H5S_MAX_RANK], count[H5S_MAX_RANK];
    size_t first, elements; /* first: 0 but for a range; elements: where it ends */
    int range;
    const char *values;
} tri_array_block;

struct tri_array {
    tri_result *result;
    char *path;
    int rank;
    size_t dims[H5S_MAX_RANK];
    tri_array_place place;
    tri_array_block under_way; /* started and not written yet; no elements: nothing is */
    tri_status wrote;          /* what came of the last one, and why */
    char why[512];
};

/* Opens the dataset that a form is, with the file in memory that it lies in. */
TRI_MUST_CHECK tri_status tri_form_open(const tri_form *form, hid_t *file, hid_t *dataset);

/* Writes every rank's block, in the way that suits them all. Collective; the same status on every rank. */
TRI_MUST_CHECK tri_status tri_array_write_block(const tri_array *array, const tri_array_block *block);

/* The same up to the point where each rank writes by itself: that is left to tri_array_write_work(). */
TRI_MUST_CHECK tri_status tri_array_start_block(tri_array *array, const tri_array_block *block);

#endif
