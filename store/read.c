/* Reads ranges of the row-major order as the fewest blocks, and blocks. */
#include <string.h>

#include "store/dataset.h"
#include "store/flat.h"

size_t tri_block_at(int rank, const size_t dims[], size_t first, size_t count, hsize_t start[],
                    hsize_t length[]) {
    size_t stride[H5S_MAX_RANK], rest = first;
    stride[rank - 1] = 1;
    for (int i = rank - 1; i > 0; i--)
        stride[i - 1] = stride[i] * dims[i];
    int along = 0;
    while (first % stride[along] || count < stride[along])
        along++;
    for (int i = 0; i < rank; i++) {
        start[i] = rest / stride[i];
        rest %= stride[i];
        length[i] = i < along ? 1 : dims[i];
    }
    size_t fit = count / stride[along], left = dims[along] - start[along];
    length[along] = fit < left ? fit : left;
    return length[along] * stride[along];
}

static tri_status read_failure(const tri_dataset *dataset, size_t first, size_t count) {
    char reason[TRI_H5_REASON];
    tri_h5_reason(reason);
    tri_h5_stay_quiet();
    const char *cure = strstr(reason, "filter") || strstr(reason, "plugin")
                           ? "its compression needs a plugin: install it and set HDF5_PLUGIN_PATH"
                       : strstr(reason, "external") ? "restore the external file"
                                                    : "the file may be damaged: copy or write it again";
    return tri_fail(TRI_ERR_FILE, "cannot read elements %zu to %zu of '%s' in '%s': %s; %s", first,
                    first + count - 1, dataset->path, dataset->file, reason, cure);
}

/* Reads the block that starts at `first` with at most `count` elements. *done: the number of elements
 * read. */
static tri_status read_block(const tri_dataset *dataset, size_t first, size_t count, void *out,
                             size_t *done) {
    tri_status status = TRI_OK;
    if (!dataset->rank) {
        if (dataset->flat)
            status = tri_flat_read(dataset, NULL, NULL, dataset->native_type, out);
        else if (H5Dread(dataset->h5_dataset, dataset->native_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) < 0)
            status = read_failure(dataset, first, count);
        *done = count;
        return status;
    }
    hsize_t start[H5S_MAX_RANK], length[H5S_MAX_RANK];
    hsize_t elements = tri_block_at(dataset->rank, dataset->dims, first, count, start, length);
    *done = (size_t)elements;
    if (dataset->flat) {
        size_t from[H5S_MAX_RANK], many[H5S_MAX_RANK];
        for (int i = 0; i < dataset->rank; i++) {
            from[i] = start[i];
            many[i] = length[i];
        }
        return tri_flat_read(dataset, from, many, dataset->native_type, out);
    }
    hid_t memory = H5Screate_simple(1, &elements, NULL);
    if (memory < 0 || H5Sselect_hyperslab(dataset->h5_space, H5S_SELECT_SET, start, NULL, length, NULL) < 0 ||
        H5Dread(dataset->h5_dataset, dataset->native_type, memory, dataset->h5_space, H5P_DEFAULT, out) < 0)
        status = read_failure(dataset, first, (size_t)elements);
    if (memory >= 0) H5Sclose(memory);
    return status;
}

static tri_status check_range(const tri_dataset *dataset, size_t first, size_t count) {
    if (first > dataset->count || count > dataset->count - first)
        return tri_fail(TRI_ERR_ARGUMENT, "requested %zu elements from %zu on, but '%s' in '%s' has %zu",
                        count, first, dataset->path, dataset->file, dataset->count);
    return tri_dataset_check_numbers(dataset);
}

tri_status tri_dataset_read_numbers(tri_dataset *dataset, size_t first, size_t count, void *out) {
    TRI_TRY(check_range(dataset, first, count));
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = TRI_OK;
    for (size_t done = 0, more; done < count && status == TRI_OK; done += more)
        status = read_block(dataset, first + done, count - done, (char *)out + done * dataset->native_bytes,
                            &more);
    tri_h5_quiet_end(quiet);
    return status;
}

tri_status tri_dataset_read(tri_dataset *dataset, size_t first, size_t count, void *out) {
    TRI_TRY(check_range(dataset, first, count));
    /* Narrow elements are read to the end of the buffer and widened towards its start. */
    char *to = (char *)out + count * (8 - dataset->native_bytes);
    TRI_TRY(tri_dataset_read_numbers(dataset, first, count, to));
    tri_dataset_widen(dataset->native, count, out);
    return TRI_OK;
}

/* Reads a block as elements of `type`. */
static tri_status read_as(tri_dataset *dataset, const size_t start[], const size_t count[], hid_t type,
                          void *out) {
    hsize_t from[H5S_MAX_RANK], length[H5S_MAX_RANK], elements = 1;
    size_t first = 0;
    for (int i = 0; i < dataset->rank; i++) {
        from[i] = start[i];
        length[i] = count[i];
        elements *= count[i];
        first = first * dataset->dims[i] + start[i];
    }
    if (!elements || tri_dataset_read_plain(dataset, start, count, type, out)) return TRI_OK;
    tri_h5_quiet quiet = tri_h5_quiet_begin();
    tri_status status = dataset->flat ? tri_flat_read(dataset, start, count, type, out) : TRI_OK;
    hid_t memory = dataset->flat ? H5I_INVALID_HID : H5Screate_simple(1, &elements, NULL);
    if (!dataset->flat &&
        (memory < 0 || H5Sselect_hyperslab(dataset->h5_space, H5S_SELECT_SET, from, NULL, length, NULL) < 0 ||
         H5Dread(dataset->h5_dataset, type, memory, dataset->h5_space, H5P_DEFAULT, out) < 0))
        status = read_failure(dataset, first, (size_t)elements);
    if (memory >= 0) H5Sclose(memory);
    tri_h5_quiet_end(quiet);
    return status;
}

static tri_status check_block(const tri_dataset *dataset, const size_t start[], const size_t count[]) {
    if (!dataset->rank)
        return tri_fail(TRI_ERR_ARGUMENT, "'%s' in '%s' has no dimensions", dataset->path, dataset->file);
    for (int i = 0; i < dataset->rank; i++)
        if (start[i] > dataset->dims[i] || count[i] > dataset->dims[i] - start[i])
            return tri_fail(TRI_ERR_ARGUMENT,
                            "requested %zu indices from %zu on, but dimension %d of '%s' in '%s' has %zu",
                            count[i], start[i], i, dataset->path, dataset->file, dataset->dims[i]);
    return TRI_OK;
}

tri_status tri_dataset_read_stored(tri_dataset *dataset, const size_t start[], const size_t count[],
                                   void *out) {
    TRI_TRY(check_block(dataset, start, count));
    return read_as(dataset, start, count, dataset->h5_type, out);
}

tri_status tri_dataset_read_block(tri_dataset *dataset, const size_t start[], const size_t count[],
                                  void *out) {
    TRI_TRY(check_block(dataset, start, count));
    TRI_TRY(tri_dataset_check_numbers(dataset));
    size_t elements = 1;
    for (int i = 0; i < dataset->rank; i++)
        elements *= count[i];
    char *to = (char *)out + elements * (8 - dataset->native_bytes);
    TRI_TRY(read_as(dataset, start, count, dataset->native_type, to));
    tri_dataset_widen(dataset->native, elements, out);
    return TRI_OK;
}
