/* The self-describing HDF5 file that a run leaves, written whole or not at all. Layout: doc/records.md.
 *
 * The file grows under a temporary name, <name>.part, and gets its own name only when it is whole: attribute
 * `complete` = 1 written last, flushed, synced, renamed without replacing another. A process that dies leaves
 * at most a .part file, never one under the final name.
 *
 * create, array and finish are collective: every rank of the communicator calls them, in the same order. Small
 * things (attributes, datasets that fit in one rank) are taken from rank 0, whose arguments alone count; other
 * ranks may call those functions too, or not. Rank 0 alone has the file open in HDF5, in memory until the first
 * array, so a small result costs no parallel I/O and no communication but the agreement at both ends.
 *
 * The functions without a status keep the first failure; the next collective one returns it on every rank. So a
 * program records everything and looks once, at tri_result_finish().
 *
 * HDF5 is not safe for threads: call these functions from one thread of a process at a time. Without HDF5 in
 * the build every function that can fail returns TRI_ERR_ABSENT and the others do nothing. */
#ifndef TRIREME_RESULT_H
#define TRIREME_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"
#include "trireme/store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tri_result tri_result;

/* Starts <folder>/<program>-<UTC time>-<id>.h5, for example results/reduce-20260131T235959Z-n017-4711.h5; id
 * is job<SLURM job>.<step> inside a job, else <host>-<process id>. Makes the folder where it is missing
 * (parents too) and claims the temporary name at once, so that a folder that cannot be written is known
 * before the work. The file gets the attributes program, hdf5_version and complete. comm is borrowed and must
 * outlive the result. TRI_ERR_FILE on all ranks: the folder or file cannot be made; the text says why. */
TRI_API TRI_MUST_CHECK tri_status tri_result_create(tri_comm *comm, const char *folder, const char *program,
                                                    tri_result **out);

/* How tri_result_create_at() makes a file; added up. */
enum {
    TRI_RESULT_REPLACE =
        1,               /* finishing takes the place of an older file of that name, in one step; without it
                             * TRI_ERR_FILE where one exists, now or when finishing */
    TRI_RESULT_PLAIN = 2 /* no attributes but the caller's own: a product that is compared with other files */
};

/* Starts a file at exactly `path`, for a product or a checkpoint. Rank 0's path counts. */
TRI_API TRI_MUST_CHECK tri_status tri_result_create_at(tri_comm *comm, const char *path, int how,
                                                       tri_result **out);

/* The final name, the same on rank 0 as in the file system. "" on other ranks. Valid as long as the result.
 */
TRI_API const char *tri_result_path(const tri_result *result);

/* Attributes of the root group. A name given twice keeps the later value. Texts are UTF-8 of any length. */
TRI_API void tri_result_text(tri_result *result, const char *name, const char *value);
TRI_API void tri_result_integer(tri_result *result, const char *name, int64_t value);
TRI_API void tri_result_real(tri_result *result, const char *name, double value);
TRI_API void tri_result_texts(tri_result *result, const char *name, size_t count, const char *const values[]);

/* Small datasets, from rank 0's memory: `rank` dimensions (0: a scalar) and values in row-major order. Groups
 * in `path` ("timing/compute") are made. units ("s", "GB/s", "1" for a pure number) and long_name are
 * required. */
TRI_API void tri_result_reals(tri_result *result, const char *path, int rank, const size_t dims[],
                              const double *values, const char *units, const char *long_name);
TRI_API void tri_result_integers(tri_result *result, const char *path, int rank, const size_t dims[],
                                 const int64_t *values, const char *units, const char *long_name);

/* A dataset spread over the ranks: `rank` >= 1 dimensions `dims`, of which this rank holds the block
 * [start, start + count) in each dimension, row-major in `values`. Blocks must not overlap; elements in no
 * block are undefined. A rank without elements gives a zero in count and may give values = NULL. Everything
 * but start, count and values must be the same on every rank. Blocks above 2 GiB work. The layout is
 * contiguous, the element is 8 bytes in native byte order. Returns when the data are with the file system of
 * every rank, or the same failure on every rank; the result can then only be destroyed. Large pieces go
 * straight to the file, past MPI-IO, where that is safe; doc/records.md says when. */
TRI_API TRI_MUST_CHECK tri_status tri_result_array(tri_result *result, const char *path, tri_element element,
                                                   int rank, const size_t dims[], const size_t start[],
                                                   const size_t count[], const void *values,
                                                   const char *units, const char *long_name);

/* Completes the file and gives it its name, or removes it; either way the result can then only be asked for
 * its path and destroyed. The same status on every rank: the first failure of any call before, or
 * TRI_ERR_FILE: the disk is full, ... */
TRI_API TRI_MUST_CHECK tri_status tri_result_finish(tri_result *result);

/* Frees; a file that was not finished is removed. Not collective; takes NULL. */
TRI_API void tri_result_destroy(tri_result **result);

#ifdef __cplusplus
}
#endif
#endif
