/* A dataset open for reading. Internal. */
#ifndef TRIREME_STORE_DATASET_H
#define TRIREME_STORE_DATASET_H

#include <stdint.h>

#include "store/hdf5.h"

/* The native type in which HDF5 delivers elements. For the usual types HDF5 then at most swaps bytes. The
 * widening to 8 bytes is done here, without HDF5's conversion buffer and its conversion element by
 * element. */
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

typedef struct tri_flat tri_flat;

struct tri_dataset {
    char *file, *path;
    hid_t h5_file, h5_dataset, h5_space;
    int rank;
    size_t dims[H5S_MAX_RANK];
    size_t count, block;
    size_t chunk[H5S_MAX_RANK]; /* zeros: no chunks */
    hid_t h5_type;              /* stored type: a copy that belongs to no file */
    tri_element element;
    tri_native native;
    hid_t native_type;   /* a predefined type, not to be closed */
    size_t native_bytes; /* 0: not numbers */
    size_t stored_bytes;
    char stored_type[48];
    int plain_fd;         /* HDF5's descriptor if the elements are contiguous in the file; else -1 */
    uint64_t plain_place; /* offset of the first element, in bytes */
    tri_flat *flat;       /* the file, if it is not HDF5 (store/flat.h); else NULL */
};

/* Determines whether tri_dataset_read_plain() can read the dataset. */
void tri_dataset_learn_plain(tri_dataset *dataset);

/* Reads a nonempty block as elements of `type` without HDF5. Returns 0 if that is not possible or failed;
 * then HDF5 reads, and reports the error. */
int tri_dataset_read_plain(const tri_dataset *dataset, const size_t start[], const size_t count[], hid_t type,
                           void *out);

/* Reads a nonempty block of an array of `rank` >= 1 dimensions whose elements lie in row-major order from
 * `place` on, run by run. Returns 0 after a failure, with errno or, at the end of the file, without. */
int tri_read_runs(int fd, uint64_t place, size_t element, int rank, const size_t dims[], const size_t start[],
                  const size_t count[], void *out);

/* Sets element, native, h5_type, stored_bytes and stored_type from the dataset's type. any: accepts all
 * elements of fixed size, not only numbers. */
TRI_MUST_CHECK tri_status tri_dataset_learn_type(tri_dataset *dataset, int any);

/* TRI_ERR_DATA unless the elements are numbers. */
TRI_MUST_CHECK tri_status tri_dataset_check_numbers(const tri_dataset *dataset);

/* Widens `count` native elements, at the end of the count x 8 bytes at `out`, to elements from `out` on. */
void tri_dataset_widen(tri_native native, size_t count, void *out);

#endif
