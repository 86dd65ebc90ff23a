/* The files and folders to copy, and the positions of their data. */
#ifndef TRIREME_APPS_BCAST_TREE_H
#define TRIREME_APPS_BCAST_TREE_H

#include <sys/stat.h>
#include <time.h>

#include "apps/driver/app.h"

typedef struct bcast_entry {
    mode_t mode; /* a regular file, folder or symbolic link, and its permissions */
    uid_t uid;   /* its owner */
    gid_t gid;
    uint32_t crc;             /* of a file's data, as read by rank 0 */
    uint64_t bytes;           /* size of a file, with holes */
    struct timespec times[2]; /* of the last access and change */
    size_t path, link; /* offsets in the text: path below the root ("" for the root), target of a link */
    size_t twin;       /* 1 + the number of an earlier entry that is the same file (hard links); 0: none */
} bcast_entry;

/* A run of data in a file; holes are between them. */
typedef struct bcast_segment {
    size_t entry;
    uint64_t offset, bytes;
} bcast_segment;

/* Folders come before their contents. The segments in order form one stream of `bytes`. */
typedef struct bcast_tree {
    bcast_entry *entry;
    bcast_segment *segment;
    char *text;
    size_t entries, segments, text_bytes;
    uint64_t bytes;
} bcast_tree;

/* Lists the tree at `top`. Follows a symbolic link at `top`; links below it remain links. hard_links: finds
 * names of the same file. TRI_ERR_FILE: an entry is not readable, or not a file, folder or link. `out` is set
 * even after a failure, for bcast_tree_free(). Local. */
TRI_MUST_CHECK tri_status bcast_tree_scan(const char *top, bool hard_links, bcast_tree *out);

/* Broadcasts rank 0's tree. Collective. */
TRI_MUST_CHECK tri_status bcast_tree_share(bcast_tree *tree, tri_comm *comm);
void bcast_tree_free(bcast_tree *tree);

#endif
