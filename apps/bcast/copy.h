/* One node's copy of a tree, under a temporary name until it is complete. */
#ifndef TRIREME_APPS_BCAST_COPY_H
#define TRIREME_APPS_BCAST_COPY_H

#include "apps/bcast/tree.h"

/* A position in the data stream of a tree, and the file at that position. */
typedef struct bcast_cursor {
    const bcast_tree *tree;
    const char *top; /* root of the tree */
    int writing;
    size_t segment;
    uint64_t done; /* of the segment */
    int fd;        /* of the segment's file; -1: none */
    size_t entry;  /* that it belongs to */
} bcast_cursor;

typedef struct bcast_copy {
    const bcast_tree *tree;
    char *path, *part; /* the final and the temporary name */
    bool replace;
    bool made, published; /* the temporary name exists; the final name exists */
    uint32_t *crc;        /* of each entry's data, as received */
} bcast_copy;

/* Starts a copy at `path`: creates folders, links, and files without data. TRI_ERR_FILE: `path` exists and
 * may not be replaced (folders are never replaced), the disk is full, ... Call bcast_copy_remove() even
 * after a failure. */
TRI_MUST_CHECK tri_status bcast_copy_start(const bcast_tree *tree, const char *path, bool replace,
                                           bcast_copy *out);

/* Sets permissions and times, and syncs the file system. */
TRI_MUST_CHECK tri_status bcast_copy_complete(bcast_copy *copy);

/* Gives the copy its final name atomically. */
TRI_MUST_CHECK tri_status bcast_copy_publish(bcast_copy *copy);

/* Removes the copy under either name, and frees. */
void bcast_copy_remove(bcast_copy *copy);

/* Frees, and removes an unpublished copy; a published one remains. */
void bcast_copy_free(bcast_copy *copy);

void bcast_cursor_start(bcast_cursor *cursor, const bcast_tree *tree, const char *top, int writing);
void bcast_cursor_stop(bcast_cursor *cursor);

/* Reads or writes the next `bytes` of the stream. crc: checksums of each entry to update, or NULL.
 * TRI_ERR_FILE: a file became shorter, the disk is full, ... */
TRI_MUST_CHECK tri_status bcast_cursor_move(bcast_cursor *cursor, char *data, size_t bytes, uint32_t *crc);

#endif
