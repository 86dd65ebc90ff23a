/* Writes blocks of an array to the file: independently, or collectively by MPI-IO. */
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "store/array.h"

/* The number of elements that are contiguous in the file and in memory. *along: the dimension of the run. */
static size_t run_length(const tri_array *a, const tri_array_block *b, int *along) {
    if (b->range) {
        *along = 0;
        return b->elements - b->first;
    }
    size_t length = 1;
    int i = a->rank - 1;
    while (i > 0 && b->count[i] == a->dims[i])
        length *= a->dims[i--];
    *along = i;
    return length * b->count[i];
}

/* Whether several nodes may write disjoint bytes of one file concurrently. Lustre, GPFS, Ceph, BeeGFS and
 * PanFS keep the caches of their nodes coherent. NFS does not; unknown file systems may not. */
static int nodes_may_write(const tri_result *result) {
    static const uint32_t coherent[] = {0x0BD00BD0, 0x47504653, 0x00C36400, 0x19830326, 0xAAD7AAEA};
    struct statfs fs;
    if (fstatfs(result->fd, &fs)) return 0;
    for (size_t i = 0; i < sizeof coherent / sizeof *coherent; i++)
        if ((uint32_t)fs.f_type == coherent[i]) return 1;
    return 0;
}

/* Whether this rank should write independently. That pays for long runs; MPI-IO aggregates short ones.
 * Several nodes that write one file also wait for each other's locks. HDF5 writes chunks: rank 0, which has
 * the file open, or all ranks collectively. */
static int wants_alone(const tri_array *a, const tri_array_block *b) {
    static const size_t least_bytes = (size_t)4 << 10, least_of_nodes_bytes = (size_t)256 << 10;
    if (!b->elements) return 1;
    if (a->place.chunked) return a->result->root;
    int along, nodes = tri_comm_shape(a->result->comm)->nodes;
    size_t bytes = run_length(a, b, &along) * a->place.element_bytes;
    if (nodes > 1 && !a->result->root && (bytes < least_of_nodes_bytes || !nodes_may_write(a->result)))
        return 0;
    return bytes >= least_bytes || tri_comm_size(a->result->comm) == 1;
}

static tri_status write_straight(const tri_array *a, const tri_array_block *b) {
    int along;
    size_t run = run_length(a, b, &along), element = a->place.element_bytes;
    if (b->range)
        return tri_file_write_large(a->result->fd, a->result->direct, b->values, run * element,
                                    a->place.offset + b->first * element, a->result->path);
    for (size_t done = 0; done < b->elements; done += run) {
        /* The offset of this run in the array, in elements. */
        size_t number = done / run, at = 0, stride = 1;
        for (int i = a->rank - 1; i >= 0; i--) {
            size_t index = b->start[i];
            if (i < along) {
                index += number % b->count[i];
                number /= b->count[i];
            }
            at += index * stride;
            stride *= a->dims[i];
        }
        TRI_TRY(tri_file_write_large(a->result->fd, a->result->direct, b->values + done * element,
                                     run * element, a->place.offset + at * element, a->result->path));
    }
    return TRI_OK;
}

/* Writes at most 1 GiB per rank, since counts in MPI-IO are ints. Advances *done. */
static tri_status write_piece(const tri_array *a, const tri_array_block *b, hid_t dataset, hid_t transfer,
                              size_t *done) {
    hsize_t elements = 1, start[H5S_MAX_RANK], length[H5S_MAX_RANK];
    size_t left = b->elements - *done, most = ((size_t)1 << 30) / a->place.element_bytes;
    if (left) {
        elements = tri_block_at(a->rank, b->count, *done, left < most ? left : most, start, length);
        for (int i = 0; i < a->rank; i++)
            start[i] += b->start[i];
    }
    hid_t memory = H5Screate_simple(1, &elements, NULL), space = H5Dget_space(dataset),
          type = H5Dget_type(dataset);
    if (left)
        H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, length, NULL);
    else {
        H5Sselect_none(space);
        H5Sselect_none(memory);
    }
    const void *from = left ? b->values + (*done - b->first) * a->place.element_bytes : "";
    tri_status status = TRI_OK;
    if (H5Dwrite(dataset, type, memory, space, transfer, from) < 0)
        status = tri_result_h5_failure(a->result, a->path);
    if (left) *done += (size_t)elements;
    H5Tclose(type);
    H5Sclose(space);
    H5Sclose(memory);
    return status;
}

/* Writes through HDF5 on rank 0. Closes the dataset afterwards, so that a failed write of a chunk shows
 * here. */
static tri_status write_root(const tri_array *a, const tri_array_block *b) {
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    /* Callers write whole rows of chunks if memory allows; the cache is for incomplete chunks at their
     * ends. */
    H5Pset_chunk_cache(access, 12421, (size_t)64 << 20, 1);
    hid_t dataset = H5Dopen(a->result->h5, a->path, access);
    tri_status status = dataset < 0 ? tri_result_h5_failure(a->result, a->path) : TRI_OK;
    for (size_t done = 0; status == TRI_OK && done < b->elements;)
        status = write_piece(a, b, dataset, H5P_DEFAULT, &done);
    if (status == TRI_OK && H5Dflush(dataset) < 0) status = tri_result_h5_failure(a->result, a->path);
    if (status != TRI_OK) tri_result_detach(a->result);
    if (dataset >= 0) H5Dclose(dataset);
    H5Pclose(access);
    return status;
}

/* Writes in pieces until no rank has more; ranks may have different numbers of pieces. TRI_STOPPED here means
 * that more pieces follow. It is the mildest status, so that any failure overrides it. */
static tri_status write_pieces(const tri_array *a, const tri_array_block *b, hid_t dataset) {
    hid_t transfer = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE);
    size_t done = b->first;
    tri_status status = TRI_STOPPED;
    while (status == TRI_STOPPED) {
        status = write_piece(a, b, dataset, transfer, &done);
        if (status == TRI_OK && done < b->elements) status = tri_fail(TRI_STOPPED, "more to write");
        status = tri_agree(a->result->comm, status);
    }
    H5Pclose(transfer);
    return status;
}

/* Closes the file on rank 0, opens it by MPI-IO on all ranks, and writes. No metadata change meanwhile. */
static tri_status write_together(const tri_array *a, const tri_array_block *b) {
    tri_result *result = a->result;
    TRI_TRY(tri_agree(result->comm, result->root ? tri_result_close_h5(result) : TRI_OK));
    hid_t access = tri_result_access();
    H5Pset_fapl_mpio(access, tri_comm_mpi(result->comm), MPI_INFO_NULL);
    hid_t file = H5Fopen(result->temporary, H5F_ACC_RDWR, access);
    hid_t dataset = file < 0 ? H5I_INVALID_HID : H5Dopen(file, a->path, H5P_DEFAULT);
    tri_status status = dataset < 0 ? tri_result_h5_failure(result, a->path) : TRI_OK;
    status = tri_agree(result->comm, status);
    if (status == TRI_OK) status = write_pieces(a, b, dataset);
    if (dataset >= 0) H5Dclose(dataset);
    if (file >= 0 && H5Fclose(file) < 0 && status == TRI_OK) status = tri_result_h5_failure(result, a->path);
    H5Pclose(access);
    status = tri_agree(result->comm, status);
    if (status == TRI_OK)
        status = tri_agree(result->comm, result->root ? tri_result_open_h5(result) : TRI_OK);
    return status;
}

/* Agrees on the method: TRI_OK: independently; TRI_STOPPED: by MPI-IO. Collective; the same status on every
 * rank. */
static tri_status agree_how(const tri_array *a, const tri_array_block *b) {
    tri_status mine = tri_result_kept(a->result);
    if (mine == TRI_OK && a->place.filtered && b->elements && !a->result->root)
        mine = tri_fail(TRI_ERR_ARGUMENT, "'%s' has filters: only rank 0 may write it", a->path);
    if (mine == TRI_OK && !wants_alone(a, b)) mine = tri_fail(TRI_STOPPED, "by MPI-IO");
    return tri_agree(a->result->comm, mine);
}

tri_status tri_array_write_block(const tri_array *a, const tri_array_block *b) {
    tri_status all = agree_how(a, b);
    if (all == TRI_STOPPED) return write_together(a, b);
    if (all != TRI_OK) return all;
    tri_status status = !b->elements ? TRI_OK : !a->place.chunked ? write_straight(a, b) : write_root(a, b);
    return tri_agree(a->result->comm, status);
}

tri_status tri_array_start_block(tri_array *a, const tri_array_block *b) {
    tri_status all = agree_how(a, b);
    a->under_way = (tri_array_block){.elements = 0};
    a->wrote = TRI_OK;
    if (all == TRI_STOPPED) return write_together(a, b);
    if (all != TRI_OK) return all;
    if (a->place.chunked) return tri_agree(a->result->comm, b->elements ? write_root(a, b) : TRI_OK);
    a->under_way = *b;
    return TRI_OK;
}

void tri_array_write_work(tri_array *a) {
    a->wrote = a->under_way.elements ? write_straight(a, &a->under_way) : TRI_OK;
    /* Error texts are thread-local; this may be another thread. */
    if (a->wrote != TRI_OK) snprintf(a->why, sizeof a->why, "%s", tri_error_text());
    a->under_way = (tri_array_block){.elements = 0};
}

tri_status tri_array_write_finish(tri_array *a) {
    if (a->under_way.elements) tri_array_write_work(a);
    tri_status status = a->wrote == TRI_OK ? TRI_OK : tri_fail(a->wrote, "%s", a->why);
    status = tri_agree(a->result->comm, status);
    tri_result_keep(a->result, status);
    return status;
}
