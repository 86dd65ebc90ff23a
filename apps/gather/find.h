/* Which parts there are, whether they make a whole, and which rank reads which. */
#ifndef TRIREME_APPS_GATHER_FIND_H
#define TRIREME_APPS_GATHER_FIND_H

#include "apps/common/parts.h"

/* The whole, the same on all ranks. */
typedef struct gather_plan {
    parts_shape shape;
    size_t files;
    char path[1024]; /* of the dataset in its parts */
    tri_template form;
} gather_plan;

/* The parts that this rank reads, in the order of their first rows. */
typedef struct gather_parts {
    part *part;
    size_t count;
} gather_parts;

/* Looks for files of these names or patterns on every node (they need not share a file system), and learns from each
 * what it holds. Parts of scatter are put in their order, files of other programs in that of their names, p9 before
 * p10. Each is given to a rank of a node that sees it. TRI_ERR_FILE: no such files. TRI_ERR_DATA: a part is missing (the
 * text says which rows), there twice, of another split, type or shape. Collective; the same status on every rank. */
TRI_MUST_CHECK tri_status gather_find(tri_run *run, const tri_texts *names, const char *path,
                                      gather_plan *plan, gather_parts *mine);
void gather_parts_free(gather_parts *parts);

#endif
