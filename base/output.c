/* Output files: temporary names, the rename to the final name, and what may be replaced. */
#include "trireme/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct tri_output {
    FILE *file;
    char *path, *temporary;
    int replace, finished;
    struct stat old; /* what had the final name at the creation; st_nlink 0: nothing */
};

/* The only state that belongs to no object, because a signal handler has none: temporary names of this
 * process. A child that has not called exec yet must not remove its parent's files. */
enum { SLOTS = 64 };
static char *_Atomic unfinished[SLOTS];
static atomic_int owner;

static void note(char *name) {
    atomic_store(&owner, (int)getpid());
    for (int i = 0; i < SLOTS; i++) {
        char *none = NULL;
        if (atomic_compare_exchange_strong(&unfinished[i], &none, name)) return;
    }
}

static void forget(char *name) {
    for (int i = 0; i < SLOTS; i++) {
        char *found = name;
        if (atomic_compare_exchange_strong(&unfinished[i], &found, NULL)) return;
    }
}

void tri_output_abandon(void) {
    if (atomic_load(&owner) != (int)getpid()) return;
    for (int i = 0; i < SLOTS; i++) {
        const char *name = atomic_load(&unfinished[i]);
        if (name) (void)unlink(name);
    }
}

tri_status tri_output_failure(const char *what, const char *path) {
    const char *why = errno == ENOSPC || errno == EDQUOT
                          ? "the disk is full (or the quota); make room or choose another folder"
                      : errno == EROFS   ? "the file system is read-only; choose another folder"
                      : errno == ENOENT  ? "no such folder"
                      : errno == ENOTDIR ? "a file has the name of a folder"
                      : errno != EACCES && errno != EPERM ? strerror(errno)
                      : strcmp(what, "read") ? "no permission to write there; choose another folder"
                                             : "no permission to read it";
    return tri_fail(TRI_ERR_FILE, "cannot %s '%s': %s", what, path, why);
}

/* ---- What may be replaced ---- */

static tri_status check_kind(const char *path, const struct stat *s) {
    if (S_ISREG(s->st_mode)) return TRI_OK;
    if (S_ISDIR(s->st_mode)) return tri_fail(TRI_ERR_FILE, "'%s' is a folder: choose another name", path);
    return tri_fail(TRI_ERR_FILE, "'%s' is a %s, which is never replaced: choose another name", path,
                    S_ISFIFO(s->st_mode)   ? "named pipe"
                    : S_ISSOCK(s->st_mode) ? "socket"
                                           : "device");
}

tri_status tri_output_check(const char *path, int replace) {
    struct stat s;
    if (!*path) return tri_fail(TRI_ERR_FILE, "the name of the output is empty: choose a name");
    if (path[strlen(path) - 1] == '/')
        return tri_fail(TRI_ERR_FILE, "'%s' is the name of a folder: name a file", path);
    if (!stat(path, &s)) TRI_TRY(check_kind(path, &s));
    /* A link to nothing exists, too. */
    if (replace || lstat(path, &s)) return TRI_OK;
    return tri_fail(TRI_ERR_FILE, "'%s' exists: remove it, use --replace, or choose another name", path);
}

/* ---- Names ---- */

/* The length of the folder's part of a path, with its slash. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

tri_status tri_output_folders(const char *path) {
    char folder[PATH_MAX];
    size_t length = folder_length(path);
    if (length >= sizeof folder)
        return tri_fail(TRI_ERR_FILE, "the name '%.200s...' is too long for a file", path);
    for (size_t i = 1; i < length; i++) {
        if (path[i] != '/' || path[i - 1] == '/') continue;
        memcpy(folder, path, i);
        folder[i] = 0;
        struct stat s;
        if (!mkdir(folder, 0777)) continue;
        int error = errno;
        if (!stat(folder, &s) && S_ISDIR(s.st_mode)) continue;
        errno = error == EEXIST ? ENOTDIR : error;
        return tri_output_failure("create the folder", folder);
    }
    return TRI_OK;
}

tri_status tri_output_name(const char *path, char **temporary) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    enum { RANDOM = 10, TAIL = sizeof "..part" + RANDOM };
    unsigned char random[RANDOM];
    char text[RANDOM + 1] = "";
    /* The name of a file has at most NAME_MAX bytes, so a long one is cut. */
    size_t folder = folder_length(path), name = strlen(path) - folder;
    if (name > NAME_MAX || folder + NAME_MAX >= PATH_MAX)
        return tri_fail(TRI_ERR_FILE, "the name '%.200s...' is too long for a file", path);
    if (name > NAME_MAX - TAIL) name = NAME_MAX - TAIL;
    if (getentropy(random, sizeof random))
        return tri_fail(TRI_ERR_SYSTEM, "the system gives no random numbers: %s", strerror(errno));
    for (int i = 0; i < RANDOM; i++)
        text[i] = letters[random[i] % 32];
    size_t room = folder + name + TAIL;
    char *out = malloc(room);
    if (!out) return tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", path);
    snprintf(out, room, "%.*s.%s.part", (int)(folder + name), path, text);
    *temporary = out;
    return TRI_OK;
}

/* ---- The rename ---- */

/* Renames, but never replaces a file. Returns 0, or -1 with errno. */
static int rename_new(const char *from, const char *to) {
    struct stat s;
    if (!renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE)) return 0;
    if (errno == EEXIST) return -1;
    /* File systems without that flag (NFS) have hard links, which never replace. */
    if (!link(from, to)) return unlink(from);
    if (errno == EEXIST) return -1;
    /* Some have neither (FAT, some FUSE), and folders have no hard links: check first, with a small race. */
    if (!lstat(to, &s)) {
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

static void sync_folder(const char *path) {
    char folder[PATH_MAX];
    size_t length = folder_length(path);
    snprintf(folder, sizeof folder, "%.*s", length ? (int)length : 1, length ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Some file systems cannot sync a folder. The file itself is already durable. */
    if (fd < 0) return;
    (void)fsync(fd);
    close(fd);
}

tri_status tri_output_publish(const char *temporary, const char *path, int replace) {
    TRI_TRY(tri_output_check(path, replace));
    if (replace ? rename(temporary, path) : rename_new(temporary, path)) {
        if (errno == EEXIST)
            return tri_fail(TRI_ERR_FILE, "cannot write '%s': a file of that name has appeared meanwhile",
                            path);
        return tri_output_failure("write", path);
    }
    sync_folder(path);
    return TRI_OK;
}

/* ---- Output files ---- */

/* Creates the temporary file. */
static tri_status open_new(tri_output *o) {
    for (int again = 0; again < 100; again++) {
        TRI_TRY(tri_output_name(o->path, &o->temporary));
        int fd = open(o->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0) note(o->temporary);
        if (fd >= 0 && (o->file = fdopen(fd, "w+"))) return TRI_OK;
        if (fd >= 0) {
            close(fd);
            return tri_fail(TRI_ERR_MEMORY, "no memory for the file '%s'", o->path);
        }
        if (errno != EEXIST) break;
        free(o->temporary);
        o->temporary = NULL;
    }
    tri_status status = tri_output_failure("write", o->path);
    free(o->temporary);
    o->temporary = NULL;
    return status;
}

tri_status tri_output_create(const char *path, int replace, tri_output **out) {
    TRI_TRY(tri_output_check(path, replace));
    tri_output *o = calloc(1, sizeof *o);
    if (o) o->path = strdup(path);
    tri_status status = o && o->path ? TRI_OK : tri_fail(TRI_ERR_MEMORY, "no memory for the name '%s'", path);
    if (status == TRI_OK) {
        o->replace = replace;
        if (lstat(path, &o->old)) o->old.st_nlink = 0;
        status = open_new(o);
    }
    if (status == TRI_OK)
        *out = o;
    else
        tri_output_destroy(&o);
    return status;
}

FILE *tri_output_stream(tri_output *output) {
    return output->file;
}

const char *tri_output_temporary(const tri_output *output) {
    return output->temporary;
}

/* Two runs that write one file: the one that started first must not replace the other's, which is newer. A
 * file that has gone meanwhile is no loss. */
static tri_status check_same(const tri_output *o, const char *path) {
    struct stat now, mine;
    if (fstat(fileno(o->file), &mine) || lstat(o->temporary, &now) || now.st_dev != mine.st_dev ||
        now.st_ino != mine.st_ino)
        return tri_fail(TRI_ERR_FILE, "cannot write '%s': another program has removed '%s'", path,
                        o->temporary);
    if (path != o->path || lstat(path, &now)) return TRI_OK;
    if (o->old.st_nlink && now.st_dev == o->old.st_dev && now.st_ino == o->old.st_ino) return TRI_OK;
    return tri_fail(TRI_ERR_FILE, "cannot write '%s': another program has written it meanwhile", path);
}

tri_status tri_output_finish(tri_output *output, const char *path) {
    if (!path) path = output->path;
    /* EINVAL: the file system does not support sync. */
    if (fflush(output->file) || (fsync(fileno(output->file)) && errno != EINVAL))
        return tri_output_failure("write", path);
    if (ferror(output->file))
        return tri_fail(TRI_ERR_FILE, "cannot write '%s': a write has failed; make room on the disk", path);
    TRI_TRY(check_same(output, path));
    TRI_TRY(tri_output_publish(output->temporary, path, output->replace));
    output->finished = 1;
    forget(output->temporary);
    return TRI_OK;
}

void tri_output_destroy(tri_output **output) {
    tri_output *o = output ? *output : NULL;
    if (!o) return;
    if (o->temporary && !o->finished) {
        (void)unlink(o->temporary);
        forget(o->temporary);
    }
    if (o->file) fclose(o->file);
    free(o->path);
    free(o->temporary);
    free(o);
    *output = NULL;
}
