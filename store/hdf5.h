/* HDF5 helpers for the files of this folder. Internal. */
#ifndef TRIREME_STORE_HDF5_H
#define TRIREME_STORE_HDF5_H

#include <hdf5.h>

#include "trireme/status.h"
#include "trireme/store.h"

/* By default HDF5 prints its error stack. The setting is global, so each call of the library switches the
 * printing off and restores it at the end. */
typedef struct tri_h5_quiet {
    H5E_auto2_t print;
    void *data;
} tri_h5_quiet;

tri_h5_quiet tri_h5_quiet_begin(void);
void tri_h5_quiet_end(tri_h5_quiet quiet);

/* After an error in a file: HDF5 would print "infinite loop closing library" at the end of the process, where
 * the error has left something that it cannot close. Printing stays off from the next tri_h5_quiet_begin(),
 * or the present one, on. */
void tri_h5_stay_quiet(void);

enum { TRI_H5_REASON = 600 };

/* Writes the innermost line of HDF5's error stack to `text`; if it quotes an errno, only the text of that
 * errno. Call it directly after the failed call: the next call clears the stack. Returns `text`. */
const char *tri_h5_reason(char text[TRI_H5_REASON]);

/* Fails with the reason why the file cannot be opened for reading, after H5Fopen() failed. */
tri_status tri_h5_open_failure(const char *file);

/* The length of the name of standard input, "-" or "/dev/stdin", with which a specification begins; or 0. */
size_t tri_is_input(const char *spec);

/* Fails with the reason why something is no file that can be read. */
TRI_MUST_CHECK tri_status tri_file_check(const char *file);

/* Opens a file for reading, without MPI-IO. */
TRI_MUST_CHECK tri_status tri_h5_open(const char *file, hid_t *out);

/* A file access property list with locks if the file system supports them. The caller closes it. */
hid_t tri_h5_access(void);

/* Writes the paths of the first datasets under `group`, whose path is `prefix` ("" for the root), to `text`,
 * separated by commas, with "..." if there are more. Returns the number of datasets up to 8, 9 if there are
 * more, or -1 if HDF5 cannot read the group or an object in it; tri_h5_reason() then says why. */
int tri_h5_list(hid_t group, const char *prefix, char *text, size_t bytes);

/* The largest block that starts at element `first` of an array, has at most `count` elements and is
 * contiguous in row-major order: one index in the leading dimensions, a run of indices in the next, all
 * indices in the rest. Returns its number of elements. rank >= 1; the range must be nonempty and inside the
 * array. A range in N dimensions consists of at most 2 N - 1 such blocks. */
size_t tri_block_at(int rank, const size_t dims[], size_t first, size_t count, hsize_t start[],
                    hsize_t length[]);

#endif
