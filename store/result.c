/* The life of a result file: claimed, open in one way or another, finished or removed. */
#include "store/result.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Formats that HDF5 1.8 and everything after it reads. */
static hid_t file_access(void) {
    hid_t access = tri_h5_access();
    H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
    return access;
}

static tri_status open_memory(tri_result *result) {
    hid_t access = file_access(), creation = H5Pcreate(H5P_FILE_CREATE);
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

/* Closes what this rank has open. On a full disk HDF5 cannot write what it holds back, so it cannot close,
 * and would try again, loudly, when the process ends; so a file that is given up is emptied first. */
static void close_h5(tri_result *result, int give_up) {
    if (result->h5 < 0) return;
    int emptied = give_up && result->root && !ftruncate(result->fd, 0);
    if (H5Fclose(result->h5) < 0 && !give_up) {
        tri_result_keep(result, tri_result_h5_failure(result, "the last of its contents"));
        emptied = result->root && !ftruncate(result->fd, 0);
        if (emptied) H5Fclose(result->h5);
    }
    result->h5 = H5I_INVALID_HID;
}

void tri_result_to_root(tri_result *result) {
    if (result->state != TRI_RESULT_SPREAD) return;
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    close_h5(result, result->failed != TRI_OK);
    result->state = TRI_RESULT_DISK;
    if (result->root && result->failed == TRI_OK) {
        hid_t access = file_access();
        result->h5 = H5Fopen(result->part, H5F_ACC_RDWR, access);
        if (result->h5 < 0) tri_result_keep(result, tri_result_h5_failure(result, "attributes"));
        H5Pclose(access);
    }
    tri_h5_quiet_end(quiet);
}

/* The temporary name from rank 0 to all, down a binomial tree. */
static tri_status share_name(tri_result *result) {
    tri_comm *comm = result->comm;
    char name[PATH_MAX] = "";
    int rank = tri_comm_rank(comm), size = tri_comm_size(comm), bit = 1;
    if (!rank) snprintf(name, sizeof name, "%s", result->part);
    while (bit < size && !(rank & bit))
        bit <<= 1;
    if (rank) TRI_TRY(tri_recv(name, sizeof name, MPI_CHAR, rank - bit, 0, comm));
    for (bit >>= 1; bit; bit >>= 1)
        if (rank + bit < size) TRI_TRY(tri_send(name, sizeof name, MPI_CHAR, rank + bit, 0, comm));
    if (rank && !(result->part = strdup(name))) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", name);
    return TRI_OK;
}

static tri_status open_spread(tri_result *result) {
    hid_t access = file_access();
    H5Pset_fapl_mpio(access, tri_comm_mpi(result->comm), MPI_INFO_NULL);
    /* Large data at multiples of 1 MiB: file systems' stripes, and room for direct I/O. */
    H5Pset_alignment(access, (hsize_t)64 << 10, (hsize_t)1 << 20);
    result->h5 = H5Fopen(result->part, H5F_ACC_RDWR, access);
    tri_status status = result->h5 < 0 ? tri_result_h5_failure(result, "an array") : TRI_OK;
    H5Pclose(access);
    return status;
}

static tri_status open_fd(tri_result *result) {
    if (!result->root) result->fd = open(result->part, O_RDWR | O_CLOEXEC);
    if (result->fd < 0)
        return tri_fail(TRI_ERR_FILE,
                        "cannot open '%s' on this rank: is the folder one that all nodes share?",
                        result->part);
    result->fd_direct = open(result->part, O_WRONLY | O_DIRECT | O_CLOEXEC);
    return TRI_OK;
}

tri_status tri_result_to_all(tri_result *result) {
    if (result->state == TRI_RESULT_CLOSED)
        return tri_fail(TRI_ERR_ARGUMENT, "the result file is finished already");
    if (result->state != TRI_RESULT_SPREAD && result->root) {
        if (result->failed == TRI_OK && result->state == TRI_RESULT_MEMORY)
            tri_result_keep(result, write_image(result));
        close_h5(result, result->failed != TRI_OK);
    }
    tri_status status = tri_agree(result->comm, tri_result_kept(result));
    if (status == TRI_OK && result->state != TRI_RESULT_SPREAD) {
        if (result->state == TRI_RESULT_MEMORY) {
            status = share_name(result);
            if (status == TRI_OK) status = open_fd(result);
            status = tri_agree(result->comm, status);
        }
        if (status == TRI_OK) status = tri_agree(result->comm, open_spread(result));
        /* Also after a failure some rank may have it open, and closing is collective where it is. */
        result->state = TRI_RESULT_SPREAD;
    }
    tri_result_keep(result, status);
    return status;
}

static void free_result(tri_result *result) {
    if (result->fd >= 0) close(result->fd);
    if (result->fd_direct >= 0) close(result->fd_direct);
    free(result->path);
    free(result->part);
    free(result);
}

static tri_status create(tri_comm *comm, const char *folder, const char *program, const char *path,
                         int replace, tri_result **out) {
    tri_result *result = calloc(1, sizeof *result);
    tri_status status = TRI_OK;
    if (!result)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for a result file");
    else {
        result->comm = comm;
        result->root = !tri_comm_rank(comm);
        result->replace = replace;
        result->fd = result->fd_direct = -1;
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
            if (result->fd >= 0) unlink(result->part);
            free_result(result);
        }
        return status;
    }
    char version[32];
    unsigned major = 0, minor = 0, release = 0;
    H5get_libversion(&major, &minor, &release);
    snprintf(version, sizeof version, "%u.%u.%u", major, minor, release);
    if (program) tri_result_text(result, "program", program);
    tri_result_text(result, "hdf5_version", version);
    tri_result_integer(result, "complete", 0);
    *out = result;
    return TRI_OK;
}

tri_status tri_result_create(tri_comm *comm, const char *folder, const char *program, tri_result **out) {
    return create(comm, folder, program, NULL, 0, out);
}

tri_status tri_result_create_at(tri_comm *comm, const char *path, int replace, tri_result **out) {
    return create(comm, NULL, NULL, path, replace, out);
}

const char *tri_result_path(const tri_result *result) {
    return result && result->path ? result->path : "";
}

/* Rank 0: the last attribute, and everything down to the disk. */
static void complete(tri_result *result) {
    if (result->state == TRI_RESULT_DISK) {
        if (H5Fflush(result->h5, H5F_SCOPE_GLOBAL) < 0)
            tri_result_keep(result, tri_result_h5_failure(result, "attributes"));
        else
            tri_result_keep(result, tri_file_sync(result->fd, result->part));
    }
    tri_result_integer(result, "complete", 1);
    if (result->failed == TRI_OK && result->state == TRI_RESULT_MEMORY)
        tri_result_keep(result, write_image(result));
    close_h5(result, result->failed != TRI_OK);
    if (result->failed == TRI_OK) tri_result_keep(result, tri_file_sync(result->fd, result->part));
    if (result->failed == TRI_OK) tri_result_keep(result, tri_result_publish(result));
}

tri_status tri_result_finish(tri_result *result) {
    if (result->state == TRI_RESULT_CLOSED)
        return tri_fail(TRI_ERR_ARGUMENT, "the result file is finished already");
    if (result->fd >= 0 && !result->root) tri_result_keep(result, tri_file_sync(result->fd, result->part));
    tri_result_to_root(result);
    tri_status status = tri_agree(result->comm, tri_result_kept(result));
    tri_result_keep(result, status);
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    if (status == TRI_OK && result->root) complete(result);
    close_h5(result, 1); /* where it failed */
    tri_h5_quiet_end(quiet);
    status = tri_agree(result->comm, tri_result_kept(result));
    if (status != TRI_OK && result->root) unlink(result->part);
    result->state = TRI_RESULT_CLOSED;
    return status;
}

void tri_result_destroy(tri_result **result) {
    if (!result || !*result) return;
    tri_result *given_up = *result;
    if (given_up->state != TRI_RESULT_CLOSED) {
        tri_h5_quiet quiet = tri_h5_quiet_begin();
        close_h5(given_up, 1);
        tri_h5_quiet_end(quiet);
        if (given_up->root) unlink(given_up->part);
    }
    free_result(given_up);
    *result = NULL;
}
