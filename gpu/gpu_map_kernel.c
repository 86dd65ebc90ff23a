/* Generates the kernel of an expression, and locates compiler errors in the expression. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gpu/gpu_map_text.h"

static const char head[] = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
                           "#pragma OPENCL FP_CONTRACT OFF\n"
                           "__kernel void tri_map(ulong tri_count, ulong tri_per_group, long tri_first";
static const char loop[] = ") {\n"
                           "ulong tri_end = min(tri_count, (get_group_id(0) + 1) * tri_per_group);\n"
                           "for (ulong tri_at = get_group_id(0) * tri_per_group + get_local_id(0); tri_at < "
                           "tri_end; tri_at += TRI_ITEMS) {\n"
                           "const long i = tri_first + (long)tri_at;\n";

static size_t lines_of(const char *text) {
    size_t lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* Writes the source before the statements. */
static void write_head(const tri_map_text *map, FILE *to) {
    fputs(head, to);
    for (size_t k = 0; k < map->inputs; k++)
        if (map->used[k])
            fprintf(to, ",\n__global const %s *restrict tri_in%zu", tri_number_opencl(map->input[k].number),
                    k);
    for (size_t k = 0; k < map->outputs; k++)
        fprintf(to, ",\n__global %s *restrict tri_out%zu",
                tri_number_opencl(map->statement[map->output[k]].number), k);
    fputs(loop, to);
    for (size_t k = 0; k < map->inputs; k++)
        if (map->used[k])
            fprintf(to, "const %s %s = tri_in%zu[%s];\n", tri_number_opencl(map->input[k].number),
                    map->input[k].name, k, map->input[k].single ? "0" : "tri_at");
}

char *tri_map_text_kernel(tri_map_text *map) {
    char *source = NULL;
    size_t bytes;
    FILE *to = open_memstream(&source, &bytes);
    if (!to) return NULL;
    write_head(map, to);
    fflush(to);
    size_t line = source ? lines_of(source) + 1 : 1;
    for (tri_map_statement *s = map->statement; s < map->statement + map->statements; s++, line += 3) {
        /* At its column in the text, so that columns of errors agree. */
        fprintf(to, "const %s %s = (\n", tri_number_opencl(s->number), *s->name ? s->name : "tri_value");
        fprintf(to, "%*s%.*s\n", (int)s->start, "", (int)s->length, map->text + s->start);
        fputs(");\n", to);
        s->line = line + 1;
    }
    for (size_t k = 0; k < map->outputs; k++) {
        const char *name = map->statement[map->output[k]].name;
        fprintf(to, "tri_out%zu[tri_at] = %s;\n", k, *name ? name : "tri_value");
    }
    fputs("}\n}\n", to);
    if (fclose(to)) {
        free(source);
        return NULL;
    }
    return source;
}

/* "LINE:COLUMN: " in a line of a log: "<kernel>:7:5: error: ...", "error: /tmp/x.cl:7:5: ..."; from PoCL, for
 * macros, "error: /tmp/x.cl:7:5 <Spelling=...>: ...". Returns the text after it, or NULL. */
static const char *find_place(const char *at, const char *end, size_t *line, size_t *column) {
    for (const char *p = at; p < end; p++) {
        if (!isdigit((unsigned char)*p) || (p > at && isdigit((unsigned char)p[-1]))) continue;
        char *next;
        *line = strtoul(p, &next, 10);
        if (*next != ':' || !isdigit((unsigned char)next[1])) continue;
        *column = strtoul(next + 1, &next, 10);
        const char *macro = !strncmp(next, " <", 2) ? strstr(next, ">: ") : NULL;
        if (macro && macro < end) next = (char *)macro + 1;
        if (next[0] == ':' && next[1] == ' ' && next < end) return next + 2;
    }
    return NULL;
}

/* Maps a position in the kernel to a column of the text, counted from 0. SIZE_MAX: not in the text. */
static size_t column_of(const tri_map_text *map, size_t line, size_t column) {
    for (const tri_map_statement *s = map->statement; s < map->statement + map->statements; s++) {
        if (line == s->line && column > s->start && column <= s->start + s->length + 1) return column - 1;
        /* On the line before: type mismatch of the assignment; on the line after: incomplete expression. */
        if (line + 1 == s->line) return s->start;
        if (line == s->line + 1) return s->start + s->length;
    }
    return SIZE_MAX;
}

tri_status tri_map_text_blame(const tri_map_text *map, const char *log) {
    for (const char *at = log, *end; *at; at = end + (*end != 0)) {
        size_t line, column;
        end = at + strcspn(at, "\n");
        const char *what = find_place(at, end, &line, &column), *error = strstr(at, "error");
        if (!what || !error || error >= end) continue;
        size_t place = column_of(map, line, column);
        if (place == SIZE_MAX) continue;
        if (!strncmp(what, "fatal ", 6)) what += 6;
        if (!strncmp(what, "error: ", 7)) what += 7;
        char text[300];
        snprintf(text, sizeof text, "%.*s", (int)(end - what), what);
        return tri_map_text_point(map, place, text);
    }
    return tri_fail(TRI_ERR_ARGUMENT, "the OpenCL compiler rejects the expression: %.*s",
                    (int)strcspn(log, "\n"), log);
}
