/** @file
 * Numbers in HDF5 files of any origin (h5py, netCDF-4, MATLAB 7.3, ...), in .npy files of NumPy, in files of
 * raw numbers and in columns of CSV files, read in parallel: every rank reads any range of a dataset's
 * elements, in row-major order, at its own pace.
 *
 * Each rank opens the file by itself, read-only, with HDF5's POSIX driver: reads are independent, ranks may
 * make different numbers of them, and an idle rank need not call anything. HDF5 is not thread-safe: call
 * these functions from one thread of a process at a time. Without HDF5 in the build every function that can
 * fail returns TRI_ERR_ABSENT. Functions are local unless their comment says otherwise.
 */
#ifndef TRIREME_STORE_H
#define TRIREME_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/comm.h"
#include "trireme/number.h"
#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A dataset that is open for reading. Opaque. */
typedef struct tri_dataset tri_dataset;

/** An element in memory; always 8 bytes. */
typedef enum tri_element {
    /** double: every float, and integers of at most 32 bits; exact, but floats wider than double (long
     * double, quad) are rounded */
    TRI_ELEMENT_F64 = 0,
    TRI_ELEMENT_I64 = 1, /**< int64_t: signed integers of 33 to 64 bits */
    TRI_ELEMENT_U64 = 2  /**< uint64_t: unsigned integers of 33 to 64 bits */
} tri_element;

/** Opens a dataset of numbers. What follows FILE depends on the format:
 *
 *  - FILE.npy: nothing. NumPy's versions 1 to 3, either byte order, either order of the indices; integers,
 *    floats and booleans, and with tri_dataset_open_stored() complex numbers and bytes of a fixed number.
 *  - TYPE or TYPE:SHAPE, such as f8 or <i2:1000x1000, where FILE is not HDF5: raw numbers. The type is
 *    written as in NumPy; '<' is little-endian, '>' big-endian, the default is this machine's order. The
 *    size of the file must be that of the shape; without a shape it is a vector.
 *  - FILE.csv or FILE.tsv: the name of a column, or its number from 1 on. Every cell is a double; an empty
 *    cell and NA are NaN; empty lines and lines that begin with '#' do not count. The separator is the first
 *    of comma, semicolon and tab that the first row has.
 *  - other files are HDF5: the path of a dataset.
 *
 * "-" is standard input, in any of these formats except HDF5, CSV where it is neither of the others. Only one
 * rank can read it: TRI_ERR_ARGUMENT where comm has more. What cannot be read twice is copied to a file
 * without a name in TMPDIR.
 *
 * With path == NULL `file` is a specification "FILE:/path/to/dataset": it is
 * split at the first ':' whose left side is an existing file (names and paths may contain ':'), or otherwise
 * at the last ":/". A specification without a path means the only dataset in the file. Enumerations of
 * integers (h5py's bool among them) are read as their integers. Scalars have one element; a null dataspace or
 * a zero dimension none. The caller frees *out with tri_dataset_destroy().
 *
 * comm == NULL: local. Otherwise collective: every rank opens the file, and all return the worst status of
 * any rank. TRI_ERR_FILE: missing, a directory, no permission, not of its format, truncated, damaged, locked,
 * shorter than its shape.
 * TRI_ERR_DATA: no such dataset (the text lists those that exist), elements that are not numbers (strings,
 * compounds, references, ...), or integers above 64 bits. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_open(tri_comm *comm, const char *file, const char *path,
                                                   tri_dataset **out);

/** tri_dataset_open() for elements of any type of fixed size, also compounds, strings of a fixed length,
 * opaque bytes, ..., which tri_dataset_read_stored() reads. Where they are not numbers, functions that return
 * numbers fail with TRI_ERR_DATA, and tri_dataset_element() is undefined. TRI_ERR_DATA: strings or lists of
 * variable length, and references, whose bytes are valid in their file only. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_open_stored(tri_comm *comm, const char *file, const char *path,
                                                          tri_dataset **out);

/** Splits a specification "FILE:/path" as tri_dataset_open() does; the file need not exist. The caller frees
 * *file and *path with free(); *path is NULL where there is none. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_spec_split(const char *spec, char **file, char **path);

/** Closes the dataset and sets *dataset to NULL. NULL and a pointer to NULL are allowed. */
TRI_API void tri_dataset_destroy(tri_dataset **dataset);

/** The file as opened. Belongs to the dataset. */
TRI_API const char *tri_dataset_file(const tri_dataset *dataset);

/** The full path inside the file; outside HDF5 the name of the file without its ending. Belongs to the
 * dataset. */
TRI_API const char *tri_dataset_path(const tri_dataset *dataset);

/** Number of dimensions; 0: a scalar or a null dataspace. */
TRI_API int tri_dataset_rank(const tri_dataset *dataset);

/** The dimensions. Belongs to the dataset. */
TRI_API const size_t *tri_dataset_dims(const tri_dataset *dataset);

/** Number of elements: the product of the dimensions, 1 for a scalar, 0 for a null dataspace. */
TRI_API size_t tri_dataset_count(const tri_dataset *dataset);

/** The element in memory, as tri_dataset_read() gives it. */
TRI_API tri_element tri_dataset_element(const tri_dataset *dataset);

/** Bytes of an element in the file. */
TRI_API size_t tri_dataset_stored_bytes(const tri_dataset *dataset);

/** The type of an element in the file, such as "float32" or "int16 big-endian". Belongs to the dataset. */
TRI_API const char *tri_dataset_stored_type(const tri_dataset *dataset);

/** The unit, in elements, at whose multiples ranges should start and end so that no chunk is read and
 * decompressed twice: a row of chunks (all chunks that have a run of indices of the first dimension, or of a
 * later one where all before it have chunks of length 1); 1 for a dataset without chunks; never 0. Other
 * ranges are read correctly, but slower: a cache of one row of chunks (at most 64 MiB, at least one chunk)
 * helps where they follow one another. A dataset can have fewer units than there are ranks. */
TRI_API size_t tri_dataset_block(const tri_dataset *dataset);

/** The size of a chunk in each dimension; NULL for a dataset without chunks. Belongs to the dataset. */
TRI_API const size_t *tri_dataset_chunk(const tri_dataset *dataset);

/** Reads the elements [first, first + count) of the row-major order into `out`, count x 8 bytes in the form
 * of tri_dataset_element(). count = 0 does nothing. On failure `out` is undefined. TRI_ERR_ARGUMENT: the
 * range ends beyond the dataset. TRI_ERR_FILE: the file cannot be read there (damaged, missing external
 * file, a filter that this HDF5 lacks). */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read(tri_dataset *dataset, size_t first, size_t count,
                                                   void *out);

/** The narrowest kind of number that holds every element: int16, float32, ...; float64 for floats of any
 * other width. */
TRI_API tri_number tri_dataset_number(const tri_dataset *dataset);

/** tri_dataset_read() without widening: count x tri_number_bytes() of tri_dataset_number(). */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read_numbers(tri_dataset *dataset, size_t first, size_t count,
                                                           void *out);

/** Reads the block [start, start + count) in each dimension, row-major; otherwise as tri_dataset_read(). The
 * dataset has at least one dimension. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read_block(tri_dataset *dataset, const size_t start[],
                                                         const size_t count[], void *out);

/** tri_dataset_read_block() without conversion: elements as they are stored, tri_dataset_stored_bytes()
 * each. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read_stored(tri_dataset *dataset, const size_t start[],
                                                          const size_t count[], void *out);

/** Reads an attribute of the file's root group that tri_result_integer() wrote. TRI_ERR_DATA: no integer of
 * that name; TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_file_integer(const tri_dataset *dataset, const char *name,
                                                           int64_t *out);

/** Reads an attribute of the file's root group that tri_result_text() wrote. The caller frees *out with
 * free(). TRI_ERR_DATA: no text of that name; TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_file_text(const tri_dataset *dataset, const char *name,
                                                        char **out);

/** Call it first in main(), before MPI_Init(), with main()'s arguments. From then on a child process looks at
 * each file before tri_dataset_open() or tri_dataset_open_stored() opens it here: HDF5 crashes on some
 * damaged files and never returns from others. Where that happens, the call returns TRI_ERR_FILE.
 *
 * The child is this program again; in it the function does not return. The child opens the dataset and reads
 * its first elements, and later the attributes that this process wants. It ends with this process, and where
 * HDF5 uses TRIREME_HDF5_SECONDS seconds of processor time (default: 5; 0: no child) without returning. Of a
 * collective call one rank looks. Where no child can be started, nobody looks. Local.
 *
 * HDF5 prints no errors of its own from the first call of this header on, also at the end of the process. */
TRI_API void tri_store_look_first(int argc, char **argv);

/** The HDF5 library in use. */
typedef struct tri_store_library {
    char compiled[16]; /**< version that Trireme was compiled for, such as "1.10.8" */
    char loaded[16];   /**< version that is loaded */
    int parallel;      /**< whether it is built for MPI */
} tri_store_library;

/** Describes the HDF5 library. HDF5 aborts a program that was compiled for one version and loads another;
 * this function tells before. TRI_ERR_ABSENT: no HDF5. */
TRI_API TRI_MUST_CHECK tri_status tri_store_describe(tri_store_library *out);

#ifdef __cplusplus
}
#endif
#endif
