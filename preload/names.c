/* What the other files share: the names of the functions, and a line on standard error. */
#include <stdarg.h>
#include <stdio.h>

#include "preload/call.h"

#define COLLECTIVE(Name, name, ...) #name,
const char *const tri_mpi_names[] = {
#include "preload/functions.def"
};

void tri_say(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    fprintf(stderr, "trireme-preload: %s\n", text);
}
