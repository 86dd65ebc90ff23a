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

/* Writes the path of an entry below `top` to `path`. */
static tri_status name_of(const bcast_tree *tree, const bcast_entry *e, const char *top,
                          char path[PATH_MAX]) {
    const char *below = tree->text + e->path;
    int length = snprintf(path, PATH_MAX, "%s%s%s", top, *below ? "/" : "", below);
    return length < PATH_MAX ? TRI_OK : tri_fail(TRI_ERR_FILE, "the name '%.100s...' is too long", path);
}

/* Fails with the reason of errno; the text has the final name. */
static tri_status failure(const char *what, const bcast_copy *copy, const bcast_entry *e) {
    char path[PATH_MAX];
    int error = errno;
    TRI_TRY(name_of(copy->tree, e, copy->path, path));
    errno = error;
    return tri_output_failure(what, path);
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
    return tri_output_failure("make", copy->path);
}

static int make_file(const char *path, uint64_t bytes) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    /* Until data arrive, a file is one hole. */
    int failed = ftruncate(fd, (off_t)bytes), error = errno;
    close(fd);
    if (failed) (void)unlink(path);
    errno = error;
    return failed;
}

static tri_status make_entry(const bcast_copy *copy, const bcast_entry *e) {
    char path[PATH_MAX], twin[PATH_MAX];
    TRI_TRY(name_of(copy->tree, e, copy->part, path));
    if (e->twin) TRI_TRY(name_of(copy->tree, &copy->tree->entry[e->twin - 1], copy->part, twin));
    int failed = e->twin            ? link(twin, path)
                 : S_ISDIR(e->mode) ? mkdir(path, 0700)
                 : S_ISLNK(e->mode) ? symlink(copy->tree->text + e->link, path)
                                    : make_file(path, e->bytes);
    if (failed && errno == EEXIST && e == copy->tree->entry)
        return tri_fail(TRI_ERR_FILE,
                        "nodes share the folder of '%s': choose a folder on a local disk, or cp", copy->path);
    return failed ? failure("make", copy, e) : TRI_OK;
}

static tri_status check_free(const bcast_copy *copy) {
    struct stat s;
    if (!lstat(copy->path, &s) && S_ISDIR(s.st_mode))
        return tri_fail(TRI_ERR_FILE,
                        "the folder '%s' exists; remove it, or end the name with / to copy into it",
                        copy->path);
    return tri_output_check(copy->path, copy->replace);
}

tri_status bcast_copy_start(const bcast_tree *tree, const char *path, const char *part, bool replace,
                            int keep, bcast_copy *out) {
    *out = (bcast_copy){.tree = tree,
                        .replace = replace,
                        .keep = keep,
                        .mask = umask(077),
                        .path = strdup(path),
                        .part = strdup(part),
                        .crc = calloc(tree->entries, sizeof *out->crc)};
    umask(out->mask);
    if (!out->path || !out->part || !out->crc)
        return tri_fail(TRI_ERR_MEMORY, "no memory for the list of all files");
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

void bcast_cursor_start(bcast_cursor *cursor, const bcast_tree *tree, const char *top, const char *shown,
                        int writing) {
    *cursor = (bcast_cursor){.tree = tree, .top = top, .shown = shown, .writing = writing, .fd = -1};
}

void bcast_cursor_stop(bcast_cursor *cursor) {
    if (cursor->fd >= 0) close(cursor->fd);
    cursor->fd = -1;
}

static tri_status stream_failure(const bcast_cursor *c) {
    char path[PATH_MAX];
    int error = errno;
    TRI_TRY(name_of(c->tree, &c->tree->entry[c->entry], c->shown, path));
    errno = error;
    return tri_output_failure(c->writing ? "write" : "read", path);
}

/* Opens the file of the current segment. */
static tri_status open_segment(bcast_cursor *c) {
    char path[PATH_MAX];
    size_t entry = c->tree->segment[c->segment].entry;
    if (c->fd >= 0 && c->entry == entry) return TRI_OK;
    bcast_cursor_stop(c);
    c->entry = entry;
    TRI_TRY(name_of(c->tree, &c->tree->entry[entry], c->top, path));
    /* The root of the source may be a link. */
    c->fd = open(path, (c->writing ? O_WRONLY | O_NOFOLLOW : O_RDONLY) | O_CLOEXEC);
    return c->fd < 0 ? stream_failure(c) : TRI_OK;
}

static tri_status move(const bcast_cursor *c, char *data, size_t bytes, uint64_t offset) {
    for (size_t done = 0; done < bytes;) {
        ssize_t now = c->writing ? pwrite(c->fd, data + done, bytes - done, (off_t)(offset + done))
                                 : pread(c->fd, data + done, bytes - done, (off_t)(offset + done));
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return stream_failure(c);
        if (!now)
            return tri_fail(TRI_ERR_FILE, "'%s%s%s' became shorter while it was read", c->shown,
                            c->tree->text[c->tree->entry[c->entry].path] ? "/" : "",
                            c->tree->text + c->tree->entry[c->entry].path);
        done += (size_t)now;
    }
    return TRI_OK;
}

tri_status bcast_cursor_move(bcast_cursor *c, char *data, size_t bytes, uint32_t *crc) {
    while (bytes) {
        const bcast_segment *s = &c->tree->segment[c->segment];
        size_t now = s->bytes - c->done < bytes ? (size_t)(s->bytes - c->done) : bytes;
        TRI_TRY(open_segment(c));
        TRI_TRY(move(c, data, now, s->offset + c->done));
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

/* The permissions of a copy that is `now`: as cp gives them, or those of the source. */
static mode_t mode_of(const bcast_copy *copy, const bcast_entry *e, const struct stat *now) {
    mode_t mode = e->mode & 07777;
    if (copy->keep & BCAST_MODE) {
        if (now->st_uid != e->uid) mode &= ~(mode_t)S_ISUID;
        if (now->st_gid != e->gid) mode &= ~(mode_t)S_ISGID;
        return mode;
    }
    mode &= 0777 & ~copy->mask;
    /* A folder keeps its sticky bit, and has setgid where it inherited it. */
    if (S_ISDIR(e->mode)) mode |= (e->mode & S_ISVTX) | (now->st_mode & S_ISGID);
    return mode;
}

static tri_status set_owner(const bcast_copy *copy, const bcast_entry *e, int failed) {
    if (!failed) return TRI_OK;
    return tri_fail(TRI_ERR_FILE,
                    "cannot give '%s%s%s' its owner %u and group %u: %s; omit owner from --preserve",
                    copy->path, copy->tree->text[e->path] ? "/" : "", copy->tree->text + e->path,
                    (unsigned)e->uid, (unsigned)e->gid, strerror(errno));
}

static tri_status complete_link(const bcast_copy *copy, const bcast_entry *e, const char *path) {
    if (copy->keep & BCAST_OWNER) TRI_TRY(set_owner(copy, e, lchown(path, e->uid, e->gid)));
    int failed = copy->keep & BCAST_TIMES && utimensat(AT_FDCWD, path, e->times, AT_SYMLINK_NOFOLLOW);
    return failed ? failure("set the times of", copy, e) : TRI_OK;
}

/* By descriptor, since a new owner could put something else under the name. The owner before the
 * permissions: a change of owner clears setuid. */
static tri_status complete_open(const bcast_copy *copy, const bcast_entry *e, int fd) {
    struct stat now;
    if (copy->keep & BCAST_OWNER) TRI_TRY(set_owner(copy, e, fchown(fd, e->uid, e->gid)));
    if (fstat(fd, &now) || fchmod(fd, mode_of(copy, e, &now)))
        return failure("set the permissions of", copy, e);
    return copy->keep & BCAST_TIMES && futimens(fd, e->times) ? failure("set the times of", copy, e) : TRI_OK;
}

static tri_status complete(const bcast_copy *copy, const bcast_entry *e) {
    char path[PATH_MAX];
    TRI_TRY(name_of(copy->tree, e, copy->part, path));
    if (e->twin) return TRI_OK;
    if (S_ISLNK(e->mode)) return complete_link(copy, e, path);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return failure("set the permissions of", copy, e);
    tri_status status = complete_open(copy, e, fd);
    close(fd);
    return status;
}

tri_status bcast_copy_complete(bcast_copy *copy) {
    char path[PATH_MAX];
    /* In reverse order: creating entries changes the time of their folder. */
    for (size_t i = copy->tree->entries; i-- > 0;)
        TRI_TRY(complete(copy, &copy->tree->entry[i]));
    /* Syncs by the parent folder, since the copy's permissions may forbid reading. */
    char *slash = strrchr(strcpy(path, copy->part), '/');
    if (slash) slash[slash == path] = 0;
    int fd = open(slash ? path : ".", O_RDONLY | O_CLOEXEC), failed = fd < 0 || syncfs(fd);
    if (failed) (void)tri_output_failure("sync", copy->path);
    if (fd >= 0) close(fd);
    return failed ? TRI_ERR_FILE : TRI_OK;
}

tri_status bcast_copy_publish(bcast_copy *copy) {
    TRI_TRY(tri_output_publish(copy->part, copy->path, copy->replace));
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
