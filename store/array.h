/* An array distributed over the ranks, open for writing. Internal. */
#ifndef TRIREME_STORE_ARRAY_H
#define TRIREME_STORE_ARRAY_H

#include <stdint.h>

#include "store/result.h"
#include "trireme/array.h"

/* Where and how the dataset is stored; rank 0 distributes this to the other ranks. */
typedef struct tri_array_place {
    uint64_t offset; /* of the first element in the file, in bytes; unless chunked */
    size_t element_bytes;
    int chunked, filtered;
} tri_array_place;

/* The block that this rank writes; start and count are zero if it has no elements. For a range, the block is
 * the whole array; its elements [first, elements) are written, and `values` points to the first of these. */
typedef struct tri_array_block {
    size_t start[H5S_MAX_RANK], count[H5S_MAX_RANK];
    size_t first, elements; /* first: 0 unless a range; elements: the end */
    int range;
    const char *values;
} tri_array_block;

struct tri_array {
    tri_result *result;
    char *path;
    int rank;
    size_t dims[H5S_MAX_RANK];
    tri_array_place place;
    tri_array_block under_way; /* started, not yet written; no elements: none */
    tri_status wrote;          /* status of the last nonblocking write, and its error text */
    char why[512];
};

/* Opens the dataset of a template and the file image that holds it. The caller closes both. */
TRI_MUST_CHECK tri_status tri_template_open(const tri_template *like, hid_t *file, hid_t *dataset);

/* Writes the blocks of all ranks by the same method. Collective; the same status on every rank. */
TRI_MUST_CHECK tri_status tri_array_write_block(const tri_array *array, const tri_array_block *block);

/* Starts the same: if the ranks write independently, tri_array_write_work() writes. Collective. */
TRI_MUST_CHECK tri_status tri_array_start_block(tri_array *array, const tri_array_block *block);

#endif
