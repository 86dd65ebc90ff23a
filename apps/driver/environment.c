/* The table of environment variables as --help, man pages and doc/environment.md show it. */
#include "apps/driver/options.h"

typedef enum group {
#define GROUP(name, title) name,
#include "apps/driver/environment.def"
#undef GROUP
    GROUPS
} group;

static const char *const titles[GROUPS] = {
#define GROUP(name, title) title,
#include "apps/driver/environment.def"
#undef GROUP
};

typedef struct variable {
    group group;
    const char *name, *initial, *text; /* initial: "" where there is none */
} variable;

static const variable variables[] = {
#define X(group, name, initial, text) {group, name, initial, text},
#include "apps/driver/environment.def"
#undef X
};
enum { VARIABLES = sizeof variables / sizeof *variables };

void tri_environment_help(FILE *to) {
    for (size_t i = 0; i < VARIABLES; i++)
        if (variables[i].group == PROGRAMS) {
            char left[96], text[512];
            snprintf(left, sizeof left, "  %s", variables[i].name);
            snprintf(text, sizeof text, "%s [%s]", variables[i].text, variables[i].initial);
            tri_help_row(left, text, to);
        }
}

static void man_variable(const variable *v, FILE *to) {
    fprintf(to, ".TP\n.B %s\n", v->name);
    tri_roff(v->text, to);
    if (*v->initial) {
        fprintf(to, " (default: ");
        tri_roff(v->initial, to);
        fprintf(to, ")");
    }
    fprintf(to, "\n");
}

void tri_environment_man(FILE *to) {
    fprintf(to, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < VARIABLES; i++)
        if (variables[i].group == PROGRAMS) man_variable(&variables[i], to);
}

static void write_man(FILE *to) {
    fprintf(to, ".TH TRIREME 7 \"\" \"trireme %s\" \"Trireme\"\n.SH NAME\n", TRIREME_VERSION_TEXT);
    fprintf(to, "trireme \\- environment variables and exit status of the Trireme programs\n");
    fprintf(to, ".SH ENVIRONMENT\nOptions override variables; a default is in parentheses.\n");
    for (int g = 0; g < GROUPS; g++) {
        fprintf(to, ".SS %s\n", titles[g]);
        for (size_t i = 0; i < VARIABLES; i++)
            if (variables[i].group == (group)g) man_variable(&variables[i], to);
    }
    fprintf(to, ".SH EXIT STATUS\n%s.\n.SH SEE ALSO\n.BR trireme (1)\n", TRI_EXIT_TEXT);
}

static void write_markdown(FILE *to) {
    fprintf(to,
            "# Environment variables\n\nOptions override variables. `doctor --environment markdown` writes "
            "this page,\n`doctor --environment man` the manual page trireme(7).\n");
    for (int g = 0; g < GROUPS; g++) {
        fprintf(to, "\n## %s\n\n| variable | default | meaning |\n|---|---|---|\n", titles[g]);
        for (size_t i = 0; i < VARIABLES; i++)
            if (variables[i].group == (group)g)
                fprintf(to, "| `%s` | %s | %s |\n", variables[i].name, variables[i].initial,
                        variables[i].text);
    }
}

void tri_environment_write(tri_environment_form form, FILE *to) {
    if (form == TRI_ENVIRONMENT_MARKDOWN) write_markdown(to);
    if (form == TRI_ENVIRONMENT_MAN) write_man(to);
}
