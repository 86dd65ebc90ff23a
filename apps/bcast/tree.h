/* What is to be copied: the files and folders below a name, and where their data lie. */
#ifndef TRIREME_APPS_BCAST_TREE_H
#define TRIREME_APPS_BCAST_TREE_H

#include <sys/stat.h>
#include <time.h>

#include "apps/driver/app.h"

typedef struct bcast_entry {
    mode_t mode;              /* a regular file, folder or symbolic link, and its permissions */
    uint32_t crc;             /* of a file's data, as rank 0 has read them */
    uint64_t bytes;           /* of a file, with its holes */
    struct timespec times[2]; /* of the last access and change */
    size_t path,
        link; /* in the text: the path below the top, "" for the top itself; where a link points to */
} bcast_entry;

/* A run of data in a file; what lies between them are holes. */
typedef struct bcast_segment {
    size_t entry;
    uint64_t offset, bytes;
} bcast_segment;

/* Folders stand before what is in them. All data, segment after segment, are one stream of `bytes`. */
typedef struct bcast_tree {
    bcast_entry *entry;
    bcast_segment *segment;
    char *text;
    size_t entries, segments, text_bytes;
    uint64_t bytes;
} bcast_tree;

/* Lists what is at `top`; a symbolic link there is followed, links below it are copied as links. TRI_ERR_FILE: something
 * cannot be read, or is no file, folder or link. Outputs are made in any case, for bcast_tree_free(). */
TRI_MUST_CHECK tri_status bcast_tree_scan(const char *top, bcast_tree *out);

/* Rank 0's tree to all ranks. Collective. */
TRI_MUST_CHECK tri_status bcast_tree_share(bcast_tree *tree, tri_comm *comm);
void bcast_tree_free(bcast_tree *tree);

#endif
