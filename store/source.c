/* Files and standard input as one run of bytes. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/flat.h"

enum { PIECE = 1 << 18 };

tri_status tri_source_read(const tri_source *source, uint64_t at, void *to, size_t bytes, size_t *got) {
    size_t done = 0;
    if (at > source->bytes) at = source->bytes;
    if (bytes > source->bytes - at) bytes = (size_t)(source->bytes - at);
    while (done < bytes) {
        ssize_t more = pread(source->fd, (char *)to + done, bytes - done, (off_t)(source->begin + at + done));
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", source->name, strerror(errno));
        if (!more)
            return tri_fail(TRI_ERR_FILE, "'%s' became shorter while it was read: do not change it meanwhile",
                            source->name);
        done += (size_t)more;
    }
    *got = done;
    return TRI_OK;
}

/* A file without a name: nothing is left of it, however the process ends. */
static int open_unnamed(const char *folder) {
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char name[4096];
    if (fd >= 0 || snprintf(name, sizeof name, "%s/trireme-input-XXXXXX", folder) >= (int)sizeof name)
        return fd;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) unlink(name);
    return fd;
}

static tri_status copy_input(int to, const char *folder, uint64_t *bytes) {
    char *piece = malloc(PIECE);
    tri_status status = piece ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for standard input");
    *bytes = 0;
    while (status == TRI_OK) {
        ssize_t got = read(STDIN_FILENO, piece, PIECE), done = 0;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) status = tri_fail(TRI_ERR_FILE, "cannot read standard input: %s", strerror(errno));
        if (got <= 0) break;
        while (done < got && status == TRI_OK) {
            ssize_t wrote = write(to, piece + done, (size_t)(got - done));
            if (wrote < 0 && errno != EINTR)
                status = tri_fail(TRI_ERR_FILE, "cannot copy standard input to '%s': %s; set TMPDIR", folder,
                                  strerror(errno));
            if (wrote > 0) done += wrote;
        }
        *bytes += (uint64_t)got;
    }
    free(piece);
    return status;
}

static tri_status open_input(tri_source *out) {
    struct stat about;
    const char *folder = getenv("TMPDIR");
    if (!folder || !*folder) folder = "/tmp";
    if (fstat(STDIN_FILENO, &about))
        return tri_fail(TRI_ERR_FILE, "cannot read standard input: %s", strerror(errno));
    off_t begin = S_ISREG(about.st_mode) ? lseek(STDIN_FILENO, 0, SEEK_CUR) : -1;
    *out = (tri_source){.name = "standard input", .fd = -1};
    if (begin >= 0) {
        out->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        out->begin = (uint64_t)begin;
        out->bytes = about.st_size > begin ? (uint64_t)(about.st_size - begin) : 0;
    } else
        out->fd = open_unnamed(folder);
    if (out->fd < 0)
        return tri_fail(TRI_ERR_FILE, "cannot copy standard input to a file in '%s': %s; set TMPDIR", folder,
                        strerror(errno));
    tri_status status = begin < 0 ? copy_input(out->fd, folder, &out->bytes) : TRI_OK;
    if (status == TRI_OK && !out->bytes) status = tri_fail(TRI_ERR_FILE, "standard input is empty");
    if (status != TRI_OK) close(out->fd);
    return status;
}

tri_status tri_source_open(const char *name, tri_source *out) {
    if (tri_is_input(name)) return open_input(out);
    TRI_TRY(tri_file_check(name));
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    off_t bytes = fd < 0 ? -1 : lseek(fd, 0, SEEK_END); /* also of a block device */
    if (bytes < 0) {
        tri_status status = tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", name, strerror(errno));
        if (fd >= 0) close(fd);
        return status;
    }
    *out = (tri_source){.name = name, .fd = fd, .bytes = (uint64_t)bytes};
    return TRI_OK;
}
