/* Reads blocks that need no conversion by pread(), one run at a time. HDF5 takes twice the time for runs of
 * 20 KiB, and more for shorter ones. */
#include <errno.h>
#include <unistd.h>

#include "store/dataset.h"

void tri_dataset_learn_plain(tri_dataset *dataset) {
    dataset->plain_fd = -1;
    hid_t created = H5Dget_create_plist(dataset->h5_dataset), access = H5Fget_access_plist(dataset->h5_file);
    int plain = created >= 0 && access >= 0 && H5Pget_layout(created) == H5D_CONTIGUOUS &&
                H5Pget_external_count(created) == 0 && H5Pget_driver(access) == H5FD_SEC2;
    if (created >= 0) H5Pclose(created);
    if (access >= 0) H5Pclose(access);
    /* Before the first write the dataset has no offset. With a user block in the file H5Dget_offset() then
     * returns a wrong value, so check that space is allocated. */
    H5D_space_status_t space = H5D_SPACE_STATUS_NOT_ALLOCATED;
    plain =
        plain && H5Dget_space_status(dataset->h5_dataset, &space) >= 0 && space == H5D_SPACE_STATUS_ALLOCATED;
    haddr_t place = plain ? H5Dget_offset(dataset->h5_dataset) : HADDR_UNDEF;
    void *handle = NULL;
    if (place == HADDR_UNDEF || H5Fget_vfd_handle(dataset->h5_file, H5P_DEFAULT, &handle) < 0) return;
    dataset->plain_fd = *(int *)handle;
    dataset->plain_place = place;
}

/* The offset of run `number` of the block in the array, in elements. Runs extend along dimension
 * `along`. */
static size_t run_place(int rank, const size_t dims[], const size_t start[], const size_t count[], int along,
                        size_t number) {
    size_t at = 0, stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        size_t index = start[i];
        if (i < along) {
            index += number % count[i];
            number /= count[i];
        }
        at += index * stride;
        stride *= dims[i];
    }
    return at;
}

static int read_all(int fd, char *to, size_t bytes, uint64_t place) {
    for (size_t done = 0; done < bytes;) {
        ssize_t got = pread(fd, to + done, bytes - done, (off_t)(place + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return 0;
        done += (size_t)got;
    }
    return 1;
}

int tri_read_runs(int fd, uint64_t place, size_t element, int rank, const size_t dims[], const size_t start[],
                  const size_t count[], void *out) {
    size_t run = 1, runs = 1;
    int along = rank - 1;
    while (along > 0 && count[along] == dims[along])
        run *= count[along--];
    run *= count[along];
    for (int i = 0; i < along; i++)
        runs *= count[i];
    for (size_t number = 0; number < runs; number++) {
        uint64_t at = place + run_place(rank, dims, start, count, along, number) * element;
        if (!read_all(fd, (char *)out + number * run * element, run * element, at)) return 0;
    }
    return 1;
}

int tri_dataset_read_plain(const tri_dataset *dataset, const size_t start[], const size_t count[], hid_t type,
                           void *out) {
    if (dataset->plain_fd < 0 || H5Tequal(type, dataset->h5_type) <= 0) return 0;
    return tri_read_runs(dataset->plain_fd, dataset->plain_place, dataset->stored_bytes, dataset->rank,
                         dataset->dims, start, count, out);
}
