/* A result file being written. */
#ifndef TRIREME_STORE_RESULT_H
#define TRIREME_STORE_RESULT_H

#include "store/hdf5.h"
#include "trireme/comm.h"
#include "trireme/result.h"

/* Rank 0 alone has the file open in HDF5: its metadata then need no agreement, and a full disk is one rank's failure.
 * (Parallel HDF5 hangs where a rank cannot write metadata.) Until the first array the file is in memory only. */
struct tri_result {
    tri_comm *comm;
    int root;    /* this is rank 0 */
    int replace; /* an older file of the final name may go */
    int plain;   /* without the attributes that tell of this library */
    int on_disk; /* an array has been added; the same on all ranks */
    int closed;  /* finished, or failed for good; the same on all ranks */
    char *path;  /* the final name; rank 0 only */
    char *part;  /* the temporary name; other ranks learn it with the first array */
    int fd;      /* the temporary file; other ranks open it with the first array; else -1 */
    int direct;  /* the same past the page cache, once an array was added; -1 where that is not possible */
    hid_t h5;    /* rank 0's open file, or invalid */
    tri_status failed; /* the first failure, and why */
    char why[1024];
};

/* Keeps the first failure, with its text from tri_error_text(). */
void tri_result_keep(tri_result *result, tri_status status);

/* The kept failure as this thread's status and text. */
TRI_MUST_CHECK tri_status tri_result_kept(const tri_result *result);

/* Puts the file on disk, where it is not, and has all ranks open it. Collective; the same status on all. */
TRI_MUST_CHECK tri_status tri_result_to_disk(tri_result *result);

/* Rank 0's bytes to all. Collective. */
TRI_MUST_CHECK tri_status tri_result_share(tri_comm *comm, void *bytes, size_t count);

/* Opens the file on disk by HDF5, and closes it; rank 0 only. */
TRI_MUST_CHECK tri_status tri_result_open_h5(tri_result *result);
TRI_MUST_CHECK tri_status tri_result_close_h5(tri_result *result);

/* HDF5 cannot close a file or dataset that it cannot write (a full disk), and would try again, loudly, when the process
 * ends. So what it still holds of a file that is given up goes into memory instead; rank 0 only, before closing. */
void tri_result_detach(tri_result *result);

/* Formats that HDF5 1.8 and everything after it reads. */
hid_t tri_result_access(void);

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
/* Removes the temporary file; not that of another run that took its name. */
void tri_result_discard(tri_result *result);

/* The failure of a write to a full disk. */
tri_status tri_file_full(const char *name);

/* Writes all bytes at `offset`, whatever the size. `name` is for the error text. */
TRI_MUST_CHECK tri_status tri_file_write(int fd, const void *data, size_t bytes, size_t offset,
                                         const char *name);
/* The same; whole blocks of large data go through `direct`, a descriptor with O_DIRECT, where that is not -1. */
TRI_MUST_CHECK tri_status tri_file_write_large(int fd, int direct, const void *data, size_t bytes,
                                               size_t offset, const char *name);
TRI_MUST_CHECK tri_status tri_file_sync(int fd, const char *name);

#endif
