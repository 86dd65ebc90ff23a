#include "apps/bcast/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static tri_status unreadable(const char *path) {
    const char *why = errno == ENOENT ? "no such file or folder" : strerror(errno);
    return tri_fail(TRI_ERR_FILE, "cannot read '%s': %s", path, why);
}

/* Room for one more element in an array that grows in powers of two. */
static void *grow(void *array, size_t count, size_t bytes) {
    if (count & (count - 1)) return array;
    return realloc(array, (count ? 2 * count : 1) * bytes);
}

static tri_status no_memory(void) {
    return tri_fail(TRI_ERR_MEMORY, "no memory for the list of all files");
}

static tri_status add_text(bcast_tree *t, const char *text, size_t *at) {
    size_t bytes = strlen(text) + 1;
    /* One realloc per path is cheap compared with the system calls for the file. */
    char *more = realloc(t->text, t->text_bytes + bytes);
    if (!more) return no_memory();
    t->text = more;
    memcpy(more + t->text_bytes, text, bytes);
    *at = t->text_bytes;
    t->text_bytes += bytes;
    return TRI_OK;
}

static tri_status add_segment(bcast_tree *t, uint64_t offset, uint64_t bytes) {
    bcast_segment *more = grow(t->segment, t->segments, sizeof *more);
    if (!more) return no_memory();
    t->segment = more;
    more[t->segments++] = (bcast_segment){t->entries - 1, offset, bytes};
    t->bytes += bytes;
    return TRI_OK;
}

/* Adds the data segments of the last entry, a file. */
static tri_status add_data(bcast_tree *t, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return unreadable(path);
    off_t size = (off_t)t->entry[t->entries - 1].bytes;
    tri_status status = TRI_OK;
    for (off_t at = 0; at < size && status == TRI_OK;) {
        off_t data = lseek(fd, at, SEEK_DATA), hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        if (data < 0 && errno == ENXIO) break; /* a hole to the end */
        /* On file systems without holes everything is data. */
        if (data < 0 || hole < 0) {
            data = at;
            hole = size;
        }
        if (hole > size) hole = size;
        if (data >= hole) break;
        status = add_segment(t, (uint64_t)data, (uint64_t)(hole - data));
        at = hole;
    }
    close(fd);
    return status;
}

/* A file with several names. */
typedef struct inode {
    dev_t dev;
    ino_t ino;
    size_t entry;
} inode;

static int compare_inodes(const void *a, const void *b) {
    const inode *x = a, *y = b;
    if (x->dev != y->dev) return x->dev < y->dev ? -1 : 1;
    return x->ino < y->ino ? -1 : x->ino > y->ino;
}

/* Finds the first name of the file of the last entry; remembers this one if it is the first. */
static tri_status find_twin(bcast_tree *t, const struct stat *s, void **inodes) {
    size_t number = t->entries - 1;
    inode *mine = malloc(sizeof *mine);
    if (!mine) return no_memory();
    *mine = (inode){s->st_dev, s->st_ino, number};
    inode **found = tsearch(mine, inodes, compare_inodes);
    if (!found || *found != mine) {
        free(mine);
        if (!found) return no_memory();
        t->entry[number].twin = 1 + (*found)->entry;
    }
    return TRI_OK;
}

static tri_status add(bcast_tree *t, const char *path, const char *below, const struct stat *s,
                      void **inodes) {
    bcast_entry *more = grow(t->entry, t->entries, sizeof *more);
    if (!more) return no_memory();
    t->entry = more;
    bcast_entry *e = &more[t->entries++];
    memset(e, 0, sizeof *e);
    e->mode = s->st_mode;
    e->uid = s->st_uid;
    e->gid = s->st_gid;
    e->times[0] = s->st_atim;
    e->times[1] = s->st_mtim;
    TRI_TRY(add_text(t, below, &e->path));
    if (S_ISREG(s->st_mode)) {
        e->bytes = (uint64_t)s->st_size;
        if (inodes && s->st_nlink > 1) TRI_TRY(find_twin(t, s, inodes));
        return e->twin ? TRI_OK : add_data(t, path);
    }
    if (!S_ISLNK(s->st_mode)) return TRI_OK;
    char target[PATH_MAX];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) return unreadable(path);
    target[length] = 0;
    return add_text(t, target, &e->link);
}

/* Adds `path`, whose first `top` bytes are the root of the tree. */
static tri_status scan(bcast_tree *t, char path[PATH_MAX], size_t top, void **inodes) {
    struct stat s;
    size_t length = strlen(path);
    if (length == top ? stat(path, &s) : lstat(path, &s)) return unreadable(path);
    if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode) && !S_ISLNK(s.st_mode))
        return tri_fail(TRI_ERR_FILE, "cannot copy '%s': not a file, folder or symbolic link", path);
    TRI_TRY(add(t, path, length == top ? "" : path + top + 1, &s, inodes));
    if (!S_ISDIR(s.st_mode)) return TRI_OK;
    DIR *folder = opendir(path);
    if (!folder) return unreadable(path);
    tri_status status = TRI_OK;
    for (struct dirent *d; status == TRI_OK && (d = readdir(folder));) {
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
        if (length + 1 + strlen(d->d_name) >= PATH_MAX)
            status = tri_fail(TRI_ERR_FILE, "the name '%.100s...' is too long", path);
        else {
            path[length] = '/';
            strcpy(path + length + 1, d->d_name);
            status = scan(t, path, top, inodes);
        }
        path[length] = 0;
    }
    closedir(folder);
    return status;
}

tri_status bcast_tree_scan(const char *top, bool hard_links, bcast_tree *out) {
    char path[PATH_MAX];
    *out = (bcast_tree){.entries = 0};
    size_t length = strlen(top);
    while (length > 1 && top[length - 1] == '/')
        length--;
    if (!length || length >= sizeof path)
        return tri_fail(TRI_ERR_FILE, "cannot read '%.100s': not a valid name", top);
    snprintf(path, sizeof path, "%.*s", (int)length, top);
    void *inodes = NULL;
    tri_status status = scan(out, path, length, hard_links ? &inodes : NULL);
    tdestroy(inodes, free);
    return status;
}

tri_status bcast_tree_share(bcast_tree *t, tri_comm *comm) {
    bcast_tree shared = *t;
    TRI_TRY(tri_bcast(&shared, sizeof shared, MPI_BYTE, 0, comm));
    size_t entry_bytes = shared.entries * sizeof *t->entry,
           segment_bytes = shared.segments * sizeof *t->segment;
    if (tri_comm_rank(comm)) {
        shared.entry = malloc(entry_bytes + 1);
        shared.segment = malloc(segment_bytes + 1);
        shared.text = malloc(shared.text_bytes + 1);
        *t = shared;
    }
    TRI_TRY(tri_agree(comm, t->entry && t->text && (t->segment || !t->segments) ? TRI_OK : no_memory()));
    TRI_TRY(tri_bcast(t->entry, entry_bytes, MPI_BYTE, 0, comm));
    TRI_TRY(tri_bcast(t->segment, segment_bytes, MPI_BYTE, 0, comm));
    return tri_bcast(t->text, t->text_bytes, MPI_BYTE, 0, comm);
}

void bcast_tree_free(bcast_tree *t) {
    free(t->entry);
    free(t->segment);
    free(t->text);
    *t = (bcast_tree){.entries = 0};
}
