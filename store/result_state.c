/* The state of a result file: its first failure, the image in memory, the file on disk. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
    const char *name = result->temporary ? result->temporary : "the result file";
    if (strstr(reason, "No space left"))
        return tri_fail(TRI_ERR_FILE,
                        "cannot write '%s': the disk is full; make room or choose another folder", name);
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

tri_status tri_result_close_h5(tri_result *result) {
    if (H5Fflush(result->h5, H5F_SCOPE_GLOBAL) < 0) {
        tri_status status = tri_result_h5_failure(result, "the last of its contents");
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
        status = tri_file_write(result->fd, image, (size_t)bytes, 0, result->temporary);
    free(image);
    return status;
}

static tri_status root_to_disk(tri_result *result) {
    TRI_TRY(tri_result_write_image(result));
    TRI_TRY(tri_result_close_h5(result));
    return tri_result_open_h5(result);
}

static tri_status all_to_disk(tri_result *result) {
    char name[PATH_MAX] = "";
    if (result->root) snprintf(name, sizeof name, "%s", result->temporary);
    TRI_TRY(tri_result_share(result->comm, name, sizeof name));
    if (!result->root) {
        result->temporary = strdup(name);
        if (!result->temporary) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", name);
        result->fd = open(name, O_RDWR | O_CLOEXEC);
    }
    if (result->fd < 0)
        return tri_fail(TRI_ERR_FILE, "cannot open '%s' on this rank: choose a folder shared by all nodes",
                        name);
    result->direct = open(name, O_WRONLY | O_DIRECT | O_CLOEXEC);
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
