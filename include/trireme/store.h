/* Numbers in HDF5 files that anyone wrote (h5py, netCDF-4, MATLAB 7.3, ...), read in parallel: every rank
 * takes any range of a dataset's elements, in row-major order, at its own pace.
 *
 * Each rank opens the file by itself, read-only, with HDF5's plain POSIX driver: reads are independent, ranks
 * may make different numbers of them, and an idle rank need not call anything. HDF5 is not safe for threads:
 * call these functions from one thread of a process at a time. Without HDF5 in the build every function that
 * can fail returns TRI_ERR_ABSENT. */
#ifndef TRIREME_STORE_H
#define TRIREME_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/number.h"
#include "trireme/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_comm tri_comm;
typedef struct tri_dataset tri_dataset;

/* What an element is in memory; always 8 bytes. */
typedef enum tri_element {
    TRI_ELEMENT_F64 =
        0, /* double:   every float, and integers of at most 32 bits; exact, but for floats wider
                      * than double (long double, quad), which are rounded to double */
    TRI_ELEMENT_I64 = 1, /* int64_t:  signed integers of 33 to 64 bits */
    TRI_ELEMENT_U64 = 2  /* uint64_t: unsigned integers of 33 to 64 bits */
} tri_element;

/* Opens a dataset for reading. With path == NULL `file` is a specification "FILE:/path/to/dataset": the first
 * ':' whose left side is an existing file splits it (file names and paths may hold ':'); without such a one
 * the last ":/" splits it. A specification without a path means the only dataset in the file.
 *
 * comm == NULL: this process alone. Else collective: every rank opens the file, and all return the worst
 * status of any rank. Enumerations of integers (h5py's bool among them) are read as their integers. Scalars
 * have one element; a null dataspace or a zero dimension none. TRI_ERR_FILE: missing, a directory, no
 * permission, not HDF5, truncated, damaged, locked. TRI_ERR_DATA: no such dataset (the text lists those that
 * are there), or its elements are not numbers (strings, compounds, references,
 * ...), or integers above 64 bits. The text names file, dataset and cure. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_open(tri_comm *comm, const char *file, const char *path,
                                                   tri_dataset **out);

/* The same for elements of any type of fixed size, to be read by tri_dataset_read_stored(): compounds, strings of a
 * fixed length, opaque bytes, ... too. Where they are not numbers the functions that return numbers fail with
 * TRI_ERR_DATA, and tri_dataset_element() means nothing. TRI_ERR_DATA: strings or lists of varying length, and
 * references, whose bytes mean nothing outside their file. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_open_stored(tri_comm *comm, const char *file, const char *path,
                                                          tri_dataset **out);

/* Splits a specification "FILE:/path" by the rule of tri_dataset_open(); the file need not exist. *file and *path
 * are malloc'ed; *path is NULL where there is none. TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_spec_split(const char *spec, char **file, char **path);

/* Not collective. */
TRI_API void tri_dataset_destroy(tri_dataset **dataset);

/* The file and the full path inside it, as opened. Valid as long as the dataset. */
TRI_API const char *tri_dataset_file(const tri_dataset *dataset);
TRI_API const char *tri_dataset_path(const tri_dataset *dataset);

/* The shape: `rank` dimensions (0: a scalar or null dataspace) and their product, the number of elements (1
 * for a scalar, 0 for null). */
TRI_API int tri_dataset_rank(const tri_dataset *dataset);
TRI_API const size_t *tri_dataset_dims(const tri_dataset *dataset);
TRI_API size_t tri_dataset_count(const tri_dataset *dataset);

/* The element in memory, and in the file: its bytes there and a name such as "float32" or "int16 big-endian".
 */
TRI_API tri_element tri_dataset_element(const tri_dataset *dataset);
TRI_API size_t tri_dataset_stored_bytes(const tri_dataset *dataset);
TRI_API const char *tri_dataset_stored_type(const tri_dataset *dataset);

/* The unit, in elements, that ranges should start and end at so that no chunk is read and decompressed twice:
 * a row of chunks (all chunks that hold a run of indices of the first dimension, or of a later one where all
 * before it have chunks of length 1); 1 for a dataset without chunks. Ranges that do not keep to it are read
 * right, only slower: a cache of one row of chunks (at most 64 MiB, at least one chunk) helps where they
 * follow one another. A dataset can have fewer units than there are ranks. Never 0. */
TRI_API size_t tri_dataset_block(const tri_dataset *dataset);

/* The size of a chunk in each dimension; NULL for a dataset without chunks. Valid as long as the dataset. */
TRI_API const size_t *tri_dataset_chunk(const tri_dataset *dataset);

/* Reads the elements [first, first + count) of the row-major order into out, which holds count x 8 bytes in
 * the form of tri_dataset_element(). Independent of other ranks. count = 0 does nothing. TRI_ERR_ARGUMENT:
 * the range ends beyond the dataset. TRI_ERR_FILE: the file cannot be read there (damaged, missing external
 * file, a filter that this HDF5 lacks). On failure out is undefined. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read(tri_dataset *dataset, size_t first, size_t count,
                                                   void *out);

/* The narrowest kind of number that holds every element: int16, float32, ...; float64 for floats of any other width. */
TRI_API tri_number tri_dataset_number(const tri_dataset *dataset);

/* tri_dataset_read() without widening: count x tri_number_bytes() of tri_dataset_number(). */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read_numbers(tri_dataset *dataset, size_t first, size_t count,
                                                           void *out);

/* Reads the block [start, start + count) in each dimension, row-major, with the meaning and the errors of
 * tri_dataset_read(); the dataset has at least one dimension. The second form reads elements as they are stored,
 * tri_dataset_stored_bytes() each, converting nothing. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read_block(tri_dataset *dataset, const size_t start[],
                                                         const size_t count[], void *out);
TRI_API TRI_MUST_CHECK tri_status tri_dataset_read_stored(tri_dataset *dataset, const size_t start[],
                                                          const size_t count[], void *out);

/* What tri_result_integer() and tri_result_text() have written about the file that the dataset is in: attributes of
 * its root group. *out of a text is malloc'ed. TRI_ERR_DATA: there is none of that name and kind. TRI_ERR_FILE. */
TRI_API TRI_MUST_CHECK tri_status tri_dataset_file_integer(const tri_dataset *dataset, const char *name,
                                                           int64_t *out);
TRI_API TRI_MUST_CHECK tri_status tri_dataset_file_text(const tri_dataset *dataset, const char *name,
                                                        char **out);

/* The HDF5 library underneath. A program that was compiled for one version and loads another is stopped by HDF5
 * itself, with a long message; this tells before. TRI_ERR_ABSENT without HDF5. */
typedef struct tri_store_library {
    char compiled[16], loaded[16]; /* "1.10.8" */
    int parallel;                  /* built for MPI */
} tri_store_library;
TRI_API TRI_MUST_CHECK tri_status tri_store_describe(tri_store_library *out);

#ifdef __cplusplus
}
#endif
#endif
