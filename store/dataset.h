/* A dataset open for reading. */
#ifndef TRIREME_STORE_DATASET_H
#define TRIREME_STORE_DATASET_H

#include <stdint.h>

#include "store/hdf5.h"

/* What HDF5 is asked for. HDF5 then at most swaps bytes for the usual types, and the widening to 8 bytes is
 * ours: that spares its conversion buffer and its element by element conversion. */
typedef enum tri_native {
    TRI_NATIVE_I8,
    TRI_NATIVE_U8,
    TRI_NATIVE_I16,
    TRI_NATIVE_U16,
    TRI_NATIVE_I32,
    TRI_NATIVE_U32,
    TRI_NATIVE_F32,
    TRI_NATIVE_8_BYTES /* the element itself */
} tri_native;

struct tri_dataset {
    char *file, *path;
    hid_t h5_file, h5_dataset, h5_space;
    int rank;
    size_t dims[H5S_MAX_RANK];
    size_t count, block;
    size_t chunk[H5S_MAX_RANK]; /* zeros: no chunks */
    hid_t h5_type;              /* as it is stored, a copy that belongs to no file */
    tri_element element;
    tri_native native;
    hid_t native_type;   /* one of HDF5's own, never closed */
    size_t native_bytes; /* 0: not numbers */
    size_t stored_bytes;
    char stored_type[48];
    int plain_fd; /* HDF5's own descriptor, where the elements lie in one piece in the file; else -1 */
    uint64_t plain_place; /* of the first element, in bytes */
};

/* Finds out whether tri_dataset_read_plain() can read it. */
void tri_dataset_learn_plain(tri_dataset *dataset);

/* Reads a block that is not empty as elements of `type` without HDF5. 0: not possible, or it failed; HDF5 shall try, and tell
 * what is wrong. */
int tri_dataset_read_plain(const tri_dataset *dataset, const size_t start[], const size_t count[], hid_t type,
                           void *out);

/* Finds out element, native, h5_type, stored_bytes and stored_type from the dataset's type. any: elements need not be
 * numbers, as long as they have a fixed size. */
TRI_MUST_CHECK tri_status tri_dataset_learn_type(tri_dataset *dataset, int any);

/* TRI_ERR_DATA where the elements are not numbers. */
TRI_MUST_CHECK tri_status tri_dataset_check_numbers(const tri_dataset *dataset);

/* Turns `count` native elements, which lie at the end of the count x 8 bytes at out, into elements. */
void tri_dataset_widen(tri_native native, size_t count, void *out);

#endif
