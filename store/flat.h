/* Arrays in files that are not HDF5: .npy files of NumPy, raw numbers of a stated type, columns of CSV files;
 * also from standard input. Internal.
 *
 * Such a dataset has an HDF5 file in memory with a dataset of its type and shape, but without elements, so
 * that all that is said about a dataset comes from one place. Only its elements are read here. */
#ifndef TRIREME_STORE_FLAT_H
#define TRIREME_STORE_FLAT_H

#include <stdint.h>

#include "store/dataset.h"

/* An open file. */
typedef struct tri_source {
    const char *name; /* for messages; borrowed */
    int fd;
    uint64_t begin, bytes; /* where it begins in the descriptor; its size from there on */
} tri_source;

/* The array in a file. */
typedef struct tri_layout {
    hid_t type; /* closed by the caller that asked for the layout */
    int rank;
    size_t dims[H5S_MAX_RANK];
    uint64_t place; /* of the first element in the source, in bytes */
    int reversed;   /* the first index varies fastest (Fortran) */
} tri_layout;

typedef struct tri_csv tri_csv;

struct tri_flat {
    tri_source source;
    uint64_t place; /* of the first element in the descriptor */
    int reversed;
    tri_csv *csv; /* NULL: elements lie one after another */
};

/* Whether tri_flat_open() and not HDF5 reads the file. path: what follows the file in a specification, or
 * NULL. */
int tri_flat_is(const char *file, const char *path);

/* Sets flat, path, h5_file and h5_dataset of a dataset whose file is set. What is set is freed with the
 * dataset, also after a failure. */
TRI_MUST_CHECK tri_status tri_flat_open(tri_dataset *dataset, const char *path);

/* Reads a nonempty block as elements of `type`. */
TRI_MUST_CHECK tri_status tri_flat_read(const tri_dataset *dataset, const size_t start[],
                                        const size_t count[], hid_t type, void *out);

/* Frees and sets to NULL. NULL and a pointer to NULL are allowed. */
void tri_flat_close(tri_flat **flat);

/* Opens a file, or with "-" standard input: what cannot be read twice is copied to a file without a name in
 * the folder for temporary files. The name is borrowed. */
TRI_MUST_CHECK tri_status tri_source_open(const char *name, tri_source *out);

/* Reads up to `bytes` from `at` on; *got is smaller at the end of the source only. */
TRI_MUST_CHECK tri_status tri_source_read(const tri_source *source, uint64_t at, void *to, size_t bytes,
                                          size_t *got);

/* The HDF5 type of a type as NumPy writes it, such as "<f8" (without an order: that of this machine), or
 * H5I_INVALID_HID. The caller closes it. */
hid_t tri_numpy_type(const char *text);

/* Reads the header of an .npy file. */
TRI_MUST_CHECK tri_status tri_npy_layout(const tri_source *source, tri_layout *out);

/* The layout of a column of a CSV file: a vector of doubles. column: a name or a number from 1 on; NULL: the
 * only one. The caller frees *csv with tri_csv_close(). */
TRI_MUST_CHECK tri_status tri_csv_open(const tri_source *source, const char *column, tri_layout *out,
                                       tri_csv **csv);
TRI_MUST_CHECK tri_status tri_csv_read(tri_csv *csv, size_t first, size_t count, double *out);
/* The number of rows at whose multiples reading starts without a search. */
size_t tri_csv_block(void);
void tri_csv_close(tri_csv *csv);

#endif
