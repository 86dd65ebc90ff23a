/* The words of an expression, and errors in it. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "gpu/gpu_map_text.h"

tri_status tri_map_wrong(const tri_map_text *map, size_t column, const char *format, ...) {
    enum { SHOWN = 32 };
    char what[400], there[SHOWN + 1] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    const char *at = map->text + column;
    for (size_t k = 0; k < SHOWN && at[k]; k++)
        there[k] = at[k] >= ' ' && at[k] <= '~' ? at[k] : isspace((unsigned char)at[k]) ? ' ' : '?';
    bool cut = strlen(at) > SHOWN;
    return tri_fail(TRI_ERR_ARGUMENT, "column %zu of the expression, at %s%s%s%s: %s", column + 1,
                    *at ? "'" : "its end", there, cut ? "..." : "", *at ? "'" : "", what);
}

static bool starts_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t tri_map_word(const char *at) {
    size_t length = 0;
    while (starts_word(at[length]) || (length && at[length] >= '0' && at[length] <= '9'))
        length++;
    return length;
}

bool tri_map_is(const char *word, size_t length, const char *name) {
    return strlen(name) == length && !memcmp(word, name, length);
}

tri_number tri_map_type(const char *word, size_t length) {
    int type = 0;
    while (type < TRI_NUMBER_COUNT && !tri_map_is(word, length, tri_number_opencl((tri_number)type)))
        type++;
    return (tri_number)type;
}
