#include "trireme/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

/* Bytes of the UTF-8 character at `text`; 0: not UTF-8, or a control character. The limits of the second byte
 * exclude long forms, surrogates, and what is above U+10FFFF (Unicode, table 3-7). */
static size_t character_bytes(const unsigned char *text) {
    unsigned first = text[0], least = 0x80, most = 0xbf;
    if (first < 0x80) return first >= ' ' && first != 0x7f;
    size_t bytes = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
    if (first == 0xc2 || first == 0xe0) least = 0xa0; /* 0xc2: control characters up to U+009F */
    if (first == 0xed) most = 0x9f;
    if (first == 0xf0) least = 0x90;
    if (first == 0xf4) most = 0x8f;
    if (first == 0xef && text[1] == 0xbf && text[2] >= 0xbe) return 0; /* U+FFFE and U+FFFF are none */
    if (bytes && (text[1] < least || text[1] > most)) return 0;
    for (size_t i = 2; i < bytes; i++)
        if (text[i] < 0x80 || text[i] > 0xbf) return 0;
    return bytes;
}

char *tri_text_line(const char *text, char *out, size_t room) {
    static const char hexadecimal[] = "0123456789abcdef";
    size_t at = 0;
    while (*text) {
        unsigned char byte = (unsigned char)*text;
        char escape[] = {'\\', 'x', hexadecimal[byte >> 4], hexadecimal[byte & 15]};
        size_t bytes = character_bytes((const unsigned char *)text), length = bytes;
        const char *from = text;
        if (!bytes && !strncmp(text, "\n  ", 3)) bytes = length = 1;
        if (!bytes) {
            const char *letter = strchr("\nn\tt\rr", byte);
            if (letter) escape[1] = letter[1];
            from = escape;
            length = letter ? 2 : 4;
            bytes = 1;
        }
        if (at + length >= room) break;
        memcpy(out + at, from, length);
        at += length;
        text += bytes;
    }
    out[at] = 0;
    return out;
}

tri_status tri_fail(tri_status status, const char *format, ...) {
    /* A second buffer, so that the arguments may include the previous error text. */
    char text[sizeof error_text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    tri_text_line(text, error_text, sizeof error_text);
    return status;
}

const char *tri_error_text(void) {
    return error_text;
}
