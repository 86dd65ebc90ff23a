/* The life of a result file: claimed, open in one way or another, finished or removed. */
#include "store/result.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
    const char *name = result->part ? result->part : "the result file";
    if (strstr(reason, "No space left"))
        return tri_fail(TRI_ERR_FILE,
                        "cannot write '%s': the disk is full; make room or choose another folder", name);
    return tri_fail(TRI_ERR_FILE, "cannot write '%s' into '%s': %s", what, name, reason);
}

hid_t tri_result_access(void) {
    hid_t access = tri_h5_access();
    H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
    /* Large data at multiples of 1 MiB: the stripes of parallel file systems. */
    H5Pset_alignment(access, (hsize_t)64 << 10, (hsize_t)1 << 20);
    return access;
}

static tri_status open_memory(tri_result *result) {
    hid_t access = tri_result_access(), creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_alignment(access, 1, 1);
    H5Pset_fapl_core(access, (size_t)64 << 10, 0);
    /* Readers then list the attributes as they were written. It also brings the kind of root group whose
     * attributes may be larger than 64 KiB, as a list of hosts can be. */
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    result->h5 = H5Fcreate(result->part, H5F_ACC_TRUNC, creation, access);
    tri_status status = result->h5 < 0 ? tri_result_h5_failure(result, "a file image") : TRI_OK;
    H5Pclose(creation);
    H5Pclose(access);
    return status;
}

/* Writes the file that rank 0 has in memory. */
static tri_status write_image(tri_result *result) {
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
        status = tri_file_write(result->fd, image, (size_t)bytes, 0, result->part);
    free(image);
    return status;
}

tri_status tri_result_open_h5(tri_result *result) {
    hid_t access = tri_result_access();
    result->h5 = H5Fopen(result->part, H5F_ACC_RDWR, access);
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

static void give_up_h5(tri_result *result) {
    if (result->h5 < 0) return;
    tri_result_detach(result);
    H5Fclose(result->h5);
    result->h5 = H5I_INVALID_HID;
}

tri_status tri_result_close_h5(tri_result *result) {
    if (H5Fflush(result->h5, H5F_SCOPE_GLOBAL) < 0) {
        tri_status status = tri_result_h5_failure(result, "the last of its contents");
        give_up_h5(result);
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

static tri_status root_to_disk(tri_result *result) {
    TRI_TRY(write_image(result));
    TRI_TRY(tri_result_close_h5(result));
    return tri_result_open_h5(result);
}

static tri_status all_to_disk(tri_result *result) {
    char name[PATH_MAX] = "";
    if (result->root) snprintf(name, sizeof name, "%s", result->part);
    TRI_TRY(tri_result_share(result->comm, name, sizeof name));
    if (!result->root) {
        result->part = strdup(name);
        if (!result->part) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", name);
        result->fd = open(name, O_RDWR | O_CLOEXEC);
    }
    if (result->fd < 0)
        return tri_fail(TRI_ERR_FILE, "cannot open '%s' on this rank: choose a folder that all nodes share",
                        name);
    result->direct = open(name, O_WRONLY | O_DIRECT | O_CLOEXEC);
    return TRI_OK;
}

tri_status tri_result_to_disk(tri_result *result) {
    if (result->closed) return tri_fail(TRI_ERR_ARGUMENT, "the result file is finished already");
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

static void free_result(tri_result *result) {
    if (result->fd >= 0) close(result->fd);
    if (result->direct >= 0) close(result->direct);
    free(result->path);
    free(result->part);
    free(result);
}

static tri_status create(tri_comm *comm, const char *folder, const char *program, const char *path, int how,
                         tri_result **out) {
    tri_result *result = calloc(1, sizeof *result);
    tri_status status = TRI_OK;
    if (!result)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for a result file");
    else {
        result->comm = comm;
        result->root = !tri_comm_rank(comm);
        result->replace = how & TRI_RESULT_REPLACE;
        result->plain = how & TRI_RESULT_PLAIN;
        result->fd = result->direct = -1;
        result->h5 = H5I_INVALID_HID;
        if (result->root) {
            tri_h5_quiet quiet = tri_h5_quiet_begin();
            status = path ? tri_result_claim_at(result, path) : tri_result_claim(result, folder, program);
            if (status == TRI_OK) status = open_memory(result);
            tri_h5_quiet_end(quiet);
            tri_result_keep(result, status);
        }
    }
    status = tri_agree(comm, status);
    if (status != TRI_OK) {
        if (result) {
            tri_result_discard(result);
            free_result(result);
        }
        return status;
    }
    char version[32];
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(version, sizeof version, "%u.%u.%u", major, minor, release);
    if (program) tri_result_text(result, "program", program);
    if (!result->plain) {
        tri_result_text(result, "hdf5_version", version);
        tri_result_integer(result, "complete", 0);
    }
    *out = result;
    return TRI_OK;
}

tri_status tri_result_create(tri_comm *comm, const char *folder, const char *program, tri_result **out) {
    return create(comm, folder, program, NULL, 0, out);
}

tri_status tri_result_create_at(tri_comm *comm, const char *path, int how, tri_result **out) {
    return create(comm, NULL, NULL, path, how, out);
}

const char *tri_result_path(const tri_result *result) {
    return result && result->path ? result->path : "";
}

/* Rank 0: the last attribute, and everything down to the disk. */
static tri_status complete(tri_result *result) {
    if (result->on_disk) {
        if (H5Fflush(result->h5, H5F_SCOPE_GLOBAL) < 0) return tri_result_h5_failure(result, "attributes");
        TRI_TRY(tri_file_sync(result->fd, result->part));
    }
    if (!result->plain) tri_result_integer(result, "complete", 1);
    TRI_TRY(tri_result_kept(result));
    if (!result->on_disk) TRI_TRY(write_image(result));
    TRI_TRY(tri_result_close_h5(result));
    TRI_TRY(tri_file_sync(result->fd, result->part));
    return tri_result_publish(result);
}

tri_status tri_result_finish(tri_result *result) {
    if (result->closed) return tri_fail(TRI_ERR_ARGUMENT, "the result file is finished already");
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    if (result->fd >= 0 && !result->root) tri_result_keep(result, tri_file_sync(result->fd, result->part));
    tri_status status = tri_agree(result->comm, tri_result_kept(result));
    if (status == TRI_OK) status = tri_agree(result->comm, result->root ? complete(result) : TRI_OK);
    tri_result_keep(result, status);
    if (status != TRI_OK && result->root) {
        give_up_h5(result);
        tri_result_discard(result);
    }
    tri_h5_quiet_end(quiet);
    result->closed = 1;
    return status;
}

void tri_result_destroy(tri_result **result) {
    if (!result || !*result) return;
    if ((*result)->root && !(*result)->closed) {
        tri_h5_quiet quiet = tri_h5_quiet_begin();
        give_up_h5(*result);
        tri_h5_quiet_end(quiet);
        tri_result_discard(*result);
    }
    free_result(*result);
    *result = NULL;
}
