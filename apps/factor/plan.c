/* The list of numbers, and what is to be done next for them. */
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

/* ---- reading ---- */

static tri_status add_number(factor_state *s, const char *text, factor_table *seen) {
    enum { FIRST_ROOM = 64 };
    if (!s->number || (s->numbers >= FIRST_ROOM && !(s->numbers & (s->numbers - 1)))) {
        size_t room = s->numbers ? 2 * s->numbers : FIRST_ROOM;
        factor_number *more = realloc(s->number, room * sizeof *more);
        if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu numbers", room);
        s->number = more;
    }
    factor_number *number = s->number + s->numbers;
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length && strchr(" \t", text[length - 1]))
        length--;
    *number = (factor_number){.text = strndup(text, length), .saved = SIZE_MAX};
    if (!number->text) return tri_fail(TRI_ERR_MEMORY, "no memory for the numbers");
    mpz_init(number->n);
    tri_status status = factor_parse(text, number->n);
    if (status != TRI_OK) {
        free(number->text);
        mpz_clear(number->n);
        return status;
    }
    s->numbers++;
    char *value = mpz_get_str(NULL, 10, number->n);
    if (*value == '-') memmove(value, value + 1, strlen(value)); /* n and -n have the same pieces */
    status = factor_table_put(seen, value, s->numbers - 1, &number->same);
    if (number->same != s->numbers - 1) free(value); /* else the table has it */
    return status;
}

static tri_status read_lines(factor_state *s, const char *name, FILE *file, factor_table *seen) {
    char *line = NULL;
    size_t room = 0;
    tri_status status = TRI_OK;
    for (size_t k = 1; status == TRI_OK && getline(&line, &room, file) >= 0; k++) {
        line[strcspn(line, "\r\n")] = 0;
        for (char *c = line; *c; c++) /* 11# is a number */
            if (*c == '#' && (c == line || strchr(" \t", c[-1]))) *c = 0;
        if (!line[strspn(line, " \t")]) continue;
        status = add_number(s, line, seen);
        if (status == TRI_ERR_ARGUMENT) {
            char why[256];
            snprintf(why, sizeof why, "%s", tri_error_text());
            status = tri_fail(TRI_ERR_DATA, "%s: line %zu: '%.60s': %s", name, k, line, why);
        }
    }
    if (status == TRI_OK && ferror(file)) status = tri_output_failure("read", name);
    free(line);
    return status;
}

static tri_status read_word(factor_state *s, const char *word, factor_table *seen) {
    tri_status status = add_number(s, word, seen);
    if (status != TRI_ERR_ARGUMENT) return status;
    char why[256];
    snprintf(why, sizeof why, "%s", tri_error_text());
    bool standard = !strcmp(word, "-");
    FILE *file = standard ? stdin : fopen(word, "re");
    if (!file)
        return tri_fail(TRI_ERR_ARGUMENT, "'%.60s' is no integer (%s) and no file that can be read", word,
                        why);
    status = read_lines(s, standard ? "standard input" : word, file, seen);
    if (!standard) fclose(file);
    return status;
}

static tri_status read_saved(factor_state *s, const char *name, factor_table *seen) {
    FILE *file = fopen(name, "re");
    char *line = NULL;
    size_t room = 0;
    tri_status status = TRI_OK;
    if (!file) return tri_output_failure("read", name);
    for (size_t k = 1; status == TRI_OK && getline(&line, &room, file) >= 0; k++) {
        line[strcspn(line, "\r\n")] = 0;
        if (!line[strspn(line, " \t")] || *line == '#') continue;
        factor_saved curve;
        status = factor_saved_parse(line, &curve);
        if (status != TRI_OK) {
            char why[256];
            snprintf(why, sizeof why, "%s", tri_error_text());
            status = tri_fail(TRI_ERR_DATA, "%s: line %zu is no curve of GMP-ECM: %s", name, k, why);
            break;
        }
        size_t index = factor_table_get(seen, curve.n);
        if (index == SIZE_MAX) {
            index = s->numbers;
            status = add_number(s, curve.n, seen);
        }
        factor_saved_curve *more = realloc(s->saved, (s->saved_count + 1) * sizeof *more);
        if (more) s->saved = more;
        if (more && status == TRI_OK) {
            more[s->saved_count] = (factor_saved_curve){curve, strdup(line), s->number[index].saved};
            s->number[index].saved = s->saved_count++;
        } else {
            factor_saved_free(&curve);
            if (status == TRI_OK) status = tri_fail(TRI_ERR_MEMORY, "no memory for the curves of %s", name);
        }
    }
    if (status == TRI_OK && ferror(file)) status = tri_output_failure("read", name);
    free(line);
    fclose(file);
    return status;
}

tri_status factor_plan_read(factor_state *s) {
    const factor_options *o = s->options;
    factor_table seen = {0};
    tri_status status = TRI_OK;
    for (size_t i = 0; i < o->words.count && status == TRI_OK; i++)
        status = read_word(s, o->words.text[i], &seen);
    if (status == TRI_OK && o->from_save) status = read_saved(s, o->from_save, &seen);
    for (size_t i = 0; i < seen.room; i++)
        free((char *)seen.key[i]);
    factor_table_free(&seen);
    return status;
}

/* ---- what is next ---- */

static factor_ticket *ticket_new(factor_task task, size_t pieces) {
    factor_ticket *t = calloc(1, sizeof *t);
    if (t) t->piece = calloc(pieces, sizeof *t->piece);
    if (t && t->piece) {
        t->task = task;
        return t;
    }
    fputs("factor: no memory for a task\n", stderr);
    exit(3);
}

static factor_ticket *ticket_of(factor_task task, factor_piece *p) {
    factor_ticket *t = ticket_new(task, 1);
    t->piece[0] = p;
    t->count = 1;
    return t;
}

/* The next curves of a level below `most` that are neither done nor given. */
static factor_ticket *next_curves(factor_piece *p, int level, size_t most) {
    size_t first = p->next[level];
    while (first < most && factor_piece_has(p, level, first))
        first++;
    p->next[level] = first;
    if (first >= most) return NULL;
    bool alone = factor_curve_at(0, level, first).method != FACTOR_ECM;
    size_t count = 1, at_once = alone ? 1 : factor_curves_at_once(level, p->digits);
    while (count < at_once && first + count < most && !factor_piece_has(p, level, first + count))
        count++;
    p->next[level] = first + count;
    factor_ticket *t = ticket_of(FACTOR_CURVES, p);
    t->level = level;
    t->first = first;
    t->count = count;
    return t;
}

static factor_ticket *next_levels(const factor_state *s, factor_piece *p, int level, size_t count) {
    factor_ticket *t = NULL;
    for (int l = 0; l <= level && l < s->levels && !t; l++)
        t = next_curves(p, l, l < level ? factor_level_curves(l) : count);
    return t;
}

static factor_ticket *next_of_piece(factor_state *s, factor_piece *p, bool idle) {
    if (p->dead || p->left) return NULL;
    if (p->kind == FACTOR_UNKNOWN) return p->tasks ? NULL : ticket_of(FACTOR_SMALL, p);
    if (p->kind != FACTOR_COMPOSITE) return NULL;
    if (p->saved != SIZE_MAX) {
        factor_ticket *t = ticket_of(FACTOR_SAVED, p);
        t->first = p->saved;
        p->saved = s->saved[p->saved].after;
        return t;
    }
    factor_ticket *t;
    bool sieves = (int)p->digits <= s->options->sieve && !p->sieve_failed;
    if (sieves) {
        int level;
        size_t count;
        factor_before_sieve(p->digits, &level, &count);
        if ((t = next_levels(s, p, level, count))) return t;
        if (!p->sieve_given) {
            p->sieve_given = true;
            return ticket_of(FACTOR_SIEVE, p);
        }
        if (!idle) return NULL; /* further curves race with the sieve where a slot is free */
    }
    t = next_levels(s, p, FACTOR_LEVELS, 0);
    if (!t && !p->tasks) p->left = true;
    return t;
}

/* Makes a number active: its pieces get tasks. Returns false for one that needs none. */
bool factor_plan_active(factor_state *s, size_t index) {
    factor_number *number = s->number + index;
    if (number->same != index || number->done) return false;
    if (s->actives == s->active_room) {
        size_t room = s->active_room ? 2 * s->active_room : 64;
        size_t *more = realloc(s->active, room * sizeof *more);
        if (!more) {
            fputs("factor: no memory for the numbers\n", stderr);
            exit(3);
        }
        s->active = more;
        s->active_room = room;
    }
    number->active = true;
    s->active[s->actives++] = index;
    return true;
}

/* The first pieces of a number: itself without its sign, or what the journal has. */
static void begin_number(factor_state *s, size_t index) {
    factor_number *number = s->number + index;
    mpz_t n;
    mpz_init(n);
    mpz_abs(n, number->n);
    if (!factor_book_load(s, index) && mpz_cmp_ui(n, 1) != 0) {
        factor_piece *p =
            factor_piece_new(n, mpz_sgn(n) ? FACTOR_UNKNOWN : FACTOR_PRIME, NULL, "whole number");
        p->id = s->ids++;
        factor_number_add(number, index, p);
    }
    mpz_clear(n);
}

/* New numbers: many small ones in a task. */
static factor_ticket *next_fresh(factor_state *s) {
    enum { TOGETHER = 128, DIGITS_TOGETHER = 1000, ACTIVE_MOST = 4096 };
    factor_ticket *t = NULL;
    size_t digits = 0;
    while (s->fresh < s->numbers && s->actives < ACTIVE_MOST &&
           (!t || (t->count < TOGETHER && digits < DIGITS_TOGETHER))) {
        size_t index = s->fresh++;
        if (s->number[index].same != index) continue;
        begin_number(s, index);
        (void)factor_plan_active(s, index);
        for (factor_piece *p = s->number[index].pieces; p; p = p->after)
            if (p->kind == FACTOR_UNKNOWN && !p->dead && !strcmp(p->how, "whole number")) {
                if (!t) t = ticket_new(FACTOR_SMALL, TOGETHER);
                t->piece[t->count++] = p;
                digits += p->digits + 2 * (p->digits > 19 ? p->digits : 0);
            }
        if (!t) return NULL; /* the journal has its pieces */
    }
    return t;
}

factor_ticket *factor_plan_next(factor_state *s, bool idle) {
    factor_ticket *t = NULL;
    for (size_t i = 0; i < s->actives && !t; i++)
        for (factor_piece *p = s->number[s->active[i]].pieces; p && !t; p = p->after)
            t = next_of_piece(s, p, false);
    if (!t && s->fresh < s->numbers) t = next_fresh(s);
    for (size_t i = 0; i < s->actives && !t && idle; i++)
        for (factor_piece *p = s->number[s->active[i]].pieces; p && !t; p = p->after)
            t = next_of_piece(s, p, true);
    return t;
}
