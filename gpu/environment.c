/* What PoCL must find in the environment before the first OpenCL call of a process.
 *
 * PoCL compiles a kernel when it is built and again when it is launched with a work-group size that is new,
 * and keeps both in one folder per user (POCL_CACHE_DIR). Ranks that compile at the same time read each
 * other's half written files: 1 broken kernel in 3 runs of 6 ranks. And where the folder is cold, every
 * kernel costs 50 ms at its first launch. So, unless the user has set the variable:
 *
 * POCL_KERNEL_CACHE=0: nothing is kept, and each program works in a folder of its own with a random name. The
 * library keeps binaries itself, see gpu/program.c.
 *
 * POCL_CACHE_DIR: where these folders are, one for this process, removed at its exit.
 *
 * POCL_WORK_GROUP_SPECIALIZATION=0: the code in the binary is used for every work-group size, so that the first
 * launch of a kernel takes 0.1 ms, not 50.
 *
 * Other drivers do not look at these variables. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gpu/device.h"

enum { PATH_SIZE = 4096 };

static const char *temporary_root(void) {
    const char *tmp = getenv("TMPDIR");
    return tmp && *tmp ? tmp : "/tmp";
}

/* The folders of this user begin so, and end in the process's number. */
static void folder_prefix(char prefix[64]) {
    snprintf(prefix, 64, "trireme-opencl-%ld-", (long)getuid());
}

static void private_folder(char path[PATH_SIZE]) {
    char prefix[64];
    folder_prefix(prefix);
    snprintf(path, PATH_SIZE, "%s/%s%ld", temporary_root(), prefix, (long)getpid());
}

/* Removes what is in the folder, and the folder. */
static void remove_folder(int parent, const char *path) {
    int descriptor = openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!folder) return;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (unlinkat(descriptor, entry->d_name, 0) != 0) remove_folder(descriptor, entry->d_name);
    }
    closedir(folder);
    unlinkat(parent, path, AT_REMOVEDIR);
}

static void remove_at_exit(void) {
    char path[PATH_SIZE];
    private_folder(path);
    remove_folder(AT_FDCWD, path);
}

/* A process holds the lock of its folder as long as it lives, so what can be locked was left by one that was killed.
 * (A process's number says nothing: it may be one of another container that shares /tmp.) */
static void remove_left_over(void) {
    char prefix[64];
    folder_prefix(prefix);
    DIR *root = opendir(temporary_root());
    if (!root) return;
    for (struct dirent *entry; (entry = readdir(root));) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0) continue;
        int folder = openat(dirfd(root), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0) continue;
        if (flock(folder, LOCK_EX | LOCK_NB) == 0) remove_folder(dirfd(root), entry->d_name);
        close(folder);
    }
    closedir(root);
}

/* Makes the folder, and locks it for good: the descriptor stays open on purpose. Somebody who looks for folders that
 * were left over may come between the two, so it is looked at once more. */
static bool make_locked(const char *path) {
    const struct timespec moment = {.tv_nsec = 1000000};
    for (int attempt = 0; attempt < 100; attempt++) {
        struct stat by_name, by_lock;
        if (mkdir(path, 0700) != 0 && errno != EEXIST) return false;
        int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder >= 0 && flock(folder, LOCK_EX | LOCK_NB) == 0 && fstat(folder, &by_lock) == 0 &&
            by_lock.st_uid == getuid() && stat(path, &by_name) == 0 && by_name.st_ino == by_lock.st_ino)
            return true;
        if (folder >= 0) close(folder);
        nanosleep(&moment, NULL);
    }
    errno = EEXIST;
    return false;
}

tri_status tri_gpu_environment_set(void) {
    char path[PATH_SIZE];
    private_folder(path);
    setenv("POCL_KERNEL_CACHE", "0", 0);
    setenv("POCL_WORK_GROUP_SPECIALIZATION", "0", 0);
    /* The user's, or made by an earlier call. */
    if (getenv("POCL_CACHE_DIR")) return TRI_OK;
    remove_left_over();
    if (!make_locked(path))
        return tri_fail(TRI_ERR_SYSTEM, "cannot make the folder '%s' for the OpenCL compiler: %s; set TMPDIR",
                        path, strerror(errno));
    setenv("POCL_CACHE_DIR", path, 0);
    /* PoCL lets go of its files some time after the last release. Its own end at exit comes before this one, for its
     * library is not loaded yet. */
    atexit(remove_at_exit);
    return TRI_OK;
}
