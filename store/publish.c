/* Names and folders of result files; the rename to the final name. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/result.h"

/* Creates a folder and its parents. Modifies the name `copy` temporarily. */
static int make_folder(char *copy) {
    for (char *at = copy + 1; *at; at++)
        if (*at == '/') {
            *at = 0;
            int failed = mkdir(copy, 0777) && errno != EEXIST;
            *at = '/';
            if (failed) return -1;
        }
    if (!mkdir(copy, 0777)) return 0;
    if (errno != EEXIST) return -1;
    struct stat status;
    if (stat(copy, &status)) return -1;
    errno = ENOTDIR;
    return S_ISDIR(status.st_mode) ? 0 : -1;
}

/* The folder of a path, to be freed by the caller. */
static char *folder_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
}

static tri_status folder_failure(const char *path, const char *folder) {
    const char *why = errno == EACCES || errno == EPERM ? "no permission to write there"
                      : errno == EROFS                  ? "it is read-only"
                      : errno == ENOTDIR                ? "a file has the name of a folder"
                      : errno == ENOSPC                 ? "the disk is full"
                                                        : strerror(errno);
    return tri_fail(TRI_ERR_FILE, "cannot create '%s' in folder '%s': %s; choose another folder", path,
                    folder, why);
}

tri_status tri_result_claim_at(tri_result *result, const char *path) {
    if (strlen(path) + sizeof ".part" > PATH_MAX)
        return tri_fail(TRI_ERR_FILE, "the name '%.200s...' is too long for a file", path);
    char *folder = folder_of(path);
    result->path = strdup(path);
    result->temporary = malloc(strlen(path) + sizeof ".part");
    if (!folder || !result->path || !result->temporary) {
        free(folder);
        return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", path);
    }
    strcpy(result->temporary, path);
    strcat(result->temporary, ".part");
    tri_status status = TRI_OK;
    struct stat old;
    if (!stat(path, &old) && (!result->replace || S_ISDIR(old.st_mode)))
        status =
            tri_fail(TRI_ERR_FILE,
                     S_ISDIR(old.st_mode) ? "'%s' is a folder: choose another name"
                                          : "'%s' exists: remove it, use --replace, or choose another name",
                     path);
    else if (make_folder(folder))
        status = folder_failure(path, folder);
    else {
        /* With `replace`, a .part file of a dead writer is removed; otherwise it must not exist. If that
         * writer is still alive (its node lost the network, and the job was restarted elsewhere), it keeps
         * its own file, which now has no name. */
        if (result->replace) (void)unlink(result->temporary);
        result->fd = open(result->temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_EXCL, 0666);
        if (result->fd < 0 && errno == EEXIST)
            status = tri_fail(
                TRI_ERR_FILE,
                "'%s' exists: another run is writing it or has died; remove it or choose another name",
                result->temporary);
        else if (result->fd < 0)
            status = folder_failure(result->temporary, folder);
    }
    free(folder);
    return status;
}

/* "job17.0", "job17", or "n017-4711". */
static void run_id(const tri_result *result, char *text, size_t bytes) {
    const char *job = getenv("SLURM_JOB_ID"), *step = getenv("SLURM_STEP_ID");
    if (job && *job)
        snprintf(text, bytes, "job%s%s%s", job, step && *step ? "." : "", step && *step ? step : "");
    else
        snprintf(text, bytes, "%s-%ld", tri_comm_host(result->comm), (long)getpid());
    for (char *at = text; *at; at++)
        if (*at == '/') *at = '_';
}

tri_status tri_result_claim(tri_result *result, const char *folder, const char *program) {
    char id[300], when[32];
    run_id(result, id, sizeof id);
    time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
    const char *last_slash = strrchr(program, '/');
    size_t bytes = strlen(folder) + strlen(program) + strlen(id) + 64;
    char *path = malloc(bytes);
    if (!path) return tri_fail(TRI_ERR_MEMORY, "no memory for the name of a result file");
    /* Names may collide: two runs of one job step in one second, or equal process ids in two containers. */
    tri_status status = TRI_ERR_FILE;
    for (int again = 1; again < 100; again++) {
        char suffix[8] = "";
        if (again > 1) snprintf(suffix, sizeof suffix, "-%d", again);
        snprintf(path, bytes, "%s/%s-%s-%s%s.h5", folder, last_slash ? last_slash + 1 : program, when, id,
                 suffix);
        free(result->path);
        free(result->temporary);
        result->path = result->temporary = NULL;
        status = tri_result_claim_at(result, path);
        struct stat old;
        if (status == TRI_OK || !result->temporary || (stat(result->temporary, &old) && stat(path, &old)))
            break;
    }
    free(path);
    return status;
}

/* Renames, but never replaces a file. Returns 0, or -1 with errno. */
static int rename_new(const char *from, const char *to) {
    if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) return 0;
    if (errno == EEXIST) return -1;
    /* File systems without that flag (NFS) have hard links, which never replace. */
    if (!link(from, to)) return unlink(from);
    if (errno == EEXIST) return -1;
    /* Some have neither (FAT, some FUSE): check first, with a small race. */
    if (!access(to, F_OK)) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

/* Whether another run has removed the name of the temporary file. */
static int is_lost(const tri_result *result) {
    struct stat file;
    return fstat(result->fd, &file) || !file.st_nlink;
}

void tri_result_discard(tri_result *result) {
    if (result->root && result->fd >= 0 && !is_lost(result)) unlink(result->temporary);
}

tri_status tri_result_publish(tri_result *result) {
    if (is_lost(result)) return tri_fail(TRI_ERR_FILE, "another run writes '%s' too", result->path);
    if (result->replace ? rename(result->temporary, result->path)
                        : rename_new(result->temporary, result->path)) {
        const char *why = errno == EEXIST ? "a file of that name has appeared meanwhile" : strerror(errno);
        return tri_fail(TRI_ERR_FILE, "cannot give '%s' its final name '%s': %s", result->temporary,
                        result->path, why);
    }
    char *folder = folder_of(result->path);
    if (!folder) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", result->path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a folder. The file itself is already durable. */
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
    free(folder);
    return TRI_OK;
}
