/* One node's copy of a tree: under a temporary name until it is whole. */
#ifndef TRIREME_APPS_BCAST_COPY_H
#define TRIREME_APPS_BCAST_COPY_H

#include "apps/bcast/tree.h"

/* A place in the stream of a tree's data, and the file that it is in. */
typedef struct bcast_cursor {
    const bcast_tree *tree;
    const char *top; /* below which the tree lies */
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
    bool made, published; /* something lies under the temporary name; under the final one */
    uint32_t *crc;        /* of each entry's data, as they came */
} bcast_copy;

/* Starts a copy at `path`: folders, links, and files without data. TRI_ERR_FILE: something is there already and may not
 * be replaced (a folder never is), the disk is too full, ... On failure it is to be removed like any other. */
TRI_MUST_CHECK tri_status bcast_copy_start(const bcast_tree *tree, const char *path, bool replace,
                                           bcast_copy *out);

/* Permissions and times, and all of it down to the disk. */
TRI_MUST_CHECK tri_status bcast_copy_complete(bcast_copy *copy);

/* The final name, in one step. */
TRI_MUST_CHECK tri_status bcast_copy_publish(bcast_copy *copy);

/* Removes what is there under either name; frees. */
void bcast_copy_remove(bcast_copy *copy);

/* Frees; what was published stays. */
void bcast_copy_free(bcast_copy *copy);

void bcast_cursor_start(bcast_cursor *cursor, const bcast_tree *tree, const char *top, int writing);
void bcast_cursor_stop(bcast_cursor *cursor);

/* Reads the next `bytes` of the stream from the files below the top, or writes them there. crc: of each entry, or NULL,
 * goes on over them. TRI_ERR_FILE: a file is shorter than it was, the disk is full, ... */
TRI_MUST_CHECK tri_status bcast_cursor_move(bcast_cursor *cursor, char *data, size_t bytes, uint32_t *crc);

#endif
