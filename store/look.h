/* A child process that looks at a file before this process opens it. Internal. */
#ifndef TRIREME_STORE_LOOK_H
#define TRIREME_STORE_LOOK_H

#include "trireme/status.h"

/* Has the child open the file with the arguments of tri_dataset_open() and read the first elements; or,
 * instead of the elements, an attribute of the root group ("": the attributes of the dataset). any: elements
 * of any type. TRI_ERR_FILE: HDF5 crashed or made no progress there. TRI_OK: it came back, with or without an
 * error, or no child looks. */
TRI_MUST_CHECK tri_status tri_look(const char *file, const char *path, int any, const char *attribute);

/* As an attribute: tri_record_read(). No attribute of ours has this name. */
#define TRI_LOOK_RECORD "*"

/* What the child does with the arguments of tri_look(). */
typedef void (*tri_look_at)(const char *file, const char *path, int any, const char *attribute);

/* tri_store_look_first(). */
void tri_look_first(int argc, char **argv, tri_look_at look_at);

#endif
