/* Result files: creation, completion, removal. */
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

static tri_status open_memory(tri_result *result) {
    hid_t access = tri_result_access(), creation = H5Pcreate(H5P_FILE_CREATE);
    H5Pset_alignment(access, 1, 1);
    H5Pset_fapl_core(access, (size_t)64 << 10, 0);
    /* Readers then list the attributes in the order of writing. It also selects the format of the root group
     * that allows attributes above 64 KiB, such as lists of hosts. */
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    result->h5 = H5Fcreate(result->temporary, H5F_ACC_TRUNC, creation, access);
    tri_status status = result->h5 < 0 ? tri_result_h5_failure(result, "a file image") : TRI_OK;
    H5Pclose(creation);
    H5Pclose(access);
    return status;
}

static void free_result(tri_result *result) {
    if (result->output)
        tri_output_destroy(&result->output);
    else if (result->fd >= 0)
        close(result->fd);
    if (result->direct >= 0) close(result->direct);
    free(result->path);
    free(result->stem);
    free(result->temporary);
    free(result);
}

/* A result without a communicator is this process's alone. */
static tri_status agree(tri_comm *comm, tri_status status) {
    return comm ? tri_agree(comm, status) : status;
}

static tri_status create(tri_comm *comm, const char *folder, const char *program, const char *path, int how,
                         tri_result **out) {
    tri_result *result = calloc(1, sizeof *result);
    tri_status status = TRI_OK;
    if (!result)
        status = tri_fail(TRI_ERR_MEMORY, "no memory for a result file");
    else {
        result->comm = comm;
        result->root = !comm || !tri_comm_rank(comm);
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
    status = agree(comm, status);
    if (status != TRI_OK) {
        if (result) free_result(result);
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
    return result && result->root && result->path ? result->path : "";
}

/* Writes the last attribute and syncs the file; rank 0 only. */
static tri_status complete(tri_result *result) {
    if (result->on_disk) {
        TRI_TRY(tri_result_flush(result, "attributes"));
        TRI_TRY(tri_file_sync(result->fd, result->path));
    }
    if (!result->plain) tri_result_integer(result, "complete", 1);
    TRI_TRY(tri_result_kept(result));
    if (!result->on_disk) TRI_TRY(tri_result_write_image(result));
    TRI_TRY(tri_result_close_h5(result));
    return tri_result_publish(result);
}

tri_status tri_result_finish(tri_result *result) {
    if (result->closed) return tri_fail(TRI_ERR_ARGUMENT, "the result file is already finished");
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    if (result->fd >= 0 && !result->root) tri_result_keep(result, tri_file_sync(result->fd, result->path));
    tri_status status = agree(result->comm, tri_result_kept(result));
    if (status == TRI_OK) status = agree(result->comm, result->root ? complete(result) : TRI_OK);
    tri_result_keep(result, status);
    if (status != TRI_OK && result->root) {
        tri_result_give_up_h5(result);
        /* Frees the room on a full disk at once. */
        tri_output_destroy(&result->output);
        result->fd = -1;
    }
    tri_h5_quiet_end(quiet);
    result->closed = 1;
    return status;
}

void tri_result_destroy(tri_result **result) {
    if (!result || !*result) return;
    if ((*result)->root && !(*result)->closed) {
        tri_h5_quiet quiet = tri_h5_quiet_begin();
        tri_result_give_up_h5(*result);
        tri_h5_quiet_end(quiet);
    }
    free_result(*result);
    *result = NULL;
}
