/* Rows of --help, and text for roff. */
#include <string.h>

#include "apps/driver/options.h"

enum { LEFT = 26, WIDTH = 110 }; /* of --help: column of the texts, and longest line */

/* Writes words from column LEFT on, wrapped. */
static void help_text(const char *text, FILE *to) {
    for (size_t at = LEFT; *text;) {
        size_t word = strcspn(text, " ");
        if (at > LEFT && at + 1 + word > WIDTH) {
            fprintf(to, "\n%*s", LEFT, "");
            at = LEFT;
        }
        at += (size_t)fprintf(to, "%s%.*s", at > LEFT ? " " : "", (int)word, text);
        text += word + strspn(text + word, " ");
    }
}

void tri_help_row(const char *left, const char *text, FILE *to) {
    fprintf(to, "%-*s", LEFT, left);
    if (strlen(left) >= LEFT) fprintf(to, "\n%*s", LEFT, "");
    help_text(text, to);
    fputc('\n', to);
}

void tri_roff(const char *text, FILE *to) {
    for (; *text; text++) {
        if (*text == '\\' || *text == '-') fputc('\\', to);
        fputc(*text, to);
    }
}

void tri_roff_examples(const char *examples, FILE *to) {
    if (!examples) return;
    fprintf(to, ".SH EXAMPLES\n.EX\n");
    tri_roff(examples, to);
    fprintf(to, ".EE\n");
}
