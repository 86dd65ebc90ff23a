/* Arrays of any type of element, written into a result file in pieces; and what an array is like apart from its shape,
 * so that a part, a whole or a permutation of a dataset is of the same kind as the dataset it came from.
 *
 * Elements are as they are stored: bytes that nobody converts, so compounds, fixed-length strings and floats of any
 * width and byte order pass unchanged. HDF5 is not safe for threads: call these functions from one thread of a process
 * at a time. Without HDF5 in the build every function that can fail returns TRI_ERR_ABSENT. */
#ifndef TRIREME_ARRAY_H
#define TRIREME_ARRAY_H

#include <stddef.h>

#include "trireme/result.h"
#include "trireme/status.h"
#include "trireme/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a dataset is like: type, fill value, chunks and filters, attributes. Bytes, which can be sent to any rank. */
typedef struct tri_template {
    void *image;
    size_t bytes;
} tri_template;

/* Takes the form of a dataset. Left out: attributes that refer to other objects (dimension scales of netCDF-4), which
 * would point nowhere in another file, and external or virtual storage. TRI_ERR_FILE, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_template_take(const tri_dataset *dataset, tri_template *out);

/* The form of numbers of one kind, without chunks; long_name: the attribute of that name, or NULL. TRI_ERR_FILE,
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_template_number(tri_number number, const char *long_name, tri_template *out);

/* The root's form to all ranks; the others' *form is written. Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_template_share(tri_template *like, int root, tri_comm *comm);

/* Frees and empties; NULL and an empty form do nothing. */
TRI_API void tri_template_free(tri_template *like);

typedef struct tri_array tri_array;

/* Makes the dataset `path` (groups in it are made) in `result`, of `rank` >= 1 dimensions `dims` and the given form;
 * form == NULL: 64-bit signed integers, without attributes.
 * chunk: NULL keeps the chunks and filters of the form where it has the same number of dimensions; else the size of
 * a chunk in each dimension, without filters, or all zeros for no chunks. Collective; all arguments the same on every
 * rank. Elements that are never written are undefined. A disk that is too full is known here, where the file system
 * can tell. The array borrows the result. TRI_ERR_FILE, TRI_ERR_ARGUMENT, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_array_create(tri_result *result, const char *path, const tri_template *like,
                                                   int rank, const size_t dims[], const size_t chunk[],
                                                   tri_array **out);

/* Bytes of an element as it is stored. */
TRI_API size_t tri_array_element_bytes(const tri_array *array);

/* Writes the block [start, start + count) of this rank, stored elements in row-major order. Collective: every rank
 * calls it, as often as the others; one without elements gives a zero in count and may give values = NULL. Blocks
 * that are written at the same time must not overlap. Where the form's filters were kept rank 0 alone may have
 * elements; TRI_ERR_ARGUMENT otherwise. Without chunks, runs of 4 KiB and more go straight to the file where that is
 * safe (doc/records.md). The same status on every rank; after a failure array and result can only be destroyed. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write(tri_array *array, const size_t start[],
                                                  const size_t count[], const void *values);

/* tri_array_write() in parts, so that the disk works while the program goes on. tri_array_write_start() is collective, and
 * borrows the values; where ranks have to write together it writes them. tri_array_write_work() writes what is left, and may
 * be called by another thread of this process: it calls neither MPI nor HDF5. tri_array_write_finish(), collective,
 * gives the values back and tells every rank what came of it; it does the work where nobody has. Nothing else may be
 * done with the array or its result in between. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write_start(tri_array *array, const size_t start[],
                                                        const size_t count[], const void *values);
TRI_API void tri_array_write_work(tri_array *array);
TRI_API TRI_MUST_CHECK tri_status tri_array_write_finish(tri_array *array);

/* Writes this rank's elements [first, first + count) of the row-major order; otherwise as tri_array_write(). The array
 * has no chunks; TRI_ERR_ARGUMENT otherwise. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write_range(tri_array *array, size_t first, size_t count,
                                                        const void *values);

/* Frees; what was written stays. Takes NULL. */
TRI_API void tri_array_destroy(tri_array **array);

#ifdef __cplusplus
}
#endif
#endif
