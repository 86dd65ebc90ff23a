/* A column of a CSV file (RFC 4180; also with semicolons or tabs) as a vector of doubles.
 *
 * Rows have no fixed length. A pass over the file when it is opened finds the place of every BLOCK-th row, so
 * that each rank converts its own rows only. */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/flat.h"

enum { BLOCK = 4096, BUFFER = 1 << 18, CELL = 64, NONE = -1, FAILED = -2 };

struct tri_csv {
    tri_source source;
    char separator;
    char *column_name;
    size_t column; /* from 0 on */
    uint64_t *block_at;
    size_t blocks, room, rows;
    locale_t locale; /* points in numbers, whatever the language of the user is */
    /* The bytes [at, at + have) of the file; the next one is at + next. */
    uint64_t at;
    size_t next, have;
    size_t row; /* that begins at the next byte; valid if `placed` */
    int placed;
    char buffer[BUFFER];
};

size_t tri_csv_block(void) {
    return BLOCK;
}

/* ---- Characters ---- */

static int fill(tri_csv *c) {
    c->at += c->have;
    c->next = c->have = 0;
    if (tri_source_read(&c->source, c->at, c->buffer, BUFFER, &c->have) != TRI_OK) return FAILED;
    return c->have ? 0 : NONE;
}

/* The next character, NONE at the end, or FAILED. */
static inline int next(tri_csv *c) {
    if (c->next == c->have) {
        int end = fill(c);
        if (end) return end;
    }
    return (unsigned char)c->buffer[c->next++];
}

static void seek(tri_csv *c, uint64_t to) {
    if (to >= c->at && to - c->at <= c->have) {
        c->next = (size_t)(to - c->at);
        return;
    }
    c->at = to;
    c->next = c->have = 0;
}

static uint64_t place(const tri_csv *c) {
    return c->at + c->next;
}

/* ---- Rows ---- */

/* Goes on to the first character of a row: past empty lines and lines that begin with '#'. Returns NONE if
 * there is none. */
static int find_row(tri_csv *c, int comments) {
    for (;;) {
        int x = next(c);
        if (x < 0) return x;
        if (x == '\n' || x == '\r') continue;
        if (x != '#' || !comments) {
            c->next--;
            return 0;
        }
        while (x >= 0 && x != '\n')
            x = next(c);
    }
}

static tri_status open_quotes(const tri_csv *c, size_t row) {
    return tri_fail(TRI_ERR_DATA, "row %zu of '%s' has quotes that do not end", row + 1, c->source.name);
}

/* Passes the rest of a row. */
static tri_status pass_row(tri_csv *c, size_t row) {
    int quoted = 0, x;
    while ((x = next(c)) >= 0 && (quoted || x != '\n'))
        quoted ^= x == '"';
    if (x == FAILED) return TRI_ERR_FILE;
    return quoted ? open_quotes(c, row) : TRI_OK;
}

static void trim(char *text) {
    size_t length = strlen(text), blank = strspn(text, " \t\r");
    while (length > blank && isspace((unsigned char)text[length - 1]))
        length--;
    memmove(text, text + blank, length - blank);
    text[length - blank] = 0;
}

/* False: not a number. Empty cells and NA are. */
static int number_of(const tri_csv *c, char *cell, double *out) {
    char *end;
    trim(cell);
    *out = NAN;
    if (!*cell || !strcmp(cell, "NA")) return 1;
    *out = strtod_l(cell, &end, c->locale);
    return end != cell && !*end;
}

/* Reads the cell of a column and passes its row. *columns: that the row has, up to the column. */
static tri_status read_cell(tri_csv *c, size_t column, size_t row, char cell[CELL], size_t *columns) {
    size_t at = 0, length = 0;
    int quoted = 0, x;
    while ((x = next(c)) >= 0 && (quoted || x != '\n')) {
        if (x == '"')
            quoted ^= 1;
        else if (x == c->separator && !quoted) {
            if (at++ == column) break;
        } else if (at == column && length < CELL - 1)
            cell[length++] = (char)x;
    }
    if (x == FAILED) return TRI_ERR_FILE;
    if (quoted) return open_quotes(c, row);
    cell[length] = 0;
    *columns = x == c->separator ? at : at + 1;
    return x == c->separator ? pass_row(c, row) : TRI_OK;
}

static tri_status read_number(tri_csv *c, size_t row, double *out) {
    char cell[CELL];
    size_t columns;
    TRI_TRY(read_cell(c, c->column, row, cell, &columns));
    if (columns <= c->column)
        return tri_fail(TRI_ERR_DATA, "row %zu of '%s' has %zu columns: no '%s'", row + 1, c->source.name,
                        columns, c->column_name);
    if (number_of(c, cell, out)) return TRI_OK;
    for (char *x = cell; *x; x++)
        if (!isprint((unsigned char)*x)) *x = '?';
    return tri_fail(TRI_ERR_DATA, "row %zu, column '%s' of '%s': '%s' is not a number", row + 1,
                    c->column_name, c->source.name, cell);
}

tri_status tri_csv_read(tri_csv *c, size_t first, size_t count, double *out) {
    size_t row = first / BLOCK * BLOCK;
    if (c->placed && c->row <= first && c->row >= row)
        row = c->row;
    else
        seek(c, c->block_at[row / BLOCK]);
    c->placed = 0;
    for (; row < first + count; row++) {
        if (find_row(c, 1))
            return tri_fail(TRI_ERR_FILE, "'%s' became shorter while it was read", c->source.name);
        TRI_TRY(row < first ? pass_row(c, row) : read_number(c, row, out + (row - first)));
    }
    c->row = row;
    c->placed = 1;
    return TRI_OK;
}

/* ---- Open ---- */

/* Determines the place of every BLOCK-th row. */
static tri_status find_blocks(tri_csv *c) {
    int end;
    for (c->rows = 0; !(end = find_row(c, 1)); c->rows++) {
        if (c->rows % BLOCK == 0) {
            if (c->blocks == c->room) {
                size_t room = c->room ? 2 * c->room : 64;
                uint64_t *more = realloc(c->block_at, room * sizeof *more);
                if (!more) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu rows", c->rows);
                c->block_at = more;
                c->room = room;
            }
            c->block_at[c->blocks++] = place(c);
        }
        TRI_TRY(pass_row(c, c->rows));
    }
    return end == FAILED ? TRI_ERR_FILE : TRI_OK;
}

/* The first row, at most one buffer of it: the separator, the columns, and whether it has their names. */
typedef struct head {
    char *text; /* cells, each with a terminating 0 */
    size_t columns;
    int names;
} head;

static const char *cell_of(const head *h, size_t column) {
    const char *at = h->text;
    while (column--)
        at += strlen(at) + 1;
    return at;
}

/* Splits the first row, which begins at the next character, in place. */
static tri_status read_head(tri_csv *c, head *h) {
    char number[CELL];
    double value;
    size_t length = 0;
    int quoted = 0, x = 0;
    h->text = calloc(BUFFER + 2, 1);
    if (!h->text) return tri_fail(TRI_ERR_MEMORY, "no memory for the columns of '%s'", c->source.name);
    while (length < BUFFER && (x = next(c)) >= 0 && (quoted || x != '\n')) {
        quoted ^= x == '"';
        h->text[length++] = (char)x;
    }
    if (x == FAILED) return TRI_ERR_FILE;
    if (length == BUFFER || memchr(h->text, 0, length))
        return tri_fail(TRI_ERR_DATA, "'%s' is not a CSV file: its first row has %s", c->source.name,
                        length == BUFFER ? "no end" : "bytes that are no text");
    if (quoted) return open_quotes(c, 0);
    char *text = h->text + (*h->text == '#'); /* as numpy.savetxt() marks the names */
    c->separator = strchr(text, ',') ? ',' : strchr(text, ';') ? ';' : '\t';
    char *to = h->text, *begin = h->text;
    for (const char *from = text;; from++) {
        quoted ^= *from == '"';
        if (*from && (quoted || *from != c->separator)) {
            if (*from != '"') *to++ = *from;
            continue;
        }
        int last = !*from;
        *to = 0;
        trim(begin);
        to = begin + strlen(begin);
        snprintf(number, sizeof number, "%s", begin);
        h->names |= !number_of(c, number, &value);
        *to++ = 0;
        begin = to;
        h->columns++;
        if (last) return TRI_OK;
    }
}

static tri_status choose_column(tri_csv *c, const head *h, const char *column) {
    char list[200] = "", *end;
    size_t length = 0, number = column ? strtoul(column, &end, 10) : 1;
    for (c->column = 0; column && c->column < h->columns && h->names; c->column++)
        if (!strcmp(cell_of(h, c->column), column)) return TRI_OK;
    c->column = number - 1;
    if ((column ? isdigit((unsigned char)*column) && !*end : h->columns == 1) && number &&
        number <= h->columns)
        return TRI_OK;
    for (size_t i = 0; i < h->columns && length < sizeof list && h->names; i++)
        length +=
            (size_t)snprintf(list + length, sizeof list - length, "%s%s", i ? ", " : ": ", cell_of(h, i));
    return tri_fail(TRI_ERR_DATA, "'%s' has %s%s%s%zu columns%s; name one as FILE.csv:COLUMN, or its number",
                    c->source.name, column ? "no column '" : "", column ? column : "",
                    column ? "', but " : "", h->columns, list);
}

/* Reads the first row and chooses the column. Then the next character is that of the first number. */
static tri_status start(tri_csv *c, const char *column) {
    head h = {.text = NULL};
    uint64_t begin = 0;
    char mark[3];
    size_t got;
    TRI_TRY(tri_source_read(&c->source, 0, mark, sizeof mark, &got));
    if (got == 3 && !memcmp(mark, "\xef\xbb\xbf", 3)) begin = 3; /* a byte order mark */
    seek(c, begin);
    int end = find_row(c, 0);
    if (end == FAILED) return TRI_ERR_FILE;
    if (end == NONE) return tri_fail(TRI_ERR_DATA, "'%s' has no rows", c->source.name);
    begin = place(c);
    tri_status status = read_head(c, &h);
    if (status == TRI_OK) status = choose_column(c, &h, column);
    if (status == TRI_OK) {
        c->column_name = strdup(column ? column : h.names ? cell_of(&h, c->column) : "1");
        if (!c->column_name) status = tri_fail(TRI_ERR_MEMORY, "no memory for the name of a column");
        if (!h.names) seek(c, begin);
    }
    free(h.text);
    return status;
}

tri_status tri_csv_open(const tri_source *source, const char *column, tri_layout *out, tri_csv **csv) {
    tri_csv *c = calloc(1, sizeof *c);
    if (!c) return tri_fail(TRI_ERR_MEMORY, "no memory for '%s'", source->name);
    c->source = *source;
    c->locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    *csv = c;
    TRI_TRY(start(c, column));
    TRI_TRY(find_blocks(c));
    out->type = H5Tcopy(H5T_NATIVE_DOUBLE);
    out->rank = 1;
    out->dims[0] = c->rows;
    return TRI_OK;
}

void tri_csv_close(tri_csv *csv) {
    if (!csv) return;
    if (csv->locale) freelocale(csv->locale);
    free(csv->column_name);
    free(csv->block_at);
    free(csv);
}
