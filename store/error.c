/* Converts HDF5's errors to one line with the cause and a remedy. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/hdf5.h"

tri_h5_quiet tri_h5_quiet_begin(void) {
    tri_h5_quiet quiet = {NULL, NULL};
    H5Eget_auto2(H5E_DEFAULT, &quiet.print, &quiet.data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return quiet;
}

static int stays_quiet;

void tri_h5_quiet_end(tri_h5_quiet quiet) {
    if (!stays_quiet) H5Eset_auto2(H5E_DEFAULT, quiet.print, quiet.data);
}

void tri_h5_stay_quiet(void) {
    stays_quiet = 1;
}

static herr_t keep_line(unsigned n, const H5E_error2_t *line, void *text) {
    (void)n;
    snprintf(text, TRI_H5_REASON, "%s", line->desc ? line->desc : "");
    return 1; /* stop after the first */
}

const char *tri_h5_reason(char text[TRI_H5_REASON]) {
    text[0] = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_line, text);
    /* "file write failed: time = ..., filename = ..., errno = 28, ...": the errno suffices. */
    const char *number = strstr(text, "errno = ");
    int error = number ? atoi(number + strlen("errno = ")) : 0;
    if (error) snprintf(text, TRI_H5_REASON, "%s", strerror(error));
    if (!text[0]) snprintf(text, TRI_H5_REASON, "HDF5 gives no reason");
    return text;
}

/* Other file formats that users may pass, by their first bytes. */
static const struct {
    const char *start, *what;
} foreign[] = {
    {"CDF\001", "a classic netCDF file: convert it with nccopy -k nc4"},
    {"CDF\002", "a classic netCDF file: convert it with nccopy -k nc4"},
    {"CDF\005", "a classic netCDF file: convert it with nccopy -k nc4"},
    {"\016\003\023\001", "an HDF4 file: convert it with h4toh5"},
    {"MATLAB 5.0", "an old MATLAB file: save it with -v7.3"},
    {"\037\213", "compressed as a whole: gunzip it first"},
    {"version https://git-lfs", "a Git LFS pointer: fetch the data with git lfs pull"},
};

static tri_status not_hdf5(const char *file) {
    char start[32] = "";
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, start, sizeof start - 1);
    if (fd >= 0) close(fd);
    if (got == 0) return tri_fail(TRI_ERR_FILE, "'%s' is not an HDF5 file: it is empty", file);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (!strncmp(start, foreign[i].start, strlen(foreign[i].start)))
            return tri_fail(TRI_ERR_FILE, "'%s' is not an HDF5 file but %s", file, foreign[i].what);
    return tri_fail(TRI_ERR_FILE,
                    "'%s' is not an HDF5 file (h5py, netCDF-4 and MATLAB -v7.3 write HDF5); for raw numbers "
                    "state their type: FILE:f8",
                    file);
}

tri_status tri_h5_open_failure(const char *file) {
    char reason[TRI_H5_REASON];
    tri_h5_reason(reason);
    if (H5Fis_hdf5(file) == 0) return not_hdf5(file);
    if (strstr(reason, "truncated"))
        return tri_fail(TRI_ERR_FILE, "'%s' is truncated: copy or write it again (%s)", file, reason);
    if (!strcmp(reason, strerror(EAGAIN)) || strstr(reason, "lock"))
        return tri_fail(
            TRI_ERR_FILE,
            "'%s' is locked: a program is writing it, or the file system has no locks; wait for the "
            "program, or set HDF5_USE_FILE_LOCKING=FALSE (%s)",
            file, reason);
    if (strstr(reason, "h5clear"))
        return tri_fail(
            TRI_ERR_FILE,
            "'%s' was not closed by its writer: wait for that program or, if it died, run h5clear -s "
            "(%s)",
            file, reason);
    return tri_fail(TRI_ERR_FILE, "'%s' is a damaged HDF5 file: copy or write it again (%s)", file, reason);
}

/* Opens the file by the operating system first: its errors are more specific than HDF5's. */
tri_status tri_file_check(const char *file) {
    /* O_NONBLOCK: do not block on a named pipe. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT) return tri_fail(TRI_ERR_FILE, "cannot open '%s': no such file", file);
        if (errno == EACCES)
            return tri_fail(TRI_ERR_FILE,
                            "cannot open '%s': no permission to read it (chmod, or ask its owner)", file);
        return tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", file, strerror(errno));
    }
    struct stat stat;
    int failed = fstat(fd, &stat);
    close(fd);
    if (failed) return tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", file, strerror(errno));
    if (S_ISDIR(stat.st_mode)) return tri_fail(TRI_ERR_FILE, "'%s' is a directory: name a file in it", file);
    if (!S_ISREG(stat.st_mode) && !S_ISBLK(stat.st_mode))
        return tri_fail(TRI_ERR_FILE,
                        "'%s' is not a regular file: name a file, or read it as standard input: -", file);
    return TRI_OK;
}

hid_t tri_h5_access(void) {
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 14, 0) || (H5_VERS_MINOR == 12 && H5_VERS_RELEASE >= 1) ||                              \
    (H5_VERS_MINOR == 10 && H5_VERS_RELEASE >= 7)
    /* HDF5_USE_FILE_LOCKING in the environment overrides this. */
    H5Pset_file_locking(access, 1, 1);
#endif
    return access;
}

tri_status tri_h5_open(const char *file, hid_t *out) {
    TRI_TRY(tri_file_check(file));
    hid_t access = tri_h5_access();
    hid_t opened = H5Fopen(file, H5F_ACC_RDONLY, access);
    tri_status status = opened < 0 ? tri_h5_open_failure(file) : TRI_OK;
    H5Pclose(access);
    if (status == TRI_OK) *out = opened;
    return status;
}
