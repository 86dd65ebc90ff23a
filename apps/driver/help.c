/* --help, man pages and shell completion, from the option rows. */
#include <ctype.h>
#include <string.h>

#include "apps/driver/options.h"

/* The name of the value after an option's name: "N", "SIZE", "exact|ordered|plain". */
static const char *value_name(const tri_option *row) {
    if (row->choices) return row->choices;
    switch (row->kind) {
    case TRI_OPTION_INT:
        return "N";
    case TRI_OPTION_SIZE:
        return "SIZE";
    case TRI_OPTION_REAL:
        return "X";
    case TRI_OPTION_TEXT:
        return "TEXT";
    default:
        return "";
    }
}

static const tri_option action_rows[] = {
    {.name = "help", .text = "show this text; also -h", .kind = TRI_OPTION_FLAG},
    {.name = "version",
     .text = "show the versions of the program and of the libraries that it uses",
     .kind = TRI_OPTION_FLAG},
    {.name = "man", .text = "write the manual page, for man -l -", .kind = TRI_OPTION_FLAG},
    {.name = "completion",
     .text = "write the completion script, for bash to source",
     .kind = TRI_OPTION_FLAG},
    {.name = NULL},
};

/* Whether a common option has an effect in this program. The parser accepts the others as well, so that
 * scripts can pass the same words to all programs. */
static bool applies(const tri_app *app, const tri_option *row) {
    if (!app) return true; /* bench and trireme, which have none of these */
    bool runs = app->run || app->step;
    return !((app->no_device && !strcmp(row->name, "device")) ||
             (app->no_result && !strcmp(row->name, "results")) ||
             (!runs && (!strcmp(row->name, "repeat") || !strcmp(row->name, "warmup"))));
}

static void usage(const tri_app *app, const tri_option_set sets[2], FILE *to) {
    /* A subject of bench is a word of its own on the command line. */
    const char *subject = strchr(app->name, '-');
    fprintf(to, "trireme %.*s%s%s [OPTION...]", (int)strcspn(app->name, "-"), app->name, subject ? " " : "",
            subject ? subject + 1 : "");
    for (const tri_option *row = sets[0].rows; row->name; row++)
        if (row->argument)
            fprintf(to, row->required ? " %s%s" : " [%s%s]", row->name,
                    row->kind == TRI_OPTION_TEXTS ? "..." : "");
}

static void help_rows(const tri_app *app, const tri_option *rows, bool arguments, FILE *to) {
    for (const tri_option *row = rows; row->name; row++) {
        if (row->argument != arguments || !applies(app, row)) continue;
        char left[96], text[512];
        const char *value = value_name(row);
        snprintf(left, sizeof left, "  %s%s%s%s", arguments ? "" : "--", row->name,
                 *value && !arguments ? " " : "", arguments ? "" : value);
        bool initial = row->initial && *row->initial;
        snprintf(text, sizeof text, "%s%s%s%s", row->text, initial ? " [" : "", initial ? row->initial : "",
                 initial ? "]" : "");
        tri_help_row(left, text, to);
    }
}

void tri_options_help(const tri_app *app, const tri_option_set sets[2], FILE *to) {
    fprintf(to, "%s: %s\n\nUsage: %s", app->name, app->summary, app->alone ? "" : "mpirun -np RANKS ");
    usage(app, sets, to);
    fprintf(to, "\n\n");
    help_rows(app, sets[0].rows, true, to);
    help_rows(app, sets[0].rows, false, to);
    if (!app->alone) fprintf(to, "\nCommon options:\n");
    help_rows(app, sets[1].rows, false, to);
    help_rows(app, action_rows, false, to);
    fprintf(to, "\nEnvironment (all variables: man 7 trireme, doc/environment.md):\n");
    tri_environment_help(to);
    fprintf(to, "\n");
    tri_help_row("SIZE", "4096, 64Ki (x 1024), 1.5Gi, 4M (x 10^6), 1e6, ...", to);
    tri_help_row("Exit status", TRI_EXIT_TEXT "; the same on all ranks", to);
}

static void man_rows(const tri_app *app, const tri_option *rows, bool arguments, FILE *to) {
    for (const tri_option *row = rows; row->name; row++) {
        if (row->argument != arguments || !applies(app, row)) continue;
        fprintf(to, ".TP\n.B ");
        tri_roff(arguments ? "" : "--", to);
        tri_roff(row->name, to);
        if (!arguments && *value_name(row)) fprintf(to, " \\fI%s\\fR", value_name(row));
        fputc('\n', to);
        tri_roff(row->text, to);
        if (row->initial && *row->initial) fprintf(to, " (default: %s)", row->initial);
        fputc('\n', to);
    }
}

/* The sections that all pages have. */
static void man_end(const char *name, FILE *to) {
    tri_environment_man(to);
    fprintf(to, ".SH EXIT STATUS\n%s; the same on all ranks.\n.SH SEE ALSO\n", TRI_EXIT_TEXT);
    /* A subject of bench has the page of bench beside it. */
    if (!strncmp(name, "bench-", 6)) fprintf(to, ".BR trireme\\-bench (1),\n");
    if (strcmp(name, "trireme") != 0) fprintf(to, ".BR trireme (1),\n");
    fprintf(to, ".BR trireme (7)\n");
}

/* The words that start a command: "trireme bench". */
static void command_of(const tri_command *c, char words[64]) {
    snprintf(words, 64, "%s", c->page);
    for (char *hyphen = words; (hyphen = strchr(hyphen, '-')) != NULL;)
        *hyphen = ' ';
}

void tri_options_man(const tri_app *app, const tri_option_set sets[2], FILE *to) {
    fprintf(to, ".TH TRIREME-%s 1 \"\" \"trireme %s\" \"Trireme\"\n.SH NAME\n", app->name,
            TRIREME_VERSION_TEXT);
    fprintf(to, "trireme-%s \\- ", app->name);
    tri_roff(app->summary, to);
    fprintf(to, "\n.SH SYNOPSIS\n%s", app->alone ? "" : "mpirun \\-np RANKS ");
    usage(app, sets, to);
    fprintf(to, "\n.SH OPTIONS\n");
    man_rows(app, sets[0].rows, true, to);
    man_rows(app, sets[0].rows, false, to);
    if (!app->alone) fprintf(to, ".SH COMMON OPTIONS\n");
    man_rows(app, sets[1].rows, false, to);
    man_rows(app, action_rows, false, to);
    tri_roff_examples(app->examples, to);
    man_end(app->name, to);
}

void tri_command_help(const tri_command *c, FILE *to) {
    char command[64];
    command_of(c, command);
    fprintf(to, "%s: %s\n\nUsage: mpirun -np RANKS %s %s [ARGUMENT...]; %s %s --help lists the arguments\n\n",
            command, c->summary, command, c->kind, command, c->kind);
    for (size_t i = 0; i < c->count; i++) {
        char left[64];
        snprintf(left, sizeof left, "  %s", c->names[i]);
        tri_help_row(left, c->summaries[i], to);
    }
    fprintf(to, "\n");
    help_rows(NULL, action_rows, false, to);
}

int tri_command_unknown(const char *name, const tri_command *c, const char *word) {
    char kind[32];
    size_t length = strlen(c->kind);
    for (size_t i = 0; i <= length; i++)
        kind[i] = (char)tolower((unsigned char)c->kind[i]);
    const char *near = tri_nearest(word, strlen(word), c->names, c->count);
    tri_status status = *word ? tri_fail(TRI_ERR_ARGUMENT, "there is no %s '%s'", kind, word)
                              : tri_fail(TRI_ERR_ARGUMENT, "a %s is missing", kind);
    fprintf(stderr, "%s: %s", name, tri_error_text());
    if (near) fprintf(stderr, "; did you mean %s?", near);
    fprintf(stderr, near ? " There are" : "; there are");
    for (size_t i = 0; i < c->count; i++)
        fprintf(stderr, "%s %s", i ? "," : "", c->names[i]);
    fprintf(stderr, "; %s --help describes them\n", name);
    return tri_status_exit(status);
}

void tri_command_man(const tri_command *c, FILE *to) {
    char command[64];
    command_of(c, command);
    fprintf(to, ".TH ");
    for (const char *letter = c->page; *letter; letter++)
        fputc(toupper((unsigned char)*letter), to);
    fprintf(to, " 1 \"\" \"trireme %s\" \"Trireme\"\n.SH NAME\n", TRIREME_VERSION_TEXT);
    tri_roff(c->page, to);
    fprintf(to, " \\- ");
    tri_roff(c->summary, to);
    fprintf(to, "\n.SH SYNOPSIS\nmpirun \\-np RANKS %s %s [ARGUMENT...]\n.SH %sS\n", command, c->kind,
            c->kind);
    for (size_t i = 0; i < c->count; i++) {
        fprintf(to, ".TP\n.BR ");
        tri_roff(c->page, to);
        fprintf(to, "\\-%s (1)\n", c->names[i]);
        tri_roff(c->summaries[i], to);
        fputc('\n', to);
    }
    fprintf(to, ".SH OPTIONS\n");
    man_rows(NULL, action_rows, false, to);
    tri_roff_examples(c->examples, to);
    man_end(c->page, to);
}

static void completion_rows(const tri_app *app, const tri_option *rows, FILE *to) {
    for (const tri_option *row = rows; row->name; row++)
        if (!row->argument && applies(app, row)) fprintf(to, " --%s", row->name);
}

static void completion_choices(const tri_option *rows, FILE *to) {
    for (const tri_option *row = rows; row->name; row++) {
        if (!row->choices || row->argument) continue;
        fprintf(to, "    --%s) COMPREPLY=($(compgen -W \"", row->name);
        for (const char *c = row->choices; *c; c++)
            fputc(*c == '|' ? ' ' : *c, to);
        fprintf(to, "\" -- \"$2\")); return ;;\n");
    }
}

void tri_options_completion(const tri_app *app, const tri_option_set sets[2], FILE *to) {
    /* The name of a function has no hyphen: bench calls _trireme_bench_sum. */
    char name[64];
    snprintf(name, sizeof name, "%s", app->name);
    char *subject = strchr(name, '-');
    if (subject) *subject = '_';
    fprintf(to, "_trireme_%s() {\n    case $3 in\n", name);
    completion_choices(sets[0].rows, to);
    completion_choices(sets[1].rows, to);
    fprintf(to, "    esac\n    case $2 in\n    -*) COMPREPLY=($(compgen -W \"");
    completion_rows(app, sets[0].rows, to);
    completion_rows(app, sets[1].rows, to);
    completion_rows(app, action_rows, to);
    fprintf(to, "\" -- \"$2\")) ;;\n    *) COMPREPLY=($(compgen -f -- \"$2\")) ;;\n    esac\n}\n");
    if (!subject) fprintf(to, "complete -o filenames -F _trireme_%s %s ./apps/%s\n", name, name, name);
}
