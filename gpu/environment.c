/* What PoCL must find in the environment before the first OpenCL call of a process.
 *
 * PoCL compiles a kernel when it is built and again when it is launched with a work-group size that is new,
 * and keeps both in one folder per user (POCL_CACHE_DIR). Ranks that compile at the same time read each
 * other's half written files: 1 broken kernel in 3 runs of 6 ranks. And where the folder is cold, every
 * kernel costs 50 ms at its first launch. So, unless the user has set the variable:
 *
 *   POCL_KERNEL_CACHE=0                nothing is kept, each program works in a folder of its own with a
 * random name (the library keeps binaries itself: gpu/program.c); POCL_CACHE_DIR                     where
 * these folders are: one for this process, removed by tri_gpu_close; POCL_WORK_GROUP_SPECIALIZATION=0   the
 * code in the binary is used for every work-group size: the first launch of a kernel takes 0.1 ms, not 50.
 *
 * Other drivers do not look at these variables. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gpu/device.h"

enum { PATH_SIZE = 4096 };

static void private_folder(char path[PATH_SIZE]) {
    const char *tmp = getenv("TMPDIR");
    snprintf(path, PATH_SIZE, "%s/trireme-pocl-%ld-%ld", tmp && *tmp ? tmp : "/tmp", (long)getuid(),
             (long)getpid());
}

tri_status tri_gpu_environment_set(void) {
    char path[PATH_SIZE];
    private_folder(path);
    setenv("POCL_KERNEL_CACHE", "0", 0);
    setenv("POCL_WORK_GROUP_SPECIALIZATION", "0", 0);
    setenv("POCL_CACHE_DIR", path, 0);
    if (strcmp(getenv("POCL_CACHE_DIR"), path) == 0 && mkdir(path, 0700) != 0 && errno != EEXIST)
        return tri_fail(TRI_ERR_SYSTEM, "cannot make the folder '%s' for the OpenCL compiler: %s; set TMPDIR",
                        path, strerror(errno));
    return TRI_OK;
}

/* PoCL leaves an empty file in the folder. What is in use by another device of this process stays, and so
 * does the folder then. */
void tri_gpu_environment_clean(void) {
    char path[PATH_SIZE];
    private_folder(path);
    DIR *folder = opendir(path);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strncmp(entry->d_name, "tempfile_", 9) == 0) unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(path);
}
