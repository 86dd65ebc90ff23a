#include "apps/doctor/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void doctor_say(doctor *d, doctor_level level, const char *cure, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_array_append_new(d->verdicts, json_pack("{s:s, s:i, s:s, s:s?}", "check", d->check, "level",
                                                 (int)level, "text", text, "cure", cure));
}

int doctor_local_size(const doctor *d) {
    int size =
        d->whole ? (int)json_integer_value(json_object_get(d->started, "local_size")) : d->launch.local_size;
    return size < 1 ? 1 : size;
}

char *doctor_first_line(const char *path, char *line, size_t bytes) {
    line[0] = 0;
    FILE *file = fopen(path, "re");
    if (!file) return line;
    if (!fgets(line, (int)bytes, file)) line[0] = 0;
    fclose(file);
    line[strcspn(line, "\n")] = 0;
    return line;
}
