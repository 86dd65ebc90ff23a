/* Options from rows (app.h). */
#ifndef TRIREME_APPS_OPTIONS_H
#define TRIREME_APPS_OPTIONS_H

#include <stdio.h>

#include "apps/driver/app.h"

/* Rows and where their fields are. */
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

/* Fills the states of both sets: initial values first, then the command line. *action tells whether help or the like is
 * wanted instead of a run. Texts point into argv. TRI_ERR_ARGUMENT. */
tri_status tri_options_parse(const tri_app *app, const tri_option_set sets[2], int argc, char **argv,
                             tri_action *action);

/* Writes --help, the man page (roff), or the completion (bash). */
void tri_options_help(const tri_app *app, const tri_option_set sets[2], FILE *to);
void tri_options_man(const tri_app *app, const tri_option_set sets[2], FILE *to);
void tri_options_completion(const tri_app *app, const tri_option_set sets[2], FILE *to);

/* The value of a row as text; `text` has room for `room` bytes. */
void tri_option_value(const tri_option *row, const void *state, char *text, size_t room);

#endif
