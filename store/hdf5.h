/* What the files of this folder share about HDF5. */
#ifndef TRIREME_STORE_HDF5_H
#define TRIREME_STORE_HDF5_H

#include <hdf5.h>

#include "trireme/status.h"
#include "trireme/store.h"

/* HDF5 prints its error stack by itself unless told not to. The setting belongs to the process, so it is put
 * back after each of our calls. */
typedef struct tri_h5_quiet {
    H5E_auto2_t print;
    void *data;
} tri_h5_quiet;

tri_h5_quiet tri_h5_quiet_begin(void);
void tri_h5_quiet_end(tri_h5_quiet quiet);

enum { TRI_H5_REASON = 600 };

/* What the innermost line of HDF5's error stack says; where that quotes an errno, that error's text alone. To be called right after the call that failed: the next
 * call empties the stack. Returns `text`. */
const char *tri_h5_reason(char text[TRI_H5_REASON]);

/* Why the HDF5 file could not be opened for reading, after H5Fopen() failed; always a failure. */
tri_status tri_h5_open_failure(const char *file);

/* Opens a file for reading, by itself. */
TRI_MUST_CHECK tri_status tri_h5_open(const char *file, hid_t *out);

/* A property list that takes file locks where the file system has them and goes without where it has not. */
hid_t tri_h5_access(void);

/* Writes the paths of the first datasets under `group` into text, separated by commas, "..." behind where
 * there are more than fit. Returns how many were seen: all of them up to 8, or 9. */
int tri_h5_list(hid_t group, char *text, size_t bytes);

/* The largest block of whole sub-arrays that begins at element `first` of an array and has at most `count`
 * elements: one index in some leading dimensions, a run of indices in the next, everything behind it. Returns
 * its elements. rank >= 1; the range is not empty and inside. An N-dimensional range takes at most 2 N - 1
 * such blocks. */
size_t tri_block_at(int rank, const size_t dims[], size_t first, size_t count, hsize_t start[],
                    hsize_t length[]);

#endif
