/* Integers as people write them, and a table by text. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "apps/factor/factor.h"

/* A parser by recursive descent: sum = product {+- product}, product = power {* power}, power = atom [^
 * power], atom = digits or (sum), with ! or # behind it. */
typedef struct parser {
    const char *at;
    int depth;
    tri_status status;
} parser;

enum { DEPTH_MOST = 100, BITS_MOST = 332192 };

static void sum(parser *p, mpz_t out);

static void fail(parser *p, const char *why) {
    if (p->status == TRI_OK) p->status = tri_fail(TRI_ERR_ARGUMENT, "%s", why);
}

static char peek(parser *p) {
    while (isspace((unsigned char)*p->at))
        p->at++;
    return *p->at;
}

static void check_size(parser *p, const mpz_t n) {
    if (mpz_sizeinbase(n, 2) > BITS_MOST) fail(p, "it has more than 100000 digits");
}

static void atom(parser *p, mpz_t out) {
    char c = peek(p);
    if (c == '(') {
        p->at++;
        if (++p->depth > DEPTH_MOST) fail(p, "its parentheses are nested too deeply");
        if (p->status == TRI_OK) sum(p, out);
        p->depth--;
        if (p->status == TRI_OK && peek(p) != ')') fail(p, "a ) is missing");
        if (p->status == TRI_OK) p->at++;
    } else if (isdigit((unsigned char)c)) {
        size_t length = strspn(p->at, "0123456789");
        if (length > FACTOR_DIGITS_MOST + 2) {
            fail(p, "it has more than 100000 digits");
            return;
        }
        char *text = strndup(p->at, length);
        if (!text || mpz_set_str(out, text, 10)) fail(p, "no memory for its digits");
        free(text);
        p->at += length;
    } else
        fail(p, "it is not an integer");
    while (p->status == TRI_OK && (peek(p) == '!' || peek(p) == '#')) {
        enum { FACTORIAL_MOST = 25000, PRIMORIAL_MOST = 230000 };
        bool factorial = *p->at++ == '!';
        unsigned long n = mpz_get_ui(out);
        if (!mpz_fits_ulong_p(out) || n > (factorial ? FACTORIAL_MOST : PRIMORIAL_MOST))
            fail(p, "it has more than 100000 digits");
        else if (factorial)
            mpz_fac_ui(out, n);
        else
            mpz_primorial_ui(out, n);
    }
    check_size(p, out);
}

static void power(parser *p, mpz_t out) {
    bool minus = peek(p) == '-';
    if (minus) p->at++;
    atom(p, out);
    if (p->status == TRI_OK && peek(p) == '^') {
        mpz_t exponent;
        mpz_init(exponent);
        p->at++;
        if (++p->depth > DEPTH_MOST) fail(p, "its powers are nested too deeply");
        if (p->status == TRI_OK) power(p, exponent);
        p->depth--;
        if (p->status == TRI_OK && mpz_sgn(exponent) < 0) fail(p, "it has a negative exponent");
        if (p->status == TRI_OK && mpz_cmpabs_ui(out, 1) > 0 &&
            (!mpz_fits_ulong_p(exponent) || mpz_get_ui(exponent) > BITS_MOST ||
             mpz_get_ui(exponent) * (mpz_sizeinbase(out, 2) - 1) > BITS_MOST))
            fail(p, "it has more than 100000 digits");
        /* 0 and 1 may have exponents of any size. */
        if (p->status == TRI_OK && mpz_cmpabs_ui(out, 1) <= 0)
            mpz_set_ui(exponent, mpz_sgn(exponent) ? 2 - (unsigned long)mpz_odd_p(exponent) : 0);
        if (p->status == TRI_OK) mpz_pow_ui(out, out, mpz_get_ui(exponent));
        mpz_clear(exponent);
    }
    if (minus) mpz_neg(out, out);
    check_size(p, out);
}

static void product(parser *p, mpz_t out) {
    power(p, out);
    while (p->status == TRI_OK && peek(p) == '*') {
        mpz_t factor;
        mpz_init(factor);
        p->at++;
        power(p, factor);
        mpz_mul(out, out, factor);
        mpz_clear(factor);
        check_size(p, out);
    }
}

static void sum(parser *p, mpz_t out) {
    product(p, out);
    while (p->status == TRI_OK && (peek(p) == '+' || peek(p) == '-')) {
        mpz_t term;
        mpz_init(term);
        bool minus = *p->at++ == '-';
        product(p, term);
        if (minus)
            mpz_sub(out, out, term);
        else
            mpz_add(out, out, term);
        mpz_clear(term);
    }
    check_size(p, out);
}

tri_status factor_parse(const char *text, mpz_t out) {
    parser p = {.at = text};
    if (peek(&p) == '+') p.at++;
    sum(&p, out);
    if (p.status == TRI_OK && peek(&p)) fail(&p, "it is not an integer");
    return p.status;
}

size_t factor_digits(const mpz_t n) {
    size_t digits = mpz_sizeinbase(n, 10); /* may be one too large */
    mpz_t power;
    mpz_init(power);
    mpz_ui_pow_ui(power, 10, digits - 1);
    if (digits > 1 && mpz_cmpabs(n, power) < 0) digits--;
    mpz_clear(power);
    return digits;
}

tri_status factor_seconds(const char *name, const char *text, double *out) {
    char *end;
    double value = strtod(text, &end);
    double unit = !*end || !strcmp(end, "s") ? 1
                  : !strcmp(end, "m")        ? 60
                  : !strcmp(end, "h")        ? 3600
                  : !strcmp(end, "d")        ? 86400
                                             : 0;
    if (end == text || unit == 0 || !(value > 0) || value > 1e9)
        return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is not a time like 90, 90s, 10m, 2h or 1d", name, text);
    *out = value * unit;
    return TRI_OK;
}

FILE *factor_stream(char **text, size_t *length) {
    FILE *stream = open_memstream(text, length);
    if (stream) return stream;
    fputs("factor: no memory for a text\n", stderr);
    exit(3);
}

/* ---- the table: open addressing ---- */

static size_t place_of(const factor_table *t, const char *key) {
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (const char *c = key; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 1099511628211u;
    size_t at = (size_t)hash & (t->room - 1);
    while (t->key[at] && strcmp(t->key[at], key) != 0)
        at = (at + 1) & (t->room - 1);
    return at;
}

static tri_status grow(factor_table *t) {
    factor_table more = {.room = t->room ? 2 * t->room : 64, .count = t->count};
    more.key = calloc(more.room, sizeof *more.key);
    more.value = calloc(more.room, sizeof *more.value);
    if (!more.key || !more.value) {
        factor_table_free(&more);
        return tri_fail(TRI_ERR_MEMORY, "no memory for a table of %zu numbers", more.room);
    }
    for (size_t i = 0; i < t->room; i++)
        if (t->key[i]) {
            size_t at = place_of(&more, t->key[i]);
            more.key[at] = t->key[i];
            more.value[at] = t->value[i];
        }
    factor_table_free(t);
    *t = more;
    return TRI_OK;
}

tri_status factor_table_put(factor_table *t, const char *key, size_t value, size_t *out) {
    if (2 * t->count >= t->room) TRI_TRY(grow(t));
    size_t at = place_of(t, key);
    if (!t->key[at]) {
        t->key[at] = key;
        t->value[at] = value;
        t->count++;
    }
    *out = t->value[at];
    return TRI_OK;
}

size_t factor_table_get(const factor_table *t, const char *key) {
    if (!t->room) return SIZE_MAX;
    size_t at = place_of(t, key);
    return t->key[at] ? t->value[at] : SIZE_MAX;
}

void factor_table_free(factor_table *t) {
    free(t->key);
    free(t->value);
    *t = (factor_table){0};
}
