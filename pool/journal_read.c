#include "pool/journal.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[] = "trireme journal\n";
enum { MAGIC = sizeof magic - 1, VERSION = MAGIC, NAME = VERSION + 8, SUM = 8, BUFFER = 1 << 20 };

tri_status tri_journal_head(tri_digester *digester, const char *name, uint8_t head[TRI_JOURNAL_HEAD]) {
    uint32_t version = htole32(TRI_JOURNAL_VERSION);
    uint8_t digest[TRI_DIGEST];
    if (strlen(name) >= TRI_JOURNAL_NAME)
        return tri_fail(TRI_ERR_ARGUMENT, "the name of a journal has at most %d bytes: '%s'",
                        TRI_JOURNAL_NAME - 1, name);
    memset(head, 0, TRI_JOURNAL_HEAD);
    memcpy(head, magic, MAGIC);
    memcpy(head + VERSION, &version, sizeof version);
    strcpy((char *)head + NAME, name);
    tri_digest_part part = {head, TRI_JOURNAL_HEAD - SUM};
    TRI_TRY(tri_digester_run(digester, &part, 1, digest));
    memcpy(head + TRI_JOURNAL_HEAD - SUM, digest, SUM);
    return TRI_OK;
}

tri_status tri_journal_record_head(tri_digester *digester, const tri_journal_record *record,
                                   uint8_t head[TRI_JOURNAL_RECORD]) {
    uint32_t words[2] = {htole32((uint32_t)record->count), htole32(record->kind)};
    uint64_t at = htole64(record->at);
    uint8_t digest[TRI_DIGEST];
    memcpy(head, words, sizeof words);
    tri_digest_part parts[] = {{&at, sizeof at}, {head, sizeof words}, {record->bytes, record->count}};
    TRI_TRY(tri_digester_run(digester, parts, 3, digest));
    memcpy(head + sizeof words, digest, SUM);
    return TRI_OK;
}

/* A part of the file in memory. */
typedef struct window {
    int file;
    const char *path;
    uint8_t *bytes;
    size_t room, count;
    uint64_t at; /* of bytes[0] */
} window;

/* Makes `count` bytes from `at` on available; *found is less at the end of the file. */
static tri_status look(window *w, uint64_t at, size_t count, const uint8_t **bytes, size_t *found) {
    if (at < w->at || at + count > w->at + w->count) {
        if (w->room < count) {
            size_t room = count > BUFFER ? count : BUFFER;
            uint8_t *more = realloc(w->bytes, room);
            if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for a record of '%s'", w->path);
            w->bytes = more, w->room = room;
        }
        w->at = at, w->count = 0;
        while (w->count < w->room) {
            ssize_t got = pread(w->file, w->bytes + w->count, w->room - w->count, (off_t)(at + w->count));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0)
                return tri_fail(TRI_ERR_FILE, "cannot read the journal '%s': %s", w->path, strerror(errno));
            if (got == 0) break;
            w->count += (size_t)got;
        }
    }
    size_t left = (size_t)(w->at + w->count - at);
    *bytes = w->bytes + (at - w->at);
    *found = left < count ? left : count;
    return TRI_OK;
}

/* Says why a head is not the one that is expected. */
static tri_status refuse(const char *path, const uint8_t *seen, size_t count, const uint8_t *head) {
    if (count < MAGIC || memcmp(seen, head, MAGIC) != 0)
        return tri_fail(TRI_ERR_DATA, "'%s' is not a journal", path);
    if (count >= NAME && memcmp(seen + VERSION, head + VERSION, NAME - VERSION) != 0)
        return tri_fail(TRI_ERR_DATA, "the journal '%s' has another version: use the program that wrote it",
                        path);
    if (count >= NAME + TRI_JOURNAL_NAME && memcmp(seen + NAME, head + NAME, TRI_JOURNAL_NAME) != 0)
        return tri_fail(TRI_ERR_DATA, "'%s' is a journal of '%.*s', not of '%s'", path, TRI_JOURNAL_NAME - 1,
                        (const char *)seen + NAME, (const char *)head + NAME);
    return tri_fail(TRI_ERR_DATA, "the head of the journal '%s' is damaged", path);
}

/* Reads the record at end->at; *whole is 0 if there is none. */
static tri_status next(window *w, tri_digester *digester, uint64_t size, const tri_journal_end *end,
                       tri_journal_record *record, int *whole) {
    const uint8_t *bytes;
    size_t found;
    uint32_t length, kind;
    uint8_t seen[TRI_JOURNAL_RECORD], head[TRI_JOURNAL_RECORD];
    *whole = 0;
    TRI_TRY(look(w, end->at, TRI_JOURNAL_RECORD, &bytes, &found));
    if (found < TRI_JOURNAL_RECORD) return TRI_OK;
    memcpy(seen, bytes, sizeof seen);
    memcpy(&length, seen, sizeof length);
    memcpy(&kind, seen + sizeof length, sizeof kind);
    length = le32toh(length);
    if (length > TRI_JOURNAL_MOST || length > size - end->at - TRI_JOURNAL_RECORD) return TRI_OK;
    TRI_TRY(look(w, end->at + TRI_JOURNAL_RECORD, length, &bytes, &found));
    if (found < length) return TRI_OK;
    *record = (tri_journal_record){.at = end->at, .kind = le32toh(kind), .count = length, .bytes = bytes};
    TRI_TRY(tri_journal_record_head(digester, record, head));
    *whole = !memcmp(seen, head, sizeof head);
    return TRI_OK;
}

static tri_status scan(window *w, tri_digester *digester, const uint8_t head[TRI_JOURNAL_HEAD],
                       tri_journal_visit visit, void *argument, tri_journal_end *end) {
    const uint8_t *bytes;
    size_t found;
    off_t size = lseek(w->file, 0, SEEK_END);
    if (size < 0) return tri_fail(TRI_ERR_FILE, "cannot read the journal '%s': %s", w->path, strerror(errno));
    TRI_TRY(look(w, 0, TRI_JOURNAL_HEAD, &bytes, &found));
    if (memcmp(bytes, head, found) != 0) return refuse(w->path, bytes, found, head);
    if (found < TRI_JOURNAL_HEAD) {
        *end = (tri_journal_end){.cut = found};
        return TRI_OK;
    }
    for (int whole = 1; whole && end->at + TRI_JOURNAL_RECORD <= (uint64_t)size;) {
        tri_journal_record record;
        TRI_TRY(next(w, digester, (uint64_t)size, end, &record, &whole));
        if (!whole) break;
        if (visit) TRI_TRY(visit(argument, &record));
        end->records++;
        end->at += TRI_JOURNAL_RECORD + record.count;
    }
    end->cut = (uint64_t)size > end->at ? (uint64_t)size - end->at : 0;
    return TRI_OK;
}

tri_status tri_journal_scan(int file, const char *path, tri_digester *digester,
                            const uint8_t head[TRI_JOURNAL_HEAD], uint64_t from, tri_journal_visit visit,
                            void *argument, tri_journal_end *end) {
    window w = {.file = file, .path = path};
    *end = (tri_journal_end){.at = from > TRI_JOURNAL_HEAD ? from : TRI_JOURNAL_HEAD};
    tri_status status = scan(&w, digester, head, visit, argument, end);
    free(w.bytes);
    return status;
}

tri_status tri_journal_read(const char *path, const char *name, uint64_t from, tri_journal_visit visit,
                            void *argument, tri_journal_end *end) {
    uint8_t head[TRI_JOURNAL_HEAD];
    tri_journal_end here;
    tri_digester *digester = NULL;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return tri_fail(TRI_ERR_FILE, "cannot open the journal '%s': %s", path, strerror(errno));
    tri_status status = tri_digester_create(&digester);
    if (status == TRI_OK) status = tri_journal_head(digester, name, head);
    if (status == TRI_OK)
        status = tri_journal_scan(file, path, digester, head, from, visit, argument, end ? end : &here);
    tri_digester_destroy(&digester);
    close(file);
    return status;
}
