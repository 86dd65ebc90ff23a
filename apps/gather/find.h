/* Finds the split files, checks that they form a whole, and assigns them to ranks. */
#ifndef TRIREME_APPS_GATHER_FIND_H
#define TRIREME_APPS_GATHER_FIND_H

#include "apps/common/split_file.h"

/* The whole dataset; the same on all ranks. */
typedef struct gather_plan {
    row_shape shape;
    size_t files;
    char path[1024]; /* of the dataset in the split files */
    tri_template form;
} gather_plan;

/* The files that this rank reads, in the order of their first rows. */
typedef struct gather_files {
    split_file *file;
    size_t count;
} gather_files;

/* Searches for files of these names or patterns on every node (nodes need not share a file system) and
 * reads their attributes. Files of scatter are ordered by index, files of other programs by name, p9
 * before p10. Each is assigned to a rank of a node that sees it. TRI_ERR_FILE: no such files.
 * TRI_ERR_DATA: a file is missing (the text names the rows), present twice, or of another split, type or
 * shape. Collective; the same status on every rank. */
TRI_MUST_CHECK tri_status gather_find(tri_run *run, const tri_texts *names, const char *path,
                                      gather_plan *plan, gather_files *mine);
void gather_files_free(gather_files *files);

#endif
