/* Several files as a table: for the screen, as CSV (RFC 4180) and as JSON. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "apps/show/show.h"

enum { CELL = 256 };

/* ---- for the screen ---- */

/* Letters of UTF-8, not bytes. */
static size_t width_of(const char *text) {
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void put(const char *text, size_t width, bool right, bool last) {
    int room = (int)(width - width_of(text));
    if (last && !right)
        printf("%s\n", text);
    else
        printf("%*s%s%*s%s", right ? room : 0, "", text, right ? 0 : room, "", last ? "\n" : "  ");
}

/* The unit of a column, where all files that have it agree. */
static const char *units_of(const records *all, const char *column) {
    const char *units = NULL;
    for (size_t i = 0; i < all->count; i++) {
        records_value v = records_find(all->record[i], column);
        if (!v.is_number) continue;
        if (units && strcmp(units, v.units) != 0) return "1";
        units = v.units;
    }
    return units ? units : "1";
}

tri_status show_table(const records *all, const show_columns *columns) {
    const size_t rows = all->count + 1;
    char(*cell)[CELL] = calloc(rows * columns->count, sizeof *cell);
    if (!cell) return tri_fail(TRI_ERR_MEMORY, "no memory for a table of %zu files", all->count);
    size_t width[SHOW_COLUMNS] = {0};
    bool number[SHOW_COLUMNS] = {false};
    for (size_t c = 0; c < columns->count; c++) {
        const char *units = units_of(all, columns->name[c]);
        char text[4096];
        snprintf(text, sizeof text, strcmp(units, "1") ? "%.100s (%.40s)" : "%.100s", columns->name[c],
                 units);
        tri_text_line(text, cell[c], CELL);
        for (size_t i = 0; i < all->count; i++) {
            records_value v = records_find(all->record[i], columns->name[c]);
            records_format(&v, text, sizeof text);
            tri_text_line(text, cell[(i + 1) * columns->count + c], CELL);
            number[c] = number[c] || v.is_number;
        }
        for (size_t r = 0; r < rows; r++)
            if (width_of(cell[r * columns->count + c]) > width[c])
                width[c] = width_of(cell[r * columns->count + c]);
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns->count; c++)
            put(cell[r * columns->count + c], width[c], number[c], c + 1 == columns->count);
    free(cell);
    return TRI_OK;
}

/* ---- CSV ---- */

static void put_csv(const char *text, bool last) {
    if (strpbrk(text, ",\"\r\n")) {
        putchar('"');
        for (; *text; text++) {
            if (*text == '"') putchar('"');
            putchar(*text);
        }
        putchar('"');
    } else
        fputs(text, stdout);
    fputs(last ? "\r\n" : ",", stdout);
}

void show_csv(const records *all, const show_columns *columns) {
    for (size_t c = 0; c < columns->count; c++)
        put_csv(columns->name[c], c + 1 == columns->count);
    for (size_t i = 0; i < all->count; i++)
        for (size_t c = 0; c < columns->count; c++) {
            records_value v = records_find(all->record[i], columns->name[c]);
            char text[64];
            if (v.is_number && !v.is_whole)
                snprintf(text, sizeof text, "%.17g", v.number);
            else
                records_format(&v, text, sizeof text);
            put_csv(v.is_number ? text : v.text, c + 1 == columns->count);
        }
}

/* ---- JSON ---- */

/* JSON is UTF-8; a text may be any bytes. */
static json_t *json_text(const char *text) {
    json_t *string = json_string(text);
    if (string) return string;
    size_t room = 4 * strlen(text) + 1;
    char *line = malloc(room);
    string = line ? json_string(tri_text_line(text, line, room)) : NULL;
    free(line);
    return string;
}

/* JSON has neither NaN nor infinity. */
static json_t *json_number(double value) {
    if (isfinite(value)) return json_real(value);
    return json_string(isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
}

static json_t *json_element(const tri_record_item *item, size_t index) {
    if (item->texts) return json_text(item->texts[index]);
    if (item->integers) return json_integer(item->integers[index]);
    return json_number(item->reals[index]);
}

/* The values as nested lists, like the dimensions. */
static json_t *json_values(const tri_record_item *item, int dim, size_t first, size_t block) {
    if (dim == item->rank) return json_element(item, first);
    json_t *list = json_array();
    block = item->dims[dim] ? block / item->dims[dim] : 0;
    for (size_t i = 0; i < item->dims[dim]; i++)
        json_array_append_new(list, json_values(item, dim + 1, first + i * block, block));
    return list;
}

static json_t *json_item(const tri_record_item *item) {
    bool has = item->texts || item->integers || item->reals;
    return has && (item->count || item->rank) ? json_values(item, 0, 0, item->count) : json_null();
}

static void set(json_t *object, const char *key, json_t *value) {
    char line[1024];
    if (json_object_set(object, key, value))
        json_object_set(object, tri_text_line(key, line, sizeof line), value);
    json_decref(value);
}

static json_t *json_record(const tri_record *record) {
    json_t *attributes = json_object(), *datasets = json_object(), *all = json_object();
    set(all, "file", json_text(record->file));
    for (size_t i = 0; i < record->attributes; i++)
        set(attributes, record->attribute[i].name, json_item(&record->attribute[i]));
    for (size_t i = 0; i < record->datasets; i++) {
        const tri_record_item *item = &record->dataset[i];
        json_t *entry = json_object(), *shape = json_array();
        for (int d = 0; d < item->rank; d++)
            json_array_append_new(shape, json_integer((json_int_t)item->dims[d]));
        set(entry, "shape", shape);
        set(entry, "units", json_text(item->units));
        set(entry, "long_name", json_text(item->long_name));
        set(entry, "values", json_item(item));
        set(datasets, item->name, entry);
    }
    set(all, "attributes", attributes);
    set(all, "datasets", datasets);
    return all;
}

static json_t *json_row(const tri_record *record, const show_columns *columns) {
    json_t *row = json_object();
    for (size_t c = 0; c < columns->count; c++) {
        records_value v = records_find(record, columns->name[c]);
        set(row, columns->name[c],
            v.is_whole    ? json_integer(v.whole)
            : v.is_number ? json_number(v.number)
                          : json_text(v.text));
    }
    return row;
}

tri_status show_json(const records *all, const show_columns *columns) {
    json_t *list = json_array();
    for (size_t i = 0; i < all->count; i++)
        json_array_append_new(list,
                              columns ? json_row(all->record[i], columns) : json_record(all->record[i]));
    int bad = json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(list);
    putchar('\n');
    return bad ? tri_fail(TRI_ERR_FILE, "cannot write to standard output") : TRI_OK;
}
