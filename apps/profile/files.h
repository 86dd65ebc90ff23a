/* The mapped files of the ranks, checked: no number in them leads out of them. */
#ifndef TRIREME_APPS_PROFILE_FILES_H
#define TRIREME_APPS_PROFILE_FILES_H

#include "apps/profile/collect.h"

typedef struct profile_file {
    char *memory;
    const profile_head *head;
    const profile_module *modules;
    const profile_comm_row *comms;
    const profile_cell *cells;
    const profile_bin *bins;
    const profile_peer *peers;
    double second; /* of a tick */
} profile_file;

typedef struct profile_files {
    profile_file *file; /* by rank */
    size_t count;
} profile_files;

/* The caller frees *out with profile_files_free(), after a failure, too. TRI_ERR_FILE, TRI_ERR_DATA. */
TRI_MUST_CHECK tri_status profile_files_read(const char *folder, profile_files *out);
void profile_files_free(profile_files *files);

/* The path of a module; "": unknown. */
const char *profile_module_of(const profile_file *file, uint32_t module);

/* Removes the files and the folder, where they are all that is in it. */
void profile_files_remove(const char *folder);

#endif
