#include "pool/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "trireme/output.h"
#include "trireme/sync.h"

static const double sync_every_s = 0.1;

struct tri_journal {
    char *path, *name;
    int file;
    uint64_t at; /* all before it is whole records */
    tri_digester *digester;
    tri_lock *lock; /* of all that is below, and of the end of the file */
    tri_condition *changed;
    tri_thread *syncer;
    int unsynced, ending;
    int sync_error; /* errno of a sync that has failed: what was lost is not known */
    int broken;     /* a part of a record could not be cut off */
};

static void lock(tri_journal *j) {
    (void)tri_lock_take(j->lock, TRI_FOREVER);
}

static void unlock(tri_journal *j) {
    (void)tri_lock_release(j->lock);
}

static tri_status fail_file(const tri_journal *j, const char *what, int error) {
    return tri_fail(TRI_ERR_FILE, "cannot %s the journal '%s': %s", what, j->path, strerror(error));
}

/* Syncs without the lock, so that threads append meanwhile. Holds the lock before and after. */
static void sync_once(tri_journal *j) {
    j->unsynced = 0;
    unlock(j);
    int error = fdatasync(j->file) ? errno : 0;
    lock(j);
    if (error && error != EINVAL && !j->sync_error) j->sync_error = error; /* EINVAL: a pipe or a device */
}

static void sync_always(void *argument) {
    tri_journal *j = argument;
    lock(j);
    while (!j->ending) {
        if (!j->unsynced) (void)tri_condition_wait(j->changed, TRI_FOREVER);
        if (j->unsynced && !j->ending) {
            double next = tri_deadline(sync_every_s);
            sync_once(j);
            while (!j->ending && tri_condition_wait(j->changed, next) == TRI_OK) {
            }
        }
    }
    unlock(j);
}

static tri_status write_all(int file, struct iovec *part, int parts) {
    while (parts) {
        ssize_t wrote = writev(file, part, parts);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return TRI_ERR_FILE;
        for (; parts && (size_t)wrote >= part->iov_len; parts--)
            wrote -= (ssize_t)(part++)->iov_len;
        if (parts) {
            part->iov_base = (char *)part->iov_base + wrote;
            part->iov_len -= (size_t)wrote;
        }
    }
    return TRI_OK;
}

/* Appends under the lock. A part of a record is cut off again. */
static tri_status append(tri_journal *j, uint32_t kind, const void *bytes, size_t count) {
    tri_journal_record record = {.at = j->at, .kind = kind, .count = count, .bytes = bytes};
    uint8_t head[TRI_JOURNAL_RECORD];
    if (j->broken) return fail_file(j, "write", EIO);
    if (j->sync_error) return fail_file(j, "sync", j->sync_error);
    TRI_TRY(tri_journal_record_head(j->digester, &record, head));
    struct iovec parts[] = {{head, sizeof head}, {(void *)bytes, count}};
    if (write_all(j->file, parts, 2) != TRI_OK) {
        int error = errno;
        if (ftruncate(j->file, (off_t)j->at) || lseek(j->file, (off_t)j->at, SEEK_SET) < 0) j->broken = 1;
        return fail_file(j, "write", error);
    }
    j->at += sizeof head + count;
    return TRI_OK;
}

tri_status tri_journal_append(tri_journal *journal, uint32_t kind, const void *bytes, size_t count,
                              uint64_t *at) {
    if (count > TRI_JOURNAL_MOST)
        return tri_fail(TRI_ERR_ARGUMENT, "a record has at most %d bytes, not %zu", TRI_JOURNAL_MOST, count);
    lock(journal);
    uint64_t here = journal->at;
    tri_status status = append(journal, kind, bytes, count);
    if (status == TRI_OK && at) *at = here;
    if (status == TRI_OK && !journal->unsynced) {
        journal->unsynced = 1;
        (void)tri_condition_signal(journal->changed);
    }
    unlock(journal);
    return status;
}

tri_status tri_journal_sync(tri_journal *journal) {
    lock(journal);
    sync_once(journal);
    tri_status status = journal->sync_error ? fail_file(journal, "sync", journal->sync_error) : TRI_OK;
    unlock(journal);
    return status;
}

uint64_t tri_journal_at(tri_journal *journal) {
    lock(journal);
    uint64_t at = journal->at;
    unlock(journal);
    return at;
}

/* Opens and locks the file that has the name `path` now: a writer may have replaced it between the two. */
static tri_status open_locked(const char *path, int *out) {
    for (;;) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        struct stat opened, named;
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
        if (file < 0 || fstat(file, &opened)) {
            int error = errno;
            if (file >= 0) close(file);
            return tri_fail(TRI_ERR_FILE, "cannot open the journal '%s': %s", path, strerror(error));
        }
        if (!S_ISREG(opened.st_mode)) {
            close(file);
            return tri_fail(TRI_ERR_FILE, "the journal '%s' is not a regular file", path);
        }
        if (fcntl(file, F_OFD_SETLK, &whole)) {
            int error = errno;
            close(file);
            if (error == EAGAIN || error == EACCES)
                return tri_fail(TRI_ERR_FILE, "another process writes the journal '%s': wait until it ends",
                                path);
            return tri_fail(TRI_ERR_FILE, "cannot lock the journal '%s': %s; choose another file system",
                            path, strerror(error));
        }
        if (!stat(path, &named) && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino) {
            *out = file;
            return TRI_OK;
        }
        close(file);
    }
}

static tri_status sync_folder(const tri_journal *j) {
    char *folder = strdup(j->path);
    if (!folder) return tri_fail(TRI_ERR_MEMORY, "no memory for a name");
    char *slash = strrchr(folder, '/');
    if (slash) slash[slash == folder] = 0;
    int file = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = file < 0 || (fsync(file) && errno != EINVAL) ? errno : 0;
    if (file >= 0) close(file);
    free(folder);
    return error ? fail_file(j, "sync the folder of", error) : TRI_OK;
}

/* Reads what is there and leaves the file at its end. */
static tri_status load(tri_journal *j, tri_journal_visit visit, void *argument, tri_journal_end *end) {
    uint8_t head[TRI_JOURNAL_HEAD];
    TRI_TRY(tri_journal_head(j->digester, j->name, head));
    TRI_TRY(tri_journal_scan(j->file, j->path, j->digester, head, 0, visit, argument, end));
    if (end->cut && ftruncate(j->file, (off_t)end->at)) return fail_file(j, "cut", errno);
    if (lseek(j->file, (off_t)end->at, SEEK_SET) < 0) return fail_file(j, "read", errno);
    if (end->at == 0) {
        struct iovec part = {head, sizeof head};
        if (write_all(j->file, &part, 1) != TRI_OK || fsync(j->file)) {
            int error = errno;
            if (ftruncate(j->file, 0)) return fail_file(j, "write and cut", error);
            return fail_file(j, "write", error);
        }
        end->at = sizeof head;
        TRI_TRY(sync_folder(j));
    }
    j->at = end->at;
    return TRI_OK;
}

static tri_status start(tri_journal *j, const char *path, const char *name) {
    j->path = strdup(path);
    j->name = strdup(name);
    if (!j->path || !j->name) return tri_fail(TRI_ERR_MEMORY, "no memory for a journal");
    TRI_TRY(tri_digester_create(&j->digester));
    TRI_TRY(tri_lock_create(&j->lock));
    TRI_TRY(tri_condition_create(j->lock, &j->changed));
    return open_locked(path, &j->file);
}

tri_status tri_journal_open(const char *path, const char *name, tri_journal_visit visit, void *argument,
                            tri_journal_end *end, tri_journal **out) {
    tri_journal_end here;
    tri_journal *j = calloc(1, sizeof *j);
    if (!j) return tri_fail(TRI_ERR_MEMORY, "no memory for a journal");
    j->file = -1;
    tri_status status = start(j, path, name);
    if (status == TRI_OK) status = load(j, visit, argument, end ? end : &here);
    if (status == TRI_OK) status = tri_thread_create("journal", sync_always, j, &j->syncer);
    if (status != TRI_OK) {
        tri_journal_destroy(&j);
        return status;
    }
    *out = j;
    return TRI_OK;
}

void tri_journal_destroy(tri_journal **journal) {
    if (!journal || !*journal) return;
    tri_journal *j = *journal;
    if (j->syncer) {
        lock(j);
        j->ending = 1;
        (void)tri_condition_signal(j->changed);
        unlock(j);
        tri_thread_join(&j->syncer);
        (void)fdatasync(j->file);
    }
    if (j->file >= 0) close(j->file);
    tri_condition_destroy(&j->changed);
    tri_lock_destroy(&j->lock);
    tri_digester_destroy(&j->digester);
    free(j->name);
    free(j->path);
    free(j);
    *journal = NULL;
}

/* The copy of a rewritten journal. */
typedef struct copy {
    tri_journal *journal;
    tri_journal_keep keep;
    void *argument;
} copy;

static tri_status copy_record(void *argument, const tri_journal_record *record) {
    copy *c = argument;
    if (!c->keep(c->argument, record)) return TRI_OK;
    return append(c->journal, record->kind, record->bytes, record->count);
}

/* Fills the new file and gives it the old one's name. Its lock is taken before anybody can open it. */
static tri_status copy_all(copy *c, int old, const char *temporary) {
    tri_journal *fresh = c->journal;
    tri_journal_end end;
    uint8_t head[TRI_JOURNAL_HEAD];
    struct stat file;
    fresh->file = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fresh->file < 0) return fail_file(fresh, "rewrite", errno);
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fresh->file, F_OFD_SETLK, &whole) || fstat(old, &file) ||
        fchmod(fresh->file, file.st_mode & 07777))
        return fail_file(fresh, "rewrite", errno);
    TRI_TRY(tri_journal_head(fresh->digester, fresh->name, head));
    struct iovec part = {head, sizeof head};
    if (write_all(fresh->file, &part, 1) != TRI_OK) return fail_file(fresh, "rewrite", errno);
    fresh->at = sizeof head;
    tri_digester *reader = NULL;
    TRI_TRY(tri_digester_create(&reader));
    tri_status status = tri_journal_scan(old, fresh->path, reader, head, 0, copy_record, c, &end);
    tri_digester_destroy(&reader);
    TRI_TRY(status);
    if (fsync(fresh->file) || rename(temporary, fresh->path)) return fail_file(fresh, "rewrite", errno);
    /* After the rename the new file is the journal, whatever a power cut may bring back. */
    (void)sync_folder(fresh);
    return TRI_OK;
}

tri_status tri_journal_rewrite(tri_journal *journal, tri_journal_keep keep, void *argument) {
    char *temporary = NULL;
    tri_journal fresh = *journal;
    copy c = {&fresh, keep, argument};
    TRI_TRY(tri_output_name(journal->path, &temporary));
    lock(journal);
    fresh.file = -1;
    tri_status status = copy_all(&c, journal->file, temporary);
    if (status == TRI_OK) {
        close(journal->file);
        journal->file = fresh.file;
        journal->at = fresh.at;
    } else if (fresh.file >= 0) {
        close(fresh.file);
        unlink(temporary);
    }
    unlock(journal);
    free(temporary);
    return status;
}
