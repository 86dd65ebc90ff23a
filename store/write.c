/* Writes bytes to a file, and syncs it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/result.h"

/* The alignment of addresses, offsets and lengths for direct I/O; sufficient for all common disks. */
enum { ALIGNMENT = 4096 };
static const size_t bounce_bytes = (size_t)8 << 20, piece_bytes = (size_t)1 << 30;

tri_status tri_file_write(int fd, const void *data, size_t bytes, size_t offset, const char *name) {
    for (size_t done = 0; done < bytes;) {
        size_t piece = bytes - done < piece_bytes ? bytes - done : piece_bytes;
        ssize_t wrote = pwrite(fd, (const char *)data + done, piece, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return tri_output_failure("write", name);
        done += (size_t)wrote;
    }
    return TRI_OK;
}

/* Writes whole blocks by direct I/O, through an aligned buffer if necessary. Returns the number of bytes
 * written. After an error the caller writes the rest the usual way, which reports it. */
static size_t write_blocks(int direct, const char *data, size_t bytes, size_t offset) {
    char *bounce = aligned_alloc(ALIGNMENT, bounce_bytes);
    size_t done = 0;
    while (bounce && done < bytes) {
        size_t piece = bytes - done < bounce_bytes ? bytes - done : bounce_bytes;
        const char *from = data + done;
        if ((uintptr_t)from % ALIGNMENT) from = memcpy(bounce, from, piece);
        ssize_t wrote = pwrite(direct, from, piece, (off_t)(offset + done));
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) break;
        done += (size_t)wrote;
        if (wrote % ALIGNMENT) break;
    }
    free(bounce);
    return done;
}

tri_status tri_file_write_large(int fd, int direct, const void *data, size_t bytes, size_t offset,
                                const char *name) {
    size_t head = (ALIGNMENT - offset % ALIGNMENT) % ALIGNMENT;
    if (direct < 0 || bytes < bounce_bytes) return tri_file_write(fd, data, bytes, offset, name);
    const char *from = data;
    /* The ends are in blocks that other ranks write too, so they go through the page cache. */
    TRI_TRY(tri_file_write(fd, from, head, offset, name));
    size_t blocks = (bytes - head) / ALIGNMENT * ALIGNMENT;
    size_t done = head + write_blocks(direct, from + head, blocks, offset + head);
    return tri_file_write(fd, from + done, bytes - done, offset + done, name);
}

tri_status tri_file_sync(int fd, const char *name) {
    if (!fsync(fd) || errno == EINVAL) return TRI_OK; /* EINVAL: the file system does not support sync */
    return tri_fail(TRI_ERR_FILE, "cannot make '%s' durable: %s", name, strerror(errno));
}
