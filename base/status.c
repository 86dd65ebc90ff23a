#include "trireme/status.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *name, *text;
    int exit_status;
} statuses[TRI_STATUS_COUNT] = {
#define ROW(name_, exit_, text_) [name_] = {.name = #name_, .text = text_, .exit_status = exit_},
    TRI_STATUS_LIST(ROW)
#undef ROW
};

/* Thread-local like errno. All other state of the library belongs to objects. */
static _Thread_local char error_text[1024];

static int known(tri_status status) {
    return (unsigned)status < TRI_STATUS_COUNT;
}

const char *tri_status_name(tri_status status) {
    return known(status) ? statuses[status].name : "unknown status";
}

const char *tri_status_text(tri_status status) {
    return known(status) ? statuses[status].text : "unknown status";
}

int tri_status_exit(tri_status status) {
    return known(status) ? statuses[status].exit_status : 3;
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
