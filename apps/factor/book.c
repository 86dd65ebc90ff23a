/* The journal. Its records are lines of text:
 *
 * PIECES  "id parent kind value how": a piece; the parent, -1 for a whole number, is no piece any more. The
 *         pieces of one split are in one record.
 * GIVEN   "id level first count": curves that a worker has got
 * DONE    the same: curves that are done */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/factor/factor.h"

enum { RECORD_BEGIN = 1, RECORD_PIECES, RECORD_GIVEN, RECORD_DONE };

struct factor_book {
    factor_piece **piece; /* by their number in the journal; NULL: split */
    size_t *root;         /* of each */
    factor_piece **first; /* of each root: its pieces, joined by `after` */
    char **value;         /* of each root */
    size_t room;
    factor_table roots; /* by value */
    size_t seed, seeded;
};

static tri_status bad_record(const tri_journal_record *record) {
    return tri_fail(TRI_ERR_DATA, "--journal: the record at byte %llu is none of factor",
                    (unsigned long long)record->at);
}

static tri_status make_room(factor_book *b, size_t id) {
    size_t room = b->room ? b->room : 64;
    while (room <= id)
        room *= 2;
    if (room == b->room) return TRI_OK;
    factor_piece **piece = calloc(room, sizeof *piece), **first = calloc(room, sizeof *first);
    size_t *root = calloc(room, sizeof *root);
    char **value = calloc(room, sizeof *value);
    if (!piece || !first || !root || !value) {
        free(piece);
        free(first);
        free(root);
        free(value);
        return tri_fail(TRI_ERR_MEMORY, "no memory for the journal");
    }
    for (size_t i = 0; i < b->room; i++)
        piece[i] = b->piece[i], first[i] = b->first[i], root[i] = b->root[i], value[i] = b->value[i];
    free(b->piece);
    free(b->first);
    free(b->root);
    free(b->value);
    b->piece = piece, b->first = first, b->root = root, b->value = value;
    b->room = room;
    return TRI_OK;
}

/* A line of a record of pieces. */
static tri_status load_piece(factor_state *s, char *line, const tri_journal_record *record) {
    factor_book *b = s->book;
    char *at = NULL, *end, *word[4];
    for (int i = 0; i < 4; i++)
        if (!(word[i] = strtok_r(i ? NULL : line, " ", &at))) return bad_record(record);
    size_t id = strtoull(word[0], &end, 10);
    long long parent = strtoll(word[1], NULL, 10);
    const char *kinds = "UPQC", *kind = strchr(kinds, *word[2]);
    mpz_t n;
    const size_t most = (size_t)1 << 40;
    if (*end || !kind || id > most || (parent >= 0 && ((size_t)parent >= b->room || !b->piece[parent])))
        return bad_record(record);
    TRI_TRY(make_room(b, id));
    if (mpz_init_set_str(n, word[3], 10)) {
        mpz_clear(n);
        return bad_record(record);
    }
    const factor_piece *from = parent >= 0 ? b->piece[parent] : NULL;
    factor_piece *p = factor_piece_new(n, (factor_kind)(kind - kinds), from, at ? at : "");
    mpz_clear(n);
    p->id = id;
    b->piece[id] = p;
    b->root[id] = parent < 0 ? id : b->root[parent];
    p->after = b->first[b->root[id]];
    b->first[b->root[id]] = p;
    if (id >= s->ids) s->ids = id + 1;
    if (parent >= 0) {
        if (from) b->piece[parent]->dead = true;
        return TRI_OK;
    }
    size_t old;
    b->value[id] = strdup(word[3]);
    if (!b->value[id]) return tri_fail(TRI_ERR_MEMORY, "no memory for the journal");
    return factor_table_put(&b->roots, b->value[id], id, &old);
}

static tri_status load_curves(factor_state *s, const char *text, const tri_journal_record *record) {
    size_t id, first, count;
    int level;
    if (sscanf(text, "%zu %d %zu %zu", &id, &level, &first, &count) != 4 || id >= s->book->room ||
        !s->book->piece[id] || level < 0 || level >= FACTOR_LEVELS)
        return bad_record(record);
    factor_piece *p = s->book->piece[id];
    if (record->kind == RECORD_GIVEN)
        p->given += count;
    else {
        factor_piece_did(p, level, first, count);
        p->given -= count < p->given ? count : p->given;
    }
    return TRI_OK;
}

static tri_status load(void *argument, const tri_journal_record *record) {
    factor_state *s = argument;
    char *text = strndup(record->bytes, record->count), *at = NULL;
    if (!text) return tri_fail(TRI_ERR_MEMORY, "no memory for the journal");
    tri_status status = TRI_OK;
    if (record->kind == RECORD_PIECES)
        for (char *line = strtok_r(text, "\n", &at); line && status == TRI_OK;
             line = strtok_r(NULL, "\n", &at))
            status = load_piece(s, line, record);
    else if (record->kind == RECORD_GIVEN || record->kind == RECORD_DONE)
        status = load_curves(s, text, record);
    else if (record->kind == RECORD_BEGIN) {
        s->book->seed = strtoull(text, NULL, 10);
        s->book->seeded = 1;
    }
    free(text);
    return status;
}

static tri_status append(factor_state *s, uint32_t kind, const char *text, size_t length) {
    return s->journal ? tri_journal_append(s->journal, kind, text, length, NULL) : TRI_OK;
}

tri_status factor_book_open(factor_state *s) {
    const factor_options *o = s->options;
    tri_journal_end end;
    char text[64];
    if (!o->journal) return TRI_OK;
    if (!o->resume && !access(o->journal, F_OK))
        return tri_fail(TRI_ERR_ARGUMENT,
                        "--journal: '%s' exists; add --resume to go on with it, or choose another",
                        o->journal);
    s->book = calloc(1, sizeof *s->book);
    if (!s->book) return tri_fail(TRI_ERR_MEMORY, "no memory for the journal");
    TRI_TRY(tri_journal_open(o->journal, FACTOR_JOURNAL, load, s, &end, &s->journal));
    if (end.cut)
        fprintf(stderr, "factor: '%s' had %llu bytes of an unfinished record at its end, which are cut off\n",
                o->journal, (unsigned long long)end.cut);
    if (s->book->seeded && s->book->seed != o->seed)
        return tri_fail(TRI_ERR_ARGUMENT, "--seed: the journal '%s' has curves of the seed %zu", o->journal,
                        s->book->seed);
    int length = snprintf(text, sizeof text, "%zu", o->seed);
    return append(s, RECORD_BEGIN, text, (size_t)length);
}

bool factor_book_load(factor_state *s, size_t index) {
    factor_number *number = s->number + index;
    if (!s->book || mpz_sgn(number->n) == 0) return false;
    char *value = mpz_get_str(NULL, 10, number->n);
    size_t root = factor_table_get(&s->book->roots, value + (*value == '-'));
    free(value);
    if (root == SIZE_MAX) return false;
    for (factor_piece *p = s->book->first[root], *after; p; p = after) {
        after = p->after;
        if (!p->dead) s->lost_before += p->given;
        p->given = 0;
        factor_number_add(number, index, p);
    }
    s->book->first[root] = NULL;
    return true;
}

void factor_book_close(factor_state *s) {
    factor_book *b = s->book;
    tri_journal_destroy(&s->journal);
    if (!b) return;
    for (size_t i = 0; i < b->room; i++) {
        for (factor_piece *p = b->first[i], *after; p; p = after) {
            after = p->after;
            factor_piece_free(p);
        }
        free(b->value[i]);
    }
    factor_table_free(&b->roots);
    free(b->piece);
    free(b->first);
    free(b->root);
    free(b->value);
    free(b);
    s->book = NULL;
}

static void put(FILE *to, const factor_piece *p, long long parent) {
    fprintf(to, "%zu %lld %c ", p->id, parent, "UPQC"[p->kind]);
    mpz_out_str(to, 10, p->n);
    fprintf(to, " %s\n", p->how);
}

tri_status factor_book_split(factor_state *s, const factor_piece *parent, bool root,
                             factor_piece *const child[], size_t count) {
    char *text;
    size_t length;
    if (!s->journal) return TRI_OK;
    FILE *to = factor_stream(&text, &length);
    if (root) put(to, parent, -1);
    for (size_t i = 0; i < count; i++)
        put(to, child[i], (long long)parent->id);
    fclose(to);
    tri_status status = append(s, RECORD_PIECES, text, length);
    free(text);
    return status;
}

static tri_status put_curves(factor_state *s, uint32_t kind, const factor_ticket *t, size_t count) {
    char text[128];
    int length = snprintf(text, sizeof text, "%zu %d %zu %zu", t->piece[0]->id, t->level, t->first, count);
    return append(s, kind, text, (size_t)length);
}

tri_status factor_book_given(factor_state *s, const factor_ticket *t) {
    return put_curves(s, RECORD_GIVEN, t, t->count);
}

tri_status factor_book_done(factor_state *s, const factor_ticket *t, size_t count) {
    return put_curves(s, RECORD_DONE, t, count);
}
