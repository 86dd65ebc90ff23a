/* Options: getopt_long splits the words, the rows give their meaning. */
#include "apps/driver/options.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Index of `text` among the words of `choices`; -1: not found. */
static int choice_index(const char *choices, const char *text) {
    size_t length = strlen(text);
    for (int index = 0;; index++) {
        size_t word = strcspn(choices, "|");
        if (word == length && !memcmp(choices, text, length)) return index;
        if (!choices[word]) return -1;
        choices += word + 1;
    }
}

static tri_status read_int(const char *name, const char *text, int *out) {
    size_t value;
    if (tri_size_parse(text, &value) != TRI_OK || value > 1000000000)
        return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is not a whole number between 0 and 10^9", name, text);
    *out = (int)value;
    return TRI_OK;
}

static tri_status read_real(const char *name, const char *text, double *out) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is not a finite number", name, text);
    *out = value;
    return TRI_OK;
}

static tri_status set_value(const tri_option *row, void *state, const char *text) {
    void *field = (char *)state + row->offset;
    char name[64];
    snprintf(name, sizeof name, "%s%s", row->argument ? "" : "--", row->name);
    if (row->choices) {
        int index = choice_index(row->choices, text);
        if (index < 0)
            return tri_fail(TRI_ERR_ARGUMENT, "%s: '%s' is not one of %s", name, text, row->choices);
        if (row->kind == TRI_OPTION_TEXT)
            *(const char **)field = text;
        else
            *(int *)field = index;
        return TRI_OK;
    }
    switch (row->kind) {
    case TRI_OPTION_FLAG:
        *(bool *)field = true;
        return TRI_OK;
    case TRI_OPTION_INT:
    case TRI_OPTION_CHOICE:
        return read_int(name, text, field);
    case TRI_OPTION_SIZE:
        if (tri_size_parse(text, field) == TRI_OK) return TRI_OK;
        return tri_fail(TRI_ERR_ARGUMENT, "%s: %s", name, tri_error_text());
    case TRI_OPTION_REAL:
        return read_real(name, text, field);
    case TRI_OPTION_TEXT:
        /* A script passes "" for a variable that is not set. Programs check positional arguments
         * themselves. */
        if (!*text && !row->argument && !(row->initial && !*row->initial))
            return tri_fail(TRI_ERR_ARGUMENT, "%s is empty: omit it or give it a value", name);
        *(const char **)field = text;
        return TRI_OK;
    case TRI_OPTION_TEXTS:
        break;
    }
    return tri_fail(TRI_ERR_ARGUMENT, "%s takes no value", name);
}

static tri_status set_initial(const tri_option_set *set) {
    for (const tri_option *row = set->rows; row->name; row++)
        if (row->initial && row->kind != TRI_OPTION_FLAG) TRI_TRY(set_value(row, set->state, row->initial));
    return TRI_OK;
}

enum { ACTION = 1000, ROWS = 64 }; /* codes of getopt: ACTION + tri_action, or 1 + the row */

static const struct option action_options[] = {
    {"help", no_argument, NULL, ACTION + TRI_ACTION_HELP},
    {"version", no_argument, NULL, ACTION + TRI_ACTION_VERSION},
    {"man", no_argument, NULL, ACTION + TRI_ACTION_MAN},
    {"completion", no_argument, NULL, ACTION + TRI_ACTION_COMPLETION},
};

/* Positional arguments, in order. */
static tri_status set_arguments(const tri_app *app, const tri_option_set *set, char **words, int count) {
    for (const tri_option *row = set->rows; row->name; row++) {
        if (!row->argument) continue;
        if (!count && row->required)
            return tri_fail(TRI_ERR_ARGUMENT, "%s is missing; see %s --help", row->name, app->name);
        if (row->kind == TRI_OPTION_TEXTS) {
            *(tri_texts *)((char *)set->state + row->offset) =
                (tri_texts){.text = words, .count = (size_t)count};
            count = 0;
        }
        if (!count) return TRI_OK;
        TRI_TRY(set_value(row, set->state, *words));
        words++;
        count--;
    }
    if (count)
        return tri_fail(TRI_ERR_ARGUMENT, "unexpected argument '%s'; see %s --help", *words, app->name);
    return TRI_OK;
}

/* `word` is none of the options, or short for several. */
static tri_status unknown_option(const tri_app *app, const struct option *list, int count, const char *word) {
    const char *names[2 * ROWS + 5], *name = word + strspn(word, "-");
    const size_t length = strcspn(name, "=");
    char same[256] = "";
    for (int i = 0, at = 0; i < count; i++) {
        names[i] = list[i].name;
        if (length && !strncmp(list[i].name, name, length) && !strncmp(word, "--", 2) &&
            at < (int)sizeof same)
            at += snprintf(same + at, sizeof same - (size_t)at, "%s--%s", at ? ", " : "", list[i].name);
    }
    if (strchr(same, ','))
        return tri_fail(TRI_ERR_ARGUMENT, "option '%s' is short for several: %s", word, same);
    const char *near = tri_nearest(name, length, names, (size_t)count);
    if (near) return tri_fail(TRI_ERR_ARGUMENT, "unknown option '%s'; did you mean --%s?", word, near);
    return tri_fail(TRI_ERR_ARGUMENT, "unknown option '%s'; %s --help lists them", word, app->name);
}

/* "-:f8", standard input of a stated type, is an argument and not an option: gives it the other name. What is
 * allocated belongs to the words, which live as long as the process. */
static tri_status name_input(int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (!strncmp(argv[i], "-:", 2) && asprintf(&argv[i], "/dev/stdin%s", argv[i] + 1) < 0)
            return tri_fail(TRI_ERR_MEMORY, "no memory for the name of standard input");
    return TRI_OK;
}

/* The code of an option; 0: the program has none of that name. */
static int code_of(const struct option *list, int count, const char *name) {
    for (int i = 0; i < count; i++)
        if (!strcmp(list[i].name, name)) return list[i].val;
    return 0;
}

tri_status tri_options_parse(const tri_app *app, const tri_option_set sets[2], int argc, char **argv,
                             tri_action *action) {
    struct option list[2 * ROWS + 5] = {{0}};
    const tri_option *row_of[2 * ROWS];
    void *state_of[2 * ROWS];
    int rows = 0;
    for (int s = 0; s < 2; s++) {
        TRI_TRY(set_initial(&sets[s]));
        for (const tri_option *row = sets[s].rows; row->name && rows < 2 * ROWS; row++) {
            if (row->argument) continue;
            /* Codes from 1: getopt reports 0 for an unknown name. */
            list[rows] = (struct option){row->name, row->kind != TRI_OPTION_FLAG, NULL, rows + 1};
            row_of[rows] = row;
            state_of[rows++] = sets[s].state;
        }
    }
    memcpy(&list[rows], action_options, sizeof action_options);
    const int options = rows + (int)(sizeof action_options / sizeof *action_options);

    *action = TRI_ACTION_RUN;
    optind = 0; /* glibc: start afresh */
    opterr = 0;
    if (!app->runs) TRI_TRY(name_input(argc, argv));
    int code;
    while ((code = getopt_long(argc, argv, app->runs ? "+:ho:" : ":ho:", list, NULL)) != -1) {
        const char *word = argv[optind - 1];
        if (code == 'h') code = ACTION + TRI_ACTION_HELP;
        if (code == 'o') code = code_of(list, rows, "out");
        if (!code) return unknown_option(app, list, options, "-o");
        if (code >= ACTION) {
            *action = (tri_action)(code - ACTION);
            return TRI_OK;
        }
        if (code == ':') return tri_fail(TRI_ERR_ARGUMENT, "option '%s' needs a value", word);
        if (code == '?') {
            if (optopt >= ACTION || (optopt >= 1 && optopt <= rows && !strncmp(word, "--", 2)))
                return tri_fail(TRI_ERR_ARGUMENT, "option '%.*s' takes no value", (int)strcspn(word, "="),
                                word);
            /* getopt has not gone past the words of more than one letter behind a single hyphen. */
            if (optopt && !(word[0] == '-' && word[1] == optopt && !word[2])) word = argv[optind];
            return unknown_option(app, list, options, word);
        }
        TRI_TRY(set_value(row_of[code - 1], state_of[code - 1], optarg));
    }
    return set_arguments(app, &sets[0], argv + optind, argc - optind);
}

tri_status tri_out_check(const char *out, const char *in) {
    struct stat one, other;
    if (stat(out, &one) || stat(in, &other) || one.st_dev != other.st_dev || one.st_ino != other.st_ino)
        return TRI_OK;
    return tri_fail(TRI_ERR_ARGUMENT, "--out: '%s' is also an input; choose another file", out);
}

void tri_option_value(const tri_option *row, const void *state, char *text, size_t room) {
    const void *field = (const char *)state + row->offset;
    char size[TRI_SIZE_TEXT];
    *text = 0;
    if (row->choices && row->kind != TRI_OPTION_TEXT) {
        const char *word = row->choices;
        for (int skip = *(const int *)field; skip > 0; skip--)
            word += strcspn(word, "|") + 1;
        snprintf(text, room, "%.*s", (int)strcspn(word, "|"), word);
        return;
    }
    switch (row->kind) {
    case TRI_OPTION_FLAG:
        snprintf(text, room, "%s", *(const bool *)field ? "yes" : "no");
        break;
    case TRI_OPTION_INT:
    case TRI_OPTION_CHOICE:
        snprintf(text, room, "%d", *(const int *)field);
        break;
    case TRI_OPTION_SIZE:
        snprintf(text, room, "%s", tri_size_format(*(const size_t *)field, size));
        break;
    case TRI_OPTION_REAL:
        snprintf(text, room, "%.17g", *(const double *)field);
        break;
    case TRI_OPTION_TEXT:
        if (*(const char *const *)field) snprintf(text, room, "%s", *(const char *const *)field);
        break;
    case TRI_OPTION_TEXTS:
        for (size_t i = 0, at = 0; i < ((const tri_texts *)field)->count && at < room; i++)
            at += (size_t)snprintf(text + at, room - at, "%s%s", i ? " " : "",
                                   ((const tri_texts *)field)->text[i]);
        break;
    }
}
