#include "apps/common/xml.h"

#include <string.h>

#include "trireme/status.h"

/* At most PIECE bytes are escaped at once; the end of a piece splits no character of UTF-8. */
enum { PIECE = 1024 };

static size_t piece_of(const char *text) {
    size_t length = strcspn(text, "\t\n\r");
    if (length <= PIECE) return length;
    length = PIECE;
    while (length > PIECE - 4 && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

void xml_text(FILE *to, const char *text) {
    char piece[PIECE + 1], line[4 * PIECE + 1];
    while (*text) {
        size_t length = piece_of(text);
        memcpy(piece, text, length);
        piece[length] = 0;
        for (const char *at = tri_text_line(piece, line, sizeof line); *at; at++) {
            if (strchr("&<>\"'", *at))
                fprintf(to, "&#%d;", *at);
            else
                fputc(*at, to);
        }
        text += length;
        if (*text && strchr("\t\n\r", *text)) fprintf(to, "&#%d;", *text++);
    }
}
