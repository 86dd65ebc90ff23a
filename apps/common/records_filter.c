#include "apps/common/records_filter.h"

#include <stdlib.h>
#include <string.h>

typedef enum relation { EQUAL, UNEQUAL, LESS, AT_MOST, MORE, AT_LEAST, CONTAINS } relation;

/* The longer words first. */
static const struct {
    const char *word;
    relation is;
} relations[] = {{"!=", UNEQUAL}, {"<=", AT_MOST}, {">=", AT_LEAST}, {"=", EQUAL},
                 {"<", LESS},     {">", MORE},     {"~", CONTAINS}};

static tri_status parse_term(char *word, struct records_term *out) {
    char *at = word + strcspn(word, "!<>=~");
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        size_t length = strlen(relations[i].word);
        if (strncmp(at, relations[i].word, length) != 0 || at == word) continue;
        *at = 0;
        *out = (struct records_term){.column = word, .value = at + length, .relation = (int)relations[i].is};
        return TRI_OK;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "--where: '%s' is not NAME=VALUE, with =, !=, <, <=, >, >= or ~", word);
}

tri_status records_filter_parse(const char *text, records_filter *out) {
    out->text = strdup(text);
    if (!out->text) return tri_fail(TRI_ERR_MEMORY, "no memory for --where");
    char *rest = out->text;
    for (char *word; (word = strtok_r(rest, ",", &rest));) {
        if (out->count == sizeof out->term / sizeof *out->term)
            return tri_fail(TRI_ERR_ARGUMENT, "--where: more than %zu terms", out->count);
        TRI_TRY(parse_term(word, &out->term[out->count++]));
    }
    return TRI_OK;
}

void records_filter_free(records_filter *filter) {
    free(filter->text);
}

static bool holds(relation is, int order, bool contained) {
    switch (is) {
    case EQUAL:
        return order == 0;
    case UNEQUAL:
        return order != 0;
    case LESS:
        return order < 0;
    case AT_MOST:
        return order <= 0;
    case MORE:
        return order > 0;
    case AT_LEAST:
        return order >= 0;
    case CONTAINS:
        return contained;
    }
    return false;
}

/* Numbers are compared as numbers, others as texts. What a file does not have differs from everything. */
static bool term_passes(const struct records_term *term, const tri_record *record) {
    records_value value = records_find(record, term->column);
    char text[4096], *end;
    if (!value.is_number && !*value.text) return term->relation == UNEQUAL;
    records_format(&value, text, sizeof text);
    double number = strtod(term->value, &end);
    bool numbers = value.is_number && *term->value && !*end;
    int order = numbers ? (value.number > number) - (value.number < number) : strcmp(text, term->value);
    return holds((relation)term->relation, order, strstr(text, term->value) != NULL);
}

bool records_filter_passes(const records_filter *filter, const tri_record *record) {
    for (size_t i = 0; i < filter->count; i++)
        if (!term_passes(&filter->term[i], record)) return false;
    return true;
}
