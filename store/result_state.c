/* The state of a result file: its first failure, the image in memory, the file on disk. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/result.h"
#include "trireme/message.h"

void tri_result_keep(tri_result *result, tri_status status) {
    if (status == TRI_OK || result->failed != TRI_OK) return;
    result->failed = status;
    snprintf(result->why, sizeof result->why, "%s", tri_error_text());
}

tri_status tri_result_kept(const tri_result *result) {
    return result->failed == TRI_OK ? TRI_OK : tri_fail(result->failed, "%s", result->why);
}

tri_status tri_result_h5_failure(const tri_result *result, const char *what) {
    char reason[TRI_H5_REASON];
    tri_h5_reason(reason);
    const char *name = result->path ? result->path : "the result file";
    if (strstr(reason, "No space left")) {
        errno = ENOSPC;
        return tri_output_failure("write", name);
    }
    return tri_fail(TRI_ERR_FILE, "cannot write '%s' into '%s': %s", what, name, reason);
}

hid_t tri_result_access(void) {
    hid_t access = tri_h5_access();
    H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
    /* Align large data to 1 MiB, for the stripes of parallel file systems. */
    H5Pset_alignment(access, (hsize_t)64 << 10, (hsize_t)1 << 20);
    return access;
}

tri_status tri_result_open_h5(tri_result *result) {
    hid_t access = tri_result_access();
    result->h5 = H5Fopen(result->temporary, H5F_ACC_RDWR, access);
    tri_status status = result->h5 < 0 ? tri_result_h5_failure(result, "more") : TRI_OK;
    H5Pclose(access);
    return status;
}

void tri_result_detach(tri_result *result) {
    void *handle = NULL;
    int memory = memfd_create("trireme given up", MFD_CLOEXEC);
    if (result->on_disk && memory >= 0 && H5Fget_vfd_handle(result->h5, H5P_DEFAULT, &handle) >= 0)
        dup2(memory, *(int *)handle);
    if (memory >= 0) close(memory);
}

void tri_result_give_up_h5(tri_result *result) {
    if (result->h5 < 0) return;
    tri_result_detach(result);
    H5Fclose(result->h5);
    result->h5 = H5I_INVALID_HID;
}

/* Reserves the disk space of everything that HDF5 has placed in the file. */
static tri_status reserve(const tri_result *result) {
    hsize_t size = 0;
    struct stat file;
    struct statvfs disk;
    if (H5Fget_filesize(result->h5, &size) < 0 || !size || fstat(result->fd, &file)) return TRI_OK;
    /* The free space first: a reservation that fails fills the disk for a moment, and other programs, or our
     * own error line in a file, find no room. */
    uint64_t has = (uint64_t)file.st_blocks * 512;
    if (!fstatvfs(result->fd, &disk) && size > has && size - has > (uint64_t)disk.f_bavail * disk.f_frsize) {
        errno = ENOSPC;
        return tri_output_failure("write", result->path);
    }
    /* Other errors: the file system cannot reserve. */
    if (!fallocate(result->fd, 0, 0, (off_t)size) || (errno != ENOSPC && errno != EDQUOT)) return TRI_OK;
    tri_status status = tri_output_failure("write", result->path);
    int ignored = ftruncate(result->fd, file.st_size);
    (void)ignored;
    return status;
}

tri_status tri_result_flush(tri_result *result, const char *what) {
    if (result->on_disk) TRI_TRY(reserve(result));
    return H5Fflush(result->h5, H5F_SCOPE_GLOBAL) < 0 ? tri_result_h5_failure(result, what) : TRI_OK;
}

tri_status tri_result_close_h5(tri_result *result) {
    tri_status status = tri_result_flush(result, "the last of its contents");
    if (status != TRI_OK) {
        tri_result_give_up_h5(result);
        return status;
    }
    hid_t closing = result->h5;
    result->h5 = H5I_INVALID_HID;
    return H5Fclose(closing) < 0 ? tri_result_h5_failure(result, "the last of its contents") : TRI_OK;
}

tri_status tri_result_share(tri_comm *comm, void *bytes, size_t count) {
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), bit = 1;
    while (bit < size && !(rank & bit))
        bit <<= 1;
    if (rank) TRI_TRY(tri_recv(bytes, count, MPI_BYTE, rank - bit, 0, comm));
    for (bit >>= 1; bit; bit >>= 1)
        if (rank + bit < size) TRI_TRY(tri_send(bytes, count, MPI_BYTE, rank + bit, 0, comm));
    return TRI_OK;
}

tri_status tri_result_write_image(tri_result *result) {
    ssize_t bytes = -1;
    char *image = NULL;
    tri_status status = TRI_OK;
    if (H5Fflush(result->h5, H5F_SCOPE_GLOBAL) < 0 || (bytes = H5Fget_file_image(result->h5, NULL, 0)) < 0)
        /* NOLINTNEXTLINE(bugprone-branch-clone): two steps may fail alike */
        status = tri_result_h5_failure(result, "a file image");
    else if (!(image = malloc((size_t)bytes)))
        status = tri_fail(TRI_ERR_MEMORY, "no memory for the %zd bytes of '%s'", bytes, result->path);
    else if (H5Fget_file_image(result->h5, image, (size_t)bytes) < 0)
        status = tri_result_h5_failure(result, "a file image");
    else
        status = tri_file_write(result->fd, image, (size_t)bytes, 0, result->path);
    free(image);
    return status;
}

static tri_status root_to_disk(tri_result *result) {
    TRI_TRY(tri_result_write_image(result));
    TRI_TRY(tri_result_close_h5(result));
    return tri_result_open_h5(result);
}

static tri_status all_to_disk(tri_result *result) {
    char name[2][PATH_MAX] = {"", ""};
    if (result->root) {
        snprintf(name[0], sizeof name[0], "%s", result->temporary);
        snprintf(name[1], sizeof name[1], "%s", result->path);
    }
    TRI_TRY(tri_result_share(result->comm, name, sizeof name));
    if (!result->root) {
        result->temporary = strdup(name[0]);
        result->path = strdup(name[1]);
        if (!result->temporary || !result->path)
            return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", name[1]);
        result->fd = open(name[0], O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    }
    if (result->fd < 0)
        return tri_fail(TRI_ERR_FILE, "cannot open '%s' on this rank: choose a folder shared by all nodes",
                        name[1]);
    result->direct = open(name[0], O_WRONLY | O_DIRECT | O_NOFOLLOW | O_CLOEXEC);
    return TRI_OK;
}

tri_status tri_result_to_disk(tri_result *result) {
    if (result->closed) return tri_fail(TRI_ERR_ARGUMENT, "the result file is already finished");
    if (result->root && result->failed == TRI_OK && !result->on_disk)
        tri_result_keep(result, root_to_disk(result));
    tri_status status = tri_agree(result->comm, tri_result_kept(result));
    if (status == TRI_OK && !result->on_disk) {
        status = tri_agree(result->comm, all_to_disk(result));
        result->on_disk = 1;
    }
    tri_result_keep(result, status);
    return status;
}
