/* Arrays spread over the ranks: made by rank 0, filled by all, straight or by MPI-IO. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "store/result.h"

typedef struct array {
    tri_result *result;
    const char *path;
    hid_t type;
    uint64_t offset; /* of the first element in the file, in bytes */
    int rank;
    const size_t *dims, *start, *count;
    size_t elements; /* of this rank's block */
    const char *values;
} array;

enum { ELEMENT_BYTES = 8 };

static tri_status check(array *a, const size_t dims[], const size_t start[], const size_t count[]) {
    if (a->rank < 1 || a->rank > H5S_MAX_RANK)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s' has %d dimensions: 1 to %d are possible", a->path, a->rank,
                        H5S_MAX_RANK);
    size_t all = 1;
    a->elements = 1;
    for (int i = 0; i < a->rank; i++) {
        if (start[i] > dims[i] || count[i] > dims[i] - start[i])
            return tri_fail(TRI_ERR_ARGUMENT, "'%s': %zu indices from %zu on lie outside dimension %d of %zu",
                            a->path, count[i], start[i], i, dims[i]);
        if (dims[i] && all > INT64_MAX / ELEMENT_BYTES / dims[i])
            return tri_fail(TRI_ERR_ARGUMENT, "'%s' is too large for a file", a->path);
        all *= dims[i];
        a->elements *= count[i];
    }
    return TRI_OK;
}

/* Takes the disk space, so that a disk that is too full is known before anything is written. */
static tri_status reserve(const array *a) {
    uint64_t bytes = ELEMENT_BYTES;
    for (int i = 0; i < a->rank; i++)
        bytes *= a->dims[i];
    /* Other errors: a file system that cannot; it will tell when the data are written. */
    if (bytes && fallocate(a->result->fd, 0, (off_t)a->offset, (off_t)bytes) &&
        (errno == ENOSPC || errno == EDQUOT))
        return tri_file_full(a->result->part);
    return TRI_OK;
}

/* Rank 0 makes the dataset and learns its place. */
static tri_status create_dataset(array *a, const char *units, const char *long_name) {
    hsize_t dims[H5S_MAX_RANK];
    int empty = 0;
    for (int i = 0; i < a->rank; i++) {
        dims[i] = a->dims[i];
        empty |= !dims[i];
    }
    hid_t links = H5Pcreate(H5P_LINK_CREATE), layout = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    /* Space at once, so that its place is known; and never filled, which would write everything twice. */
    H5Pset_layout(layout, H5D_CONTIGUOUS);
    H5Pset_alloc_time(layout, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_time(layout, H5D_FILL_TIME_NEVER);
    hid_t space = H5Screate_simple(a->rank, dims, NULL);
    hid_t dataset = H5Dcreate2(a->result->h5, a->path, a->type, space, links, layout, H5P_DEFAULT);
    haddr_t offset = dataset < 0 ? HADDR_UNDEF : H5Dget_offset(dataset);
    tri_status status = TRI_OK;
    if (dataset < 0 || (offset == HADDR_UNDEF && !empty) || !tri_h5_describe(dataset, units, long_name))
        status = tri_result_h5_failure(a->result, a->path);
    if (dataset >= 0) H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(layout);
    H5Pclose(links);
    a->offset = offset;
    if (status == TRI_OK) status = reserve(a);
    if (status == TRI_OK && H5Fflush(a->result->h5, H5F_SCOPE_GLOBAL) < 0)
        status = tri_result_h5_failure(a->result, a->path);
    return status;
}

/* Elements that lie together in the file and in memory. *along is the dimension they run in. */
static size_t run_length(const array *a, int *along) {
    size_t length = 1;
    int i = a->rank - 1;
    while (i > 0 && a->count[i] == a->dims[i])
        length *= a->dims[i--];
    *along = i;
    return length * a->count[i];
}

/* Whether different nodes may write different bytes of one file at the same time, each through its own cache.
 * One node always may. Lustre, GPFS, Ceph, BeeGFS and PanFS keep their nodes' caches coherent; NFS and
 * whatever is unknown need not. */
static int nodes_may_write(const tri_result *result) {
    if (tri_comm_shape(result->comm)->nodes == 1) return 1;
    static const uint32_t coherent[] = {0x0BD00BD0, 0x47504653, 0x00C36400, 0x19830326, 0xAAD7AAEA};
    struct statfs fs;
    if (fstatfs(result->fd, &fs)) return 0;
    for (size_t i = 0; i < sizeof coherent / sizeof *coherent; i++)
        if ((uint32_t)fs.f_type == coherent[i]) return 1;
    return 0;
}

/* Straight writing pays for runs that are not small; MPI-IO collects those. */
static int wants_straight(const array *a) {
    int along;
    return !a->elements ||
           (run_length(a, &along) * ELEMENT_BYTES >= (size_t)256 << 10 && nodes_may_write(a->result));
}

static tri_status write_straight(const array *a) {
    if (!a->elements) return TRI_OK;
    int along;
    size_t run = run_length(a, &along);
    for (size_t done = 0; done < a->elements; done += run) {
        /* Where run number done / run begins in the whole array. */
        size_t number = done / run, at = 0, stride = 1;
        for (int i = a->rank - 1; i >= 0; i--) {
            size_t index = a->start[i];
            if (i < along) {
                index += number % a->count[i];
                number /= a->count[i];
            }
            at += index * stride;
            stride *= a->dims[i];
        }
        TRI_TRY(tri_file_write_large(a->result->fd, a->result->direct, a->values + done * ELEMENT_BYTES,
                                     run * ELEMENT_BYTES, a->offset + at * ELEMENT_BYTES, a->result->part));
    }
    return TRI_OK;
}

/* One collective write of at most 1 GiB a rank, counts inside MPI-IO being ints; *done moves on. */
static tri_status write_piece(const array *a, hid_t dataset, hid_t file_space, hid_t transfer, size_t *done) {
    hsize_t elements = 1, start[H5S_MAX_RANK], length[H5S_MAX_RANK];
    size_t left = a->elements - *done, most = ((size_t)1 << 30) / ELEMENT_BYTES;
    if (left) {
        elements = tri_block_at(a->rank, a->count, *done, left < most ? left : most, start, length);
        for (int i = 0; i < a->rank; i++)
            start[i] += a->start[i];
    }
    hid_t memory = H5Screate_simple(1, &elements, NULL);
    if (left)
        H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, length, NULL);
    else {
        H5Sselect_none(file_space);
        H5Sselect_none(memory);
    }
    const void *from = left ? a->values + *done * ELEMENT_BYTES : "";
    tri_status status = TRI_OK;
    if (H5Dwrite(dataset, a->type, memory, file_space, transfer, from) < 0)
        status = tri_result_h5_failure(a->result, a->path);
    if (left) *done += (size_t)elements;
    H5Sclose(memory);
    return status;
}

/* Ranks may need different numbers of pieces; all go on until no one has more. TRI_STOPPED is a status that
 * is no failure here: the mildest, so that a failure wins over it. */
static tri_status write_pieces(const array *a, hid_t dataset) {
    hid_t file_space = H5Dget_space(dataset), transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    size_t done = 0;
    tri_status status = TRI_STOPPED;
    while (status == TRI_STOPPED) {
        status = write_piece(a, dataset, file_space, transfer, &done);
        if (status == TRI_OK && done < a->elements) status = tri_fail(TRI_STOPPED, "more to write");
        status = tri_agree(a->result->comm, status);
    }
    H5Pclose(transfer);
    H5Sclose(file_space);
    return status;
}

/* All have the file open while rank 0 has not; nothing but elements is written. */
static tri_status write_collective(const array *a) {
    tri_result *result = a->result;
    TRI_TRY(tri_agree(result->comm, result->root ? tri_result_close_h5(result) : TRI_OK));
    hid_t access = tri_result_access();
    H5Pset_fapl_mpio(access, tri_comm_mpi(result->comm), MPI_INFO_NULL);
    hid_t file = H5Fopen(result->part, H5F_ACC_RDWR, access);
    hid_t dataset = file < 0 ? H5I_INVALID_HID : H5Dopen(file, a->path, H5P_DEFAULT);
    tri_status status = dataset < 0 ? tri_result_h5_failure(result, a->path) : TRI_OK;
    status = tri_agree(result->comm, status);
    if (status == TRI_OK) status = write_pieces(a, dataset);
    if (dataset >= 0) H5Dclose(dataset);
    if (file >= 0 && H5Fclose(file) < 0 && status == TRI_OK) status = tri_result_h5_failure(result, a->path);
    H5Pclose(access);
    status = tri_agree(result->comm, status);
    if (status == TRI_OK)
        status = tri_agree(result->comm, result->root ? tri_result_open_h5(result) : TRI_OK);
    return status;
}

static tri_status write_array(array *a, const char *units, const char *long_name) {
    tri_comm *comm = a->result->comm;
    TRI_TRY(tri_agree(comm, a->result->root ? create_dataset(a, units, long_name) : TRI_OK));
    TRI_TRY(tri_result_share(comm, &a->offset, sizeof a->offset));
    tri_status all = tri_agree(comm, wants_straight(a) ? TRI_OK : tri_fail(TRI_STOPPED, "by MPI-IO"));
    if (all == TRI_OK) return tri_agree(comm, write_straight(a));
    return all == TRI_STOPPED ? write_collective(a) : all;
}

tri_status tri_result_array(tri_result *result, const char *path, tri_element element, int rank,
                            const size_t dims[], const size_t start[], const size_t count[],
                            const void *values, const char *units, const char *long_name) {
    static const size_t nothing[H5S_MAX_RANK];
    array a = {.result = result, .path = path, .rank = rank, .dims = dims, .values = values};
    tri_result_keep(result, check(&a, dims, start, count));
    a.start = a.elements ? start : nothing;
    a.count = a.elements ? count : nothing;
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    a.type = element == TRI_ELEMENT_F64   ? H5T_NATIVE_DOUBLE
             : element == TRI_ELEMENT_I64 ? H5T_NATIVE_INT64
                                          : H5T_NATIVE_UINT64;
    tri_status status = tri_result_to_disk(result);
    if (status == TRI_OK) status = write_array(&a, units, long_name);
    tri_result_keep(result, status);
    tri_h5_quiet_end(quiet);
    return status;
}
