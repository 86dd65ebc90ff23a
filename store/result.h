/* A result file open for writing. Internal. */
#ifndef TRIREME_STORE_RESULT_H
#define TRIREME_STORE_RESULT_H

#include "store/hdf5.h"
#include "trireme/comm.h"
#include "trireme/output.h"
#include "trireme/result.h"

/* Only rank 0 has the file open in HDF5, so that metadata need no agreement and a full disk fails on one
 * rank. (Parallel HDF5 hangs if a rank cannot write metadata.) Until the first array the file exists in
 * memory only. */
struct tri_result {
    tri_comm *comm;
    int root;           /* this is rank 0 */
    int replace;        /* may replace a file of the final name */
    int plain;          /* without the attributes that describe this library */
    int on_disk;        /* an array has been added; the same on all ranks */
    int closed;         /* finished, or failed for good; the same on all ranks */
    tri_output *output; /* the file on disk; rank 0 only */
    char *path;         /* the final name; other ranks learn it with the first array, for error texts */
    char *stem;      /* of a name that this library chooses: without the number and ".h5"; rank 0, or NULL */
    char *temporary; /* the temporary name; other ranks learn it with the first array */
    int fd;          /* the temporary file, which is the output's on rank 0; other ranks open it with the
                        * first array; else -1 */
    int direct;      /* the same with O_DIRECT, from the first array on; -1 if not possible */
    hid_t h5;        /* rank 0's open file, or invalid */
    tri_status failed; /* the first failure, and its error text */
    char why[1024];
};

/* Records a failure and its error text, if it is the first. */
void tri_result_keep(tri_result *result, tri_status status);

/* Returns the recorded failure and restores its error text. */
TRI_MUST_CHECK tri_status tri_result_kept(const tri_result *result);

/* Moves the file from memory to disk unless done already, and opens it on all ranks. Collective; the same
 * status on all. */
TRI_MUST_CHECK tri_status tri_result_to_disk(tri_result *result);

/* Broadcasts bytes from rank 0. Collective. */
TRI_MUST_CHECK tri_status tri_result_share(tri_comm *comm, void *bytes, size_t count);

/* Open and close the file on disk in HDF5; rank 0 only. */
TRI_MUST_CHECK tri_status tri_result_open_h5(tri_result *result);
TRI_MUST_CHECK tri_status tri_result_close_h5(tri_result *result);

/* Writes what HDF5 holds back to the file; rank 0 only. Reserves the disk space first, since HDF5 cannot
 * close a file after a flush that failed: it crashes in MPI_Finalize (1.10.8). */
TRI_MUST_CHECK tri_status tri_result_flush(tri_result *result, const char *what);

/* Redirects HDF5's pending writes of an abandoned file to memory; rank 0 only, before closing. On a full disk
 * HDF5 otherwise cannot close the file or dataset, and tries again, with messages, at exit. */
void tri_result_detach(tri_result *result);

/* Detaches and closes the file in HDF5, if it is open there; rank 0 only. */
void tri_result_give_up_h5(tri_result *result);

/* Writes the file image of rank 0 to the disk; rank 0 only. */
TRI_MUST_CHECK tri_status tri_result_write_image(tri_result *result);

/* A file access property list for formats that HDF5 1.8 and later read. The caller closes it. */
hid_t tri_result_access(void);

/* Fails with the reason from HDF5's error stack why an operation on the result file failed. */
tri_status tri_result_h5_failure(const tri_result *result, const char *what);

/* Writes a text attribute of an object. False: the error stack has the reason. */
int tri_h5_write_text(hid_t object, const char *name, const char *value);

/* Writes the attributes units and long_name of a dataset. False: the error stack has the reason. */
int tri_h5_describe(hid_t dataset, const char *units, const char *long_name);

/* Chooses the names, creates the folder and the temporary file; rank 0 only. */
TRI_MUST_CHECK tri_status tri_result_claim(tri_result *result, const char *folder, const char *program);
TRI_MUST_CHECK tri_status tri_result_claim_at(tri_result *result, const char *path);
/* Syncs the file and gives it its final name; rank 0 only. */
TRI_MUST_CHECK tri_status tri_result_publish(tri_result *result);

/* Writes all bytes at `offset`, for any size. `name` is for the error text. */
TRI_MUST_CHECK tri_status tri_file_write(int fd, const void *data, size_t bytes, size_t offset,
                                         const char *name);
/* The same; writes whole blocks of large data through `direct`, a descriptor with O_DIRECT, unless it is
 * -1. */
TRI_MUST_CHECK tri_status tri_file_write_large(int fd, int direct, const void *data, size_t bytes,
                                               size_t offset, const char *name);
TRI_MUST_CHECK tri_status tri_file_sync(int fd, const char *name);

#endif
