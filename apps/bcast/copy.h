/* One node's copy of a tree, under a temporary name until it is complete. */
#ifndef TRIREME_APPS_BCAST_COPY_H
#define TRIREME_APPS_BCAST_COPY_H

#include "apps/bcast/tree.h"

/* A position in the data stream of a tree, and the file at that position. */
typedef struct bcast_cursor {
    const bcast_tree *tree;
    const char *top;   /* root of the tree */
    const char *shown; /* its name in error texts */
    int writing;
    size_t segment;
    uint64_t done; /* of the segment */
    int fd;        /* of the segment's file; -1: none */
    size_t entry;  /* that it belongs to */
} bcast_cursor;

/* What a copy keeps beside the data; otherwise it is made as new files are. */
typedef enum bcast_keep { BCAST_MODE = 1, BCAST_OWNER = 2, BCAST_LINKS = 4, BCAST_TIMES = 8 } bcast_keep;

typedef struct bcast_copy {
    const bcast_tree *tree;
    char *path, *part; /* the final and the temporary name */
    bool replace;
    int keep;             /* a sum of bcast_keep */
    mode_t mask;          /* the umask */
    bool made, published; /* the temporary name exists; the final name exists */
    uint32_t *crc;        /* of each entry's data, as received */
} bcast_copy;

/* Starts a copy at `path` under the temporary name `part`: creates folders, links, and files without data.
 * TRI_ERR_FILE: `path` exists and may not be replaced (folders are never replaced), the disk is full, ...
 * Call bcast_copy_remove() even after a failure. */
TRI_MUST_CHECK tri_status bcast_copy_start(const bcast_tree *tree, const char *path, const char *part,
                                           bool replace, int keep, bcast_copy *out);

/* Sets permissions and what else is kept, and syncs the file system. A copy with another owner than the
 * source never gets setuid, and with another group never setgid. */
TRI_MUST_CHECK tri_status bcast_copy_complete(bcast_copy *copy);

/* Gives the copy its final name atomically. */
TRI_MUST_CHECK tri_status bcast_copy_publish(bcast_copy *copy);

/* Removes the copy under either name, and frees. */
void bcast_copy_remove(bcast_copy *copy);

/* Frees, and removes an unpublished copy; a published one remains. */
void bcast_copy_free(bcast_copy *copy);

void bcast_cursor_start(bcast_cursor *cursor, const bcast_tree *tree, const char *top, const char *shown,
                        int writing);
void bcast_cursor_stop(bcast_cursor *cursor);

/* Reads or writes the next `bytes` of the stream. crc: checksums of each entry to update, or NULL.
 * TRI_ERR_FILE: a file became shorter, the disk is full, ... */
TRI_MUST_CHECK tri_status bcast_cursor_move(bcast_cursor *cursor, char *data, size_t bytes, uint32_t *crc);

#endif
