/* Numbers and their pieces. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

static void *room(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);
    if (memory) return memory;
    fputs("factor: no memory for the pieces of a number\n", stderr);
    exit(3);
}

static size_t bytes_of(int level) {
    return factor_level_curves(level) / 8 + 1;
}

factor_piece *factor_piece_new(const mpz_t n, factor_kind kind, const factor_piece *parent, const char *how) {
    factor_piece *p = room(1, sizeof *p);
    mpz_init_set(p->n, n);
    p->kind = kind;
    p->digits = factor_digits(n);
    p->how = room(strlen(how) + 1, 1);
    memcpy(p->how, how, strlen(how));
    if (!parent) return p;
    p->number = parent->number;
    for (int level = 0; level < FACTOR_LEVELS; level++) {
        p->curves[level] = parent->curves[level];
        p->worth[level] = parent->worth[level];
        if (!parent->done[level]) continue;
        p->done[level] = room(bytes_of(level), 1);
        memcpy(p->done[level], parent->done[level], bytes_of(level));
    }
    return p;
}

void factor_piece_free(factor_piece *p) {
    for (int level = 0; level < FACTOR_LEVELS; level++)
        free(p->done[level]);
    free(p->how);
    mpz_clear(p->n);
    free(p);
}

void factor_number_add(factor_number *number, size_t index, factor_piece *p) {
    p->number = index;
    p->saved = number->saved;
    p->after = number->pieces;
    number->pieces = p;
}

void factor_number_free_pieces(factor_number *number) {
    while (number->pieces) {
        factor_piece *p = number->pieces;
        number->pieces = p->after;
        factor_piece_free(p);
    }
}

bool factor_piece_has(const factor_piece *p, int level, size_t curve) {
    return p->done[level] && (p->done[level][curve / 8] >> curve % 8 & 1);
}

void factor_piece_worth(factor_piece *p, int level, size_t count) {
    for (int size = 0; size < FACTOR_LEVELS; size++)
        p->worth[size] +=
            (double)count * factor_curve_worth(level, FACTOR_FIRST_DIGITS + size * FACTOR_STEP_DIGITS);
}

void factor_piece_did(factor_piece *p, int level, size_t first, size_t count) {
    size_t most = factor_level_curves(level), more = 0;
    if (!p->done[level]) p->done[level] = room(bytes_of(level), 1);
    for (size_t i = first; i < most && i - first < count; i++) {
        if (factor_piece_has(p, level, i)) continue;
        p->done[level][i / 8] |= (uint8_t)(1 << i % 8);
        more += factor_curve_at(0, level, i).method == FACTOR_ECM;
    }
    p->curves[level] += more;
    factor_piece_worth(p, level, more);
}

double factor_piece_missed(const factor_piece *p, int digits) {
    return exp(-p->worth[(digits - FACTOR_FIRST_DIGITS) / FACTOR_STEP_DIGITS]);
}

const char *factor_piece_excluded(const factor_piece *p, char text[128]) {
    int level = 0;
    while (level < FACTOR_LEVELS && p->worth[level] >= 0.995)
        level++;
    snprintf(text, 128, "nothing");
    int at = level ? snprintf(text, 128, "t%d done", factor_level_digits(level - 1)) : 0;
    if (level < FACTOR_LEVELS && p->worth[level] > 0)
        snprintf(text + at, 128 - (size_t)at, "%s%.3g %% of t%d", at ? ", " : "", 100 * p->worth[level],
                 factor_level_digits(level));
    return text;
}

/* ---- the result ---- */

static int by_value(const void *a, const void *b) {
    const factor_piece *const *left = a, *const *right = b;
    return mpz_cmp((*left)->n, (*right)->n);
}

static json_t *describe(const factor_piece *p) {
    static const char *const kinds[] = {"composite", "prime", "probable prime", "composite"};
    char *value = mpz_get_str(NULL, 10, p->n), text[128];
    json_t *one =
        json_pack("{s:s, s:s, s:I, s:s}", "value", value, "kind", mpz_sgn(p->n) ? kinds[p->kind] : "zero",
                  "digits", (json_int_t)p->digits, "found_by", p->how);
    free(value);
    if (p->kind == FACTOR_PRIME || p->kind == FACTOR_PROBABLE) return one;
    json_t *curves = json_array(), *missed = json_object();
    for (int level = 0; level < FACTOR_LEVELS; level++) {
        char name[16];
        snprintf(name, sizeof name, "%d", factor_level_digits(level));
        json_object_set_new(missed, name, json_real(factor_piece_missed(p, factor_level_digits(level))));
        if (p->curves[level])
            json_array_append_new(curves, json_pack("{s:f, s:I}", "b1", factor_level_b1(level), "done",
                                                    (json_int_t)p->curves[level]));
    }
    json_object_set_new(one, "excluded", json_string(factor_piece_excluded(p, text)));
    json_object_set_new(one, "curves", curves);
    json_object_set_new(one, "missed_by_digits", missed);
    return one;
}

tri_status factor_number_finish(factor_number *number) {
    static const char *const marks[] = {"[composite]", "", "[probable]", "[composite]"};
    size_t count = 0, length, at = 0;
    mpz_t product;
    for (factor_piece *p = number->pieces; p; p = p->after)
        count += !p->dead;
    factor_piece **sorted = room(count + 1, sizeof *sorted);
    for (factor_piece *p = number->pieces; p; p = p->after)
        if (!p->dead) sorted[at++] = p;
    qsort(sorted, count, sizeof *sorted, by_value);
    FILE *to = factor_stream(&number->result, &length);
    json_t *factors = json_array();
    number->whole = true;
    mpz_init_set_ui(product, 1);
    for (size_t i = 0; i < count; i++) {
        mpz_mul(product, product, sorted[i]->n);
        fputs(" ", to);
        mpz_out_str(to, 10, sorted[i]->n);
        fputs(marks[sorted[i]->kind], to);
        if (sorted[i]->kind == FACTOR_COMPOSITE || sorted[i]->kind == FACTOR_UNKNOWN) number->whole = false;
        json_array_append_new(factors, describe(sorted[i]));
    }
    fclose(to);
    free(sorted);
    bool right = mpz_cmpabs(product, number->n) == 0;
    number->json = json_pack("{s:s, s:b, s:o}", "number", number->text, "complete", (int)number->whole,
                             "factors", factors);
    number->done = true;
    mpz_clear(product);
    return right ? TRI_OK
                 : tri_fail(TRI_ERR_WRONG, "the product of the factors of %.60s is another number",
                            number->text);
}
