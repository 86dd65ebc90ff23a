/** @file
 * Arrays of any element type, written into a result file in pieces; and the template of an array, which is
 * everything but its shape, so that a block or a permutation of a dataset can have the template of the
 * dataset that it came from.
 *
 * Elements are bytes as they are stored, without conversion, so compounds, fixed-length strings and floats of
 * any width and byte order are unchanged. HDF5 is not thread-safe: call these functions from one thread of a
 * process at a time, except tri_array_write_work(). Without HDF5 in the build every function that can fail
 * returns TRI_ERR_ABSENT.
 */
#ifndef TRIREME_ARRAY_H
#define TRIREME_ARRAY_H

#include <stddef.h>

#include "trireme/result.h"
#include "trireme/status.h"
#include "trireme/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The template of a dataset: type, fill value, chunks and filters, attributes. Freed with
 * tri_template_free(). */
typedef struct tri_template {
    void *image;  /**< bytes that can be sent to any rank */
    size_t bytes; /**< their number */
} tri_template;

/** Takes the template of a dataset. Omitted are attributes that refer to other objects (dimension scales of
 * netCDF-4), which would be dangling in another file, and external or virtual storage. Local. TRI_ERR_FILE,
 * TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_template_take(const tri_dataset *dataset, tri_template *out);

/** Makes the template of numbers of one kind, without chunks. long_name: the attribute of that name, or NULL.
 * Local. TRI_ERR_FILE, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_template_number(tri_number number, const char *long_name,
                                                      tri_template *out);

/** Sends the root's template to all ranks; *like is written on the others. Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_template_share(tri_template *like, int root, tri_comm *comm);

/** Frees and empties a template. NULL and an empty template are allowed. Local. */
TRI_API void tri_template_free(tri_template *like);

/** A dataset that is written in pieces. Opaque. */
typedef struct tri_array tri_array;

/** Makes the dataset `path` in `result` (and the groups in `path`), of `rank` >= 1 dimensions `dims` and the
 * given template; like == NULL: 64-bit signed integers without attributes. chunk: NULL keeps the chunks and
 * filters of the template where it has the same number of dimensions; otherwise the size of a chunk in each
 * dimension, without filters, or all zeros for no chunks. Elements that are never written are undefined. A
 * full disk is reported here where the file system can tell. The array borrows the result; the caller frees
 * it with tri_array_destroy(). Collective, with the same arguments on every rank. TRI_ERR_FILE,
 * TRI_ERR_ARGUMENT, TRI_ERR_MEMORY. */
TRI_API TRI_MUST_CHECK tri_status tri_array_create(tri_result *result, const char *path,
                                                   const tri_template *like, int rank, const size_t dims[],
                                                   const size_t chunk[], tri_array **out);

/** Bytes of an element as it is stored. Local. */
TRI_API size_t tri_array_element_bytes(const tri_array *array);

/** Writes this rank's block [start, start + count), stored elements in row-major order. Every rank calls it
 * equally often; a rank without elements passes a zero in count and may pass values = NULL. Blocks of one
 * call must not overlap. Where the template's filters were kept, only rank 0 may have elements;
 * TRI_ERR_ARGUMENT otherwise. Without chunks, runs of 4 KiB and more are written directly to the file where
 * that is safe (doc/records.md). Collective; the same status on every rank. After a failure array and
 * result can only be destroyed. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write(tri_array *array, const size_t start[],
                                                  const size_t count[], const void *values);

/** Starts tri_array_write(), so that the disk works while the program continues; the values are borrowed
 * until tri_array_write_finish(). Where ranks have to write together, it writes the values. Until the finish
 * no other function may be called on the array or its result, except tri_array_write_work(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write_start(tri_array *array, const size_t start[],
                                                        const size_t count[], const void *values);

/** Writes what tri_array_write_start() has left. Any thread of the process may call it: it calls neither MPI
 * nor HDF5. Local. */
TRI_API void tri_array_write_work(tri_array *array);

/** Completes tri_array_write_start(), and does the work of tri_array_write_work() where no thread has.
 * Collective; the same status on every rank. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write_finish(tri_array *array);

/** Writes this rank's elements [first, first + count) of the row-major order; otherwise as tri_array_write().
 * TRI_ERR_ARGUMENT: the array has chunks. */
TRI_API TRI_MUST_CHECK tri_status tri_array_write_range(tri_array *array, size_t first, size_t count,
                                                        const void *values);

/** Frees the array and sets *array to NULL; what was written stays. NULL and a pointer to NULL are allowed.
 * Local. */
TRI_API void tri_array_destroy(tri_array **array);

#ifdef __cplusplus
}
#endif
#endif
