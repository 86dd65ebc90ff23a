/* What the commands print: passed on line by line, or kept in one file for all tasks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/pool/farm.h"

enum { LINE_MOST = 64 << 10, HEAD = FARM_ID + 8 + 4 + 1 };

static void write_all(int file, const uint8_t *bytes, size_t count) {
    while (count) {
        ssize_t wrote = write(file, bytes, count);
        if (wrote < 0 && errno != EINTR) return;
        if (wrote > 0) bytes += wrote, count -= (size_t)wrote;
    }
}

void farm_lines_write(farm_lines *lines, int stream, const void *bytes, size_t count, bool last) {
    farm_bytes *part = &lines->part[stream];
    farm_put(part, bytes, count);
    size_t whole = part->count;
    if (!last && whole <= LINE_MOST)
        while (whole && part->bytes[whole - 1] != '\n')
            whole--;
    write_all(stream ? STDERR_FILENO : STDOUT_FILENO, part->bytes, whole);
    if (whole) lines->open[stream] = part->bytes[whole - 1] != '\n';
    if (part->count > whole) memmove(part->bytes, part->bytes + whole, part->count - whole);
    part->count -= whole;
    if (last) {
        /* The next line, of another command, begins at a line's beginning. */
        if (lines->open[stream]) write_all(stream ? STDERR_FILENO : STDOUT_FILENO, (const uint8_t *)"\n", 1);
        free(part->bytes);
        *part = (farm_bytes){0};
    }
}

tri_status farm_store_write(tri_journal *store, const farm_entry *e, int stream, const void *bytes,
                            size_t count) {
    farm_bytes b = {0};
    farm_put(&b, e->id, sizeof e->id);
    farm_put_number(&b, e->number, 8);
    farm_put_number(&b, (uint32_t)e->attempt, 4);
    farm_put_number(&b, (uint32_t)stream, 1);
    farm_put(&b, bytes, count);
    tri_status status = tri_journal_append(store, 1, b.bytes, b.count, NULL);
    free(b.bytes);
    return status;
}

typedef struct reading {
    const farm_entry *entry;
    int stream;
    FILE *to;
    bool ended;
} reading;

static tri_status read_piece(void *argument, const tri_journal_record *record) {
    reading *read = argument;
    farm_reader r = {.at = record->bytes, .end = (const uint8_t *)record->bytes + record->count};
    if (record->at >= read->entry->to) {
        read->ended = true;
        return TRI_STOPPED;
    }
    const void *id = farm_get(&r, FARM_ID);
    uint64_t number = farm_get_number(&r, 8);
    int attempt = (int)farm_get_number(&r, 4), stream = (int)farm_get_number(&r, 1);
    if (r.bad || memcmp(id, read->entry->id, FARM_ID) != 0 || number != read->entry->number ||
        attempt != read->entry->attempt || (read->stream >= 0 && stream != read->stream))
        return TRI_OK;
    fwrite(r.at, 1, (size_t)(r.end - r.at), read->to);
    return TRI_OK;
}

tri_status farm_store_read(const char *path, const farm_entry *entry, int stream, FILE *to) {
    reading read = {.entry = entry, .stream = stream, .to = to};
    if (entry->to <= entry->from) return TRI_OK;
    tri_status status = tri_journal_read(path, FARM_OUTPUT, entry->from, read_piece, &read, NULL);
    return read.ended ? TRI_OK : status;
}
