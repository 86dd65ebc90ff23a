/* What the records of the journal contain, and which tasks are done. */
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "apps/pool/farm.h"

void farm_entry_put(farm_bytes *b, const farm_entry *e) {
    b->count = 0;
    farm_put(b, e->id, sizeof e->id);
    farm_put_number(b, e->number, 8);
    farm_put_number(b, (uint32_t)e->attempt, 4);
    farm_put_number(b, (uint32_t)e->worker, 4);
    farm_put_number(b, e->last, 1);
    farm_outcome_put(b, &e->outcome);
    farm_put_real(b, e->start_s);
    farm_put_real(b, e->seconds);
    farm_put_number(b, e->from, 8);
    farm_put_number(b, e->to, 8);
    farm_put_text(b, e->host, e->host_length);
    farm_put_text(b, e->command, e->command_length);
}

tri_status farm_entry_get(const tri_journal_record *record, farm_entry *e) {
    farm_reader r = {.at = record->bytes, .end = (const uint8_t *)record->bytes + record->count};
    const void *id = farm_get(&r, sizeof e->id);
    *e = (farm_entry){.number = farm_get_number(&r, 8)};
    if (id) memcpy(e->id, id, sizeof e->id);
    e->attempt = (int)farm_get_number(&r, 4);
    e->worker = (int)farm_get_number(&r, 4);
    e->last = farm_get_number(&r, 1) != 0;
    TRI_TRY(farm_outcome_get(&r, &e->outcome));
    e->start_s = farm_get_real(&r);
    e->seconds = farm_get_real(&r);
    e->from = farm_get_number(&r, 8);
    e->to = farm_get_number(&r, 8);
    e->host = farm_get_text(&r, &e->host_length);
    e->command = farm_get_text(&r, &e->command_length);
    return r.bad ? tri_fail(TRI_ERR_DATA, "a record of the journal is damaged") : TRI_OK;
}

void farm_finish_put(farm_bytes *b, const farm_finish *f) {
    b->count = 0;
    farm_put_real(b, f->time_s);
    farm_put_number(b, (uint32_t)f->status, 4);
    farm_put_number(b, f->done, 8);
    farm_put_number(b, f->failed, 8);
    farm_put_number(b, f->left, 8);
}

tri_status farm_finish_get(const tri_journal_record *record, farm_finish *f) {
    farm_reader r = {.at = record->bytes, .end = (const uint8_t *)record->bytes + record->count};
    *f = (farm_finish){.time_s = farm_get_real(&r)};
    f->status = (int)farm_get_number(&r, 4);
    f->done = farm_get_number(&r, 8);
    f->failed = farm_get_number(&r, 8);
    f->left = farm_get_number(&r, 8);
    return r.bad ? tri_fail(TRI_ERR_DATA, "the last record of a run is damaged") : TRI_OK;
}

void farm_identify(const char *command, size_t length, uint8_t id[FARM_ID]) {
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)command, length, digest);
    memcpy(id, digest, FARM_ID);
}

/* Open addressing; the ids are digests, so that their first bytes serve as the place. Of equal commands it
 * does not matter which is done: the first ones that appear are. */
typedef struct known_command {
    uint8_t id[FARM_ID];
    uint32_t done, seen;
} known_command;

struct farm_known {
    known_command *entry;
    size_t count, room; /* room is a power of 2; a place is free if done and seen are 0 */
};

static known_command *find(farm_known *k, const uint8_t id[FARM_ID]) {
    uint64_t place;
    memcpy(&place, id, sizeof place);
    for (size_t at = place & (k->room - 1);; at = (at + 1) & (k->room - 1)) {
        known_command *e = &k->entry[at];
        if ((!e->done && !e->seen) || !memcmp(e->id, id, FARM_ID)) return e;
    }
}

static tri_status grow(farm_known *k) {
    farm_known larger = {.room = 2 * k->room};
    if (4 * (k->count + 1) < 3 * k->room) return TRI_OK;
    larger.entry = calloc(larger.room, sizeof *larger.entry);
    if (!larger.entry) return tri_fail(TRI_ERR_MEMORY, "no memory for the names of %zu tasks", k->count);
    for (size_t i = 0; i < k->room; i++)
        if (k->entry[i].done || k->entry[i].seen) *find(&larger, k->entry[i].id) = k->entry[i];
    free(k->entry);
    k->entry = larger.entry, k->room = larger.room;
    return TRI_OK;
}

tri_status farm_known_create(farm_known **out) {
    farm_known *k = calloc(1, sizeof *k);
    if (k) k->room = 1024, k->entry = calloc(k->room, sizeof *k->entry);
    if (!k || !k->entry) {
        free(k);
        return tri_fail(TRI_ERR_MEMORY, "no memory for the names of tasks");
    }
    *out = k;
    return TRI_OK;
}

void farm_known_destroy(farm_known **known) {
    if (!*known) return;
    free((*known)->entry);
    free(*known);
    *known = NULL;
}

static tri_status find_or_add(farm_known *k, const uint8_t id[FARM_ID], known_command **out) {
    TRI_TRY(grow(k));
    known_command *e = find(k, id);
    if (!e->done && !e->seen) {
        memcpy(e->id, id, FARM_ID);
        k->count++;
    }
    *out = e;
    return TRI_OK;
}

tri_status farm_known_done(farm_known *known, const uint8_t id[FARM_ID]) {
    known_command *e;
    TRI_TRY(find_or_add(known, id, &e));
    e->done++;
    return TRI_OK;
}

tri_status farm_known_see(farm_known *known, const uint8_t id[FARM_ID], bool *done) {
    known_command *e;
    TRI_TRY(find_or_add(known, id, &e));
    *done = e->seen++ < e->done;
    return TRI_OK;
}
