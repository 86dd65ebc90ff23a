/* Command-line options from rows (app.h), and the texts made from them. */
#ifndef TRIREME_APPS_OPTIONS_H
#define TRIREME_APPS_OPTIONS_H

#include <stdio.h>

#include "apps/driver/app.h"

/* Rows and the struct that holds their fields. */
typedef struct tri_option_set {
    const tri_option *rows; /* ends with a row whose name is NULL */
    void *state;
} tri_option_set;

typedef enum tri_action {
    TRI_ACTION_RUN,
    TRI_ACTION_HELP,
    TRI_ACTION_VERSION,
    TRI_ACTION_MAN,
    TRI_ACTION_COMPLETION
} tri_action;

/* Fills the states of both sets: initial values first, then the command line. *action says whether to run
 * or to print help or another text. Texts point into argv. TRI_ERR_ARGUMENT: the command line is wrong. */
tri_status tri_options_parse(const tri_app *app, const tri_option_set sets[2], int argc, char **argv,
                             tri_action *action);

/* Writes --help, the man page (roff), or the completion (bash). */
void tri_options_help(const tri_app *app, const tri_option_set sets[2], FILE *to);
void tri_options_man(const tri_app *app, const tri_option_set sets[2], FILE *to);
void tri_options_completion(const tri_app *app, const tri_option_set sets[2], FILE *to);

/* The name that `length` letters of `word` may have been meant for, by the number of letters that differ;
 * NULL: none is near. */
const char *tri_nearest(const char *word, size_t length, const char *const names[], size_t count);

/* A command whose first argument names what it runs: bench SUBJECT, trireme PROGRAM. */
typedef struct tri_command {
    const char *page;                      /* its manual page, "trireme-bench" */
    const char *summary, *kind;            /* kind: "SUBJECT" */
    const char *examples;                  /* as in tri_app */
    const char *const *names, **summaries; /* of what it runs */
    size_t count;
} tri_command;
void tri_command_help(const tri_command *command, FILE *to);
void tri_command_man(const tri_command *command, FILE *to);
/* Prints the error of an unknown or missing word; returns exit status 2. */
int tri_command_unknown(const char *name, const tri_command *command, const char *word);

/* --version: name, version, and the libraries in use. It needs no MPI_Init(). */
void tri_version_write(const char *name, FILE *to);

/* For the exit statuses in --help and the man pages. */
#define TRI_EXIT_TEXT                                                                                        \
    "0 success, 1 wrong result, 2 error in the command line, 3 environment or resources, 4 input or "        \
    "output, 75 stopped at a checkpoint, 77 not possible on this machine"

/* One row of --help: `left` in its column, `text` wrapped beside it. */
void tri_help_row(const char *left, const char *text, FILE *to);
/* `text` with its backslashes and hyphens escaped for roff. */
void tri_roff(const char *text, FILE *to);
/* The section EXAMPLES of a manual page; NULL: none. */
void tri_roff_examples(const char *examples, FILE *to);

/* Environment variables (environment.def): the rows of --help, the section of a man page, or the whole
 * table. */
void tri_environment_help(FILE *to);
void tri_environment_man(FILE *to);
typedef enum tri_environment_form {
    TRI_ENVIRONMENT_NONE,
    TRI_ENVIRONMENT_MARKDOWN,
    TRI_ENVIRONMENT_MAN
} tri_environment_form;
void tri_environment_write(tri_environment_form form, FILE *to);

/* The value of a row as text; `text` has room for `room` bytes. */
void tri_option_value(const tri_option *row, const void *state, char *text, size_t room);

#endif
