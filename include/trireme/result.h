/** @file
 * The self-describing HDF5 file that a run leaves, written completely or not at all. Layout: doc/records.md.
 *
 * The file is an output as in trireme/output.h: written under a temporary name of rank 0, NAME.RANDOM.part,
 * and gets its own name when it is complete: attribute `complete` = 1 written last, flushed, synced, renamed
 * without replacing another file. A process that is killed leaves at most a .part file.
 *
 * tri_result_create(), tri_result_create_at(), tri_result_array() and tri_result_finish() are collective:
 * every rank of the communicator calls them, in the same order. The other functions are local and take effect
 * on rank 0; other ranks may call them or not. Rank 0 alone has the file open in HDF5, in memory until the
 * first array, so a small result needs no parallel I/O and no communication except the agreement at both
 * ends.
 *
 * Functions without a status keep the first failure; the next collective one returns it on every rank. So a
 * program records everything and checks once, at tri_result_finish().
 *
 * HDF5 is not thread-safe: call these functions from one thread of a process at a time. Without HDF5 in the
 * build every function that can fail returns TRI_ERR_ABSENT and the others do nothing.
 */
#ifndef TRIREME_RESULT_H
#define TRIREME_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "trireme/status.h"
#include "trireme/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A result file that is being written. Opaque. */
typedef struct tri_result tri_result;

/** Starts a file FOLDER/PROGRAM-TIME-ID.h5, for example results/reduce-20260131T235959Z-n017-4711.h5. TIME is
 * UTC; ID is jobJOB.STEP inside a SLURM job, otherwise HOST-PROCESS. Makes the folder and its parents where
 * they are missing and creates the temporary file at once, so that a folder without write permission is
 * reported before the work. The file gets the attributes program, hdf5_version and complete. `comm` is
 * borrowed until the result is destroyed. NULL: this process alone writes the file, without MPI; all
 * functions are then local, and tri_result_array() fails. The caller frees *out with tri_result_destroy().
 * Collective. TRI_ERR_FILE on all ranks: the folder or file cannot be made. */
TRI_API TRI_MUST_CHECK tri_status tri_result_create(tri_comm *comm, const char *folder, const char *program,
                                                    tri_result **out);

/** Flags of tri_result_create_at(); add them. */
enum {
    /** replace an older regular file of that name in one step at the finish, unless another program has
     * written it since; without it an existing file is TRI_ERR_FILE, now or then */
    TRI_RESULT_REPLACE = 1,
    TRI_RESULT_PLAIN = 2 /**< no attributes but the caller's, for a product */
};

/** Starts a file at exactly `path` (rank 0's), for a product or a checkpoint; `how` is a sum of flags.
 * Otherwise as tri_result_create(). Collective. */
TRI_API TRI_MUST_CHECK tri_status tri_result_create_at(tri_comm *comm, const char *path, int how,
                                                       tri_result **out);

/** The final name on rank 0, "" on other ranks. Belongs to the result. tri_result_finish() changes a name
 * that tri_result_create() has chosen where another run has taken it meanwhile. Local. */
TRI_API const char *tri_result_path(const tri_result *result);

/** Sets a text attribute of the root group, in UTF-8 of any length. A later value of the same name replaces
 * it. */
TRI_API void tri_result_text(tri_result *result, const char *name, const char *value);

/** Sets an integer attribute of the root group. */
TRI_API void tri_result_integer(tri_result *result, const char *name, int64_t value);

/** Sets a real attribute of the root group. */
TRI_API void tri_result_real(tri_result *result, const char *name, double value);

/** Sets an attribute of the root group with `count` texts. */
TRI_API void tri_result_texts(tri_result *result, const char *name, size_t count, const char *const values[]);

/** Writes a small dataset from rank 0's memory: `rank` dimensions (0: a scalar), values in row-major order.
 * Groups in `path` ("timing/compute") are made. units ("s", "GB/s", "1" for a pure number) and long_name are
 * required. */
TRI_API void tri_result_reals(tri_result *result, const char *path, int rank, const size_t dims[],
                              const double *values, const char *units, const char *long_name);

/** tri_result_reals() for integers. */
TRI_API void tri_result_integers(tri_result *result, const char *path, int rank, const size_t dims[],
                                 const int64_t *values, const char *units, const char *long_name);

/** Writes a dataset that is spread over the ranks: `rank` >= 1 dimensions `dims`, of which this rank has the
 * block [start, start + count) in each dimension, row-major in `values`. Blocks must not overlap; elements in
 * no block are undefined. A rank without elements passes a zero in count and may pass values = NULL. All
 * other arguments are the same on every rank. Blocks above 2 GiB work. The layout is contiguous, elements
 * have 8 bytes in native byte order. Large pieces are written directly to the file, without MPI-IO, where
 * that is safe (doc/records.md). Returns when the file systems of all ranks have the data. Collective; the
 * same status on every rank; after a failure the result can only be destroyed. */
TRI_API TRI_MUST_CHECK tri_status tri_result_array(tri_result *result, const char *path, tri_element element,
                                                   int rank, const size_t dims[], const size_t start[],
                                                   const size_t count[], const void *values,
                                                   const char *units, const char *long_name);

/** Completes the file and gives it its name, or removes it; afterwards only tri_result_path() and
 * tri_result_destroy() may be called. Collective; the same status on every rank: the first failure of any
 * earlier call, or TRI_ERR_FILE, for example a full disk. */
TRI_API TRI_MUST_CHECK tri_status tri_result_finish(tri_result *result);

/** Frees the result and sets *result to NULL; an unfinished file is removed. NULL and a pointer to NULL are
 * allowed. Local. */
TRI_API void tri_result_destroy(tri_result **result);

#ifdef __cplusplus
}
#endif
#endif
