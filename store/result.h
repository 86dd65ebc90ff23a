/* A result file being written. */
#ifndef TRIREME_STORE_RESULT_H
#define TRIREME_STORE_RESULT_H

#include "store/hdf5.h"
#include "trireme/comm.h"
#include "trireme/result.h"

/* Who has the file open, and how. The same on all ranks. */
typedef enum tri_result_state {
    TRI_RESULT_MEMORY, /* rank 0, in memory: nothing of it is on disk, so a full disk cannot leave HDF5 half
                          way */
    TRI_RESULT_DISK,   /* rank 0, by the plain driver: an array has been written before */
    TRI_RESULT_SPREAD, /* all ranks, by MPI-IO */
    TRI_RESULT_CLOSED
} tri_result_state;

struct tri_result {
    tri_comm *comm;
    int root;      /* this is rank 0 */
    int replace;   /* an older file of the final name may go */
    char *path;    /* the final name; rank 0 only */
    char *part;    /* the temporary name; other ranks learn it with the first array */
    int fd;        /* the temporary file; other ranks open it with the first array; else -1 */
    int fd_direct; /* the same past the page cache; -1 where the file system cannot */
    tri_result_state state;
    hid_t h5;          /* the open file, or invalid */
    tri_status failed; /* the first failure, and why */
    char why[1024];
};

/* Keeps the first failure, with its text from tri_error_text(). */
void tri_result_keep(tri_result *result, tri_status status);

/* The kept failure as this thread's status and text. */
TRI_MUST_CHECK tri_status tri_result_kept(const tri_result *result);

/* Makes rank 0 the one that has the file open, or all ranks. Collective. */
void tri_result_to_root(tri_result *result);
TRI_MUST_CHECK tri_status tri_result_to_all(tri_result *result);

/* Why an operation on the result file failed: from HDF5's error stack. */
tri_status tri_result_h5_failure(const tri_result *result, const char *what);

/* An attribute that holds one text, of any object. False: the error stack says why. */
int tri_h5_write_text(hid_t object, const char *name, const char *value);

/* units and long_name of a dataset. */
int tri_h5_describe(hid_t dataset, const char *units, const char *long_name);

/* Names and the folder; rank 0 only. The claim makes the temporary file, which did not exist. */
TRI_MUST_CHECK tri_status tri_result_claim(tri_result *result, const char *folder, const char *program);
TRI_MUST_CHECK tri_status tri_result_claim_at(tri_result *result, const char *path);
/* Gives the temporary file its final name and makes that durable. */
TRI_MUST_CHECK tri_status tri_result_publish(tri_result *result);

/* Writes all bytes at `offset`, whatever the size. `name` is for the error text. */
TRI_MUST_CHECK tri_status tri_file_write(int fd, const void *data, size_t bytes, size_t offset,
                                         const char *name);
TRI_MUST_CHECK tri_status tri_file_sync(int fd, const char *name);

#endif
