#include "trireme/status.h"

#include <stdarg.h>
#include <stdio.h>

/* In the order of severity. */
static const struct row {
    const char *name, *text;
    tri_status status;
    int exit_status;
} rows[] = {
#define ROW(name_, value, exit_, text_)                                                                      \
    {.name = #name_, .text = text_, .status = name_, .exit_status = exit_},
    TRI_STATUS_LIST(ROW)
#undef ROW
};
enum { ROWS = sizeof rows / sizeof *rows };

/* Thread-local like errno. All other state of the library belongs to objects. */
static _Thread_local char error_text[1024];

int tri_status_severity(tri_status status) {
    int i = 0;
    while (i < ROWS && rows[i].status != status)
        i++;
    return i;
}

static const struct row *row_of(tri_status status) {
    static const struct row unknown = {.name = "unknown status", .text = "unknown status", .exit_status = 3};
    int i = tri_status_severity(status);
    return i < ROWS ? &rows[i] : &unknown;
}

const char *tri_status_name(tri_status status) {
    return row_of(status)->name;
}

const char *tri_status_text(tri_status status) {
    return row_of(status)->text;
}

int tri_status_exit(tri_status status) {
    return row_of(status)->exit_status;
}

tri_status tri_status_worse(tri_status a, tri_status b) {
    return tri_status_severity(b) > tri_status_severity(a) ? b : a;
}

tri_status tri_fail(tri_status status, const char *format, ...) {
    /* A second buffer, so that the arguments may include the previous error text. */
    char text[sizeof error_text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(error_text, sizeof error_text, "%s", text);
    return status;
}

const char *tri_error_text(void) {
    return error_text;
}
