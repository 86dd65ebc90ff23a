/* Environment variables for PoCL, set before the first OpenCL call of a process.
 *
 * PoCL compiles a kernel when its program is built, and again when it is launched with a new work-group size.
 * It keeps both results in one folder per user (POCL_CACHE_DIR). Ranks that compile at the same time read
 * each other's partially written files: 1 broken kernel in 3 runs of 6 ranks. With an empty folder, every
 * kernel takes 50 ms at its first launch. Therefore the library sets these variables unless the user has set
 * them:
 *
 * POCL_KERNEL_CACHE=0: PoCL keeps nothing, and each program uses its own folder with a random name. The
 * library has its own cache of binaries, see gpu/program.c.
 *
 * POCL_CACHE_DIR: the parent of these folders; one for this process, removed at exit.
 *
 * POCL_WORK_GROUP_SPECIALIZATION=0: the code in the binary serves every work-group size, so that the first
 * launch of a kernel takes 0.1 ms, not 50.
 *
 * Other drivers ignore these variables. */
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

/* Names of this user's folders: this prefix, then the process id. */
static void folder_prefix(char prefix[64]) {
    snprintf(prefix, 64, "trireme-opencl-%ld-", (long)getuid());
}

static void private_folder(char path[PATH_SIZE]) {
    char prefix[64];
    folder_prefix(prefix);
    snprintf(path, PATH_SIZE, "%s/%s%ld", temporary_root(), prefix, (long)getpid());
}

/* Removes the folder and its contents. */
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

/* Removes folders of killed processes. A process locks its folder until it exits, so a folder that can be
 * locked has no owner. (The process id does not tell: it may belong to another container that shares
 * /tmp.) */
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

/* Creates the folder and locks it. The descriptor stays open to keep the lock. Another process may remove the
 * folder before it is locked, so this checks after locking that the name still refers to it. */
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
    /* Set by the user or by an earlier call. */
    if (getenv("POCL_CACHE_DIR")) return TRI_OK;
    remove_left_over();
    if (!make_locked(path))
        return tri_fail(TRI_ERR_SYSTEM, "cannot create folder '%s' for the OpenCL compiler: %s; set TMPDIR",
                        path, strerror(errno));
    setenv("POCL_CACHE_DIR", path, 0);
    /* PoCL closes its files some time after the last release. Its exit handlers run before this one, since
     * its library is loaded later. */
    atexit(remove_at_exit);
    return TRI_OK;
}
