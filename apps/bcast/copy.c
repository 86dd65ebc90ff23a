#include "apps/bcast/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

static tri_status failure(const char *what, const char *path) {
    const char *why = errno == ENOSPC || errno == EDQUOT  ? "the disk is full (or the quota)"
                      : errno == EROFS                    ? "the file system is read-only"
                      : errno == EACCES || errno == EPERM ? "no permission"
                      : errno == ENOENT                   ? "no such folder"
                                                          : strerror(errno);
    return tri_fail(TRI_ERR_FILE, "cannot %s '%s': %s", what, path, why);
}

/* Writes the path of an entry below `top` to `path`. */
static tri_status name_of(const bcast_tree *tree, const bcast_entry *e, const char *top,
                          char path[PATH_MAX]) {
    const char *below = tree->text + e->path;
    int length = snprintf(path, PATH_MAX, "%s%s%s", top, *below ? "/" : "", below);
    return length < PATH_MAX ? TRI_OK : tri_fail(TRI_ERR_FILE, "the name '%.100s...' is too long", path);
}

/* Removes a file, or a folder with its contents. Failures show when the name is used again. */
static void remove_all(const char *path) {
    struct stat s;
    if (lstat(path, &s)) return;
    if (!S_ISDIR(s.st_mode)) {
        unlink(path);
        return;
    }
    chmod(path, 0700); /* its permissions may forbid removal */
    DIR *folder = opendir(path);
    for (struct dirent *d; folder && (d = readdir(folder));) {
        char below[PATH_MAX];
        if (strcmp(d->d_name, ".") && strcmp(d->d_name, "..") &&
            snprintf(below, sizeof below, "%s/%s", path, d->d_name) < PATH_MAX)
            remove_all(below);
    }
    if (folder) closedir(folder);
    rmdir(path);
}

/* ---- Start ---- */

/* Checks the free space before the first byte is sent. */
static tri_status check_space(const bcast_copy *copy) {
    struct statvfs s;
    if (statvfs(copy->part, &s) || copy->tree->bytes <= (uint64_t)s.f_bavail * s.f_frsize) return TRI_OK;
    errno = ENOSPC;
    return failure("make", copy->part);
}

static tri_status make_entry(const bcast_copy *copy, const bcast_entry *e) {
    char path[PATH_MAX];
    TRI_TRY(name_of(copy->tree, e, copy->part, path));
    if (S_ISDIR(e->mode)) return mkdir(path, 0700) ? failure("make", path) : TRI_OK;
    if (S_ISLNK(e->mode)) return symlink(copy->tree->text + e->link, path) ? failure("make", path) : TRI_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return failure("make", path);
    /* Until data arrive, a file is one hole. */
    int failed = ftruncate(fd, (off_t)e->bytes);
    if (failed) (void)failure("make", path);
    close(fd);
    return failed ? TRI_ERR_FILE : TRI_OK;
}

static tri_status check_free(const bcast_copy *copy) {
    struct stat s;
    if (!lstat(copy->path, &s)) {
        if (S_ISDIR(s.st_mode))
            return tri_fail(TRI_ERR_FILE,
                            "the folder '%s' exists; remove it, or end the name with / to copy into it",
                            copy->path);
        if (!copy->replace)
            return tri_fail(TRI_ERR_FILE, "'%s' exists; remove it or use --replace", copy->path);
    }
    if (copy->replace) remove_all(copy->part);
    if (lstat(copy->part, &s)) return TRI_OK;
    return tri_fail(
        TRI_ERR_FILE,
        "'%s' exists: another copy runs or failed, or nodes share this folder; remove it or use --replace",
        copy->part);
}

tri_status bcast_copy_start(const bcast_tree *tree, const char *path, bool replace, bcast_copy *out) {
    *out = (bcast_copy){.tree = tree,
                        .replace = replace,
                        .path = strdup(path),
                        .part = malloc(strlen(path) + 6),
                        .crc = calloc(tree->entries, sizeof *out->crc)};
    if (!out->path || !out->part || !out->crc)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the list of all files");
    sprintf(out->part, "%s.part", path);
    TRI_TRY(check_free(out));
    for (size_t i = 0; i < tree->entries; i++) {
        TRI_TRY(make_entry(out, &tree->entry[i]));
        out->made = true;
    }
    for (size_t i = 0; i < tree->entries; i++)
        out->crc[i] = (uint32_t)crc32(0, NULL, 0);
    return check_space(out);
}

/* ---- The stream ---- */

void bcast_cursor_start(bcast_cursor *cursor, const bcast_tree *tree, const char *top, int writing) {
    *cursor = (bcast_cursor){.tree = tree, .top = top, .writing = writing, .fd = -1};
}

void bcast_cursor_stop(bcast_cursor *cursor) {
    if (cursor->fd >= 0) close(cursor->fd);
    cursor->fd = -1;
}

/* Opens the file of the current segment; path gets its name. */
static tri_status open_segment(bcast_cursor *c, char path[PATH_MAX]) {
    size_t entry = c->tree->segment[c->segment].entry;
    TRI_TRY(name_of(c->tree, &c->tree->entry[entry], c->top, path));
    if (c->fd >= 0 && c->entry == entry) return TRI_OK;
    bcast_cursor_stop(c);
    c->entry = entry;
    c->fd = open(path, (c->writing ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    return c->fd < 0 ? failure(c->writing ? "write" : "read", path) : TRI_OK;
}

static tri_status move(const bcast_cursor *c, const char *path, char *data, size_t bytes, uint64_t offset) {
    for (size_t done = 0; done < bytes;) {
        ssize_t now = c->writing ? pwrite(c->fd, data + done, bytes - done, (off_t)(offset + done))
                                 : pread(c->fd, data + done, bytes - done, (off_t)(offset + done));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return failure(c->writing ? "write" : "read", path);
        if (!now) return tri_fail(TRI_ERR_FILE, "'%s' became shorter while it was read", path);
        done += (size_t)now;
    }
    return TRI_OK;
}

tri_status bcast_cursor_move(bcast_cursor *c, char *data, size_t bytes, uint32_t *crc) {
    char path[PATH_MAX];
    while (bytes) {
        const bcast_segment *s = &c->tree->segment[c->segment];
        size_t now = s->bytes - c->done < bytes ? (size_t)(s->bytes - c->done) : bytes;
        TRI_TRY(open_segment(c, path));
        TRI_TRY(move(c, path, data, now, s->offset + c->done));
        if (crc) crc[s->entry] = (uint32_t)crc32_z(crc[s->entry], (const unsigned char *)data, now);
        data += now;
        bytes -= now;
        c->done += now;
        if (c->done == s->bytes) {
            c->segment++;
            c->done = 0;
        }
    }
    return TRI_OK;
}

/* ---- End ---- */

tri_status bcast_copy_complete(bcast_copy *copy) {
    char path[PATH_MAX];
    /* In reverse order: creating entries changes the time of their folder. */
    for (size_t i = copy->tree->entries; i-- > 0;) {
        const bcast_entry *e = &copy->tree->entry[i];
        TRI_TRY(name_of(copy->tree, e, copy->part, path));
        if (!S_ISLNK(e->mode) && chmod(path, e->mode & 07777)) return failure("set the permissions of", path);
        if (utimensat(AT_FDCWD, path, e->times, AT_SYMLINK_NOFOLLOW))
            return failure("set the times of", path);
    }
    /* Syncs by the parent folder, since the copy's permissions may forbid reading. */
    char *slash = strrchr(strcpy(path, copy->part), '/');
    if (slash) slash[slash == path] = 0;
    int fd = open(slash ? path : ".", O_RDONLY | O_CLOEXEC), failed = fd < 0 || syncfs(fd);
    if (failed) (void)failure("sync", copy->part);
    if (fd >= 0) close(fd);
    return failed ? TRI_ERR_FILE : TRI_OK;
}

tri_status bcast_copy_publish(bcast_copy *copy) {
    int failed = copy->replace ? rename(copy->part, copy->path)
                               : renameat2(AT_FDCWD, copy->part, AT_FDCWD, copy->path, RENAME_NOREPLACE);
    /* On file systems without that flag, checking first is the best possible. */
    if (failed && errno == EINVAL && access(copy->path, F_OK)) failed = rename(copy->part, copy->path);
    if (failed) return failure("give its final name to", copy->part);
    copy->made = false;
    copy->published = true;
    return TRI_OK;
}

void bcast_copy_free(bcast_copy *copy) {
    if (copy->made) remove_all(copy->part);
    free(copy->path);
    free(copy->part);
    free(copy->crc);
    *copy = (bcast_copy){.tree = NULL};
}

void bcast_copy_remove(bcast_copy *copy) {
    if (copy->published) remove_all(copy->path);
    bcast_copy_free(copy);
}
