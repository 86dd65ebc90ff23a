/* Statuses and the version: values that never change, the order of severity, and the worse of two. */
#include "trireme/status.h"

#include <string.h>

#include "check.h"
#include "trireme/version.h"

/* Any bytes become one line of valid UTF-8. */
static void lines(void) {
    static const struct {
        const char *text, *line;
    } rows[] = {
        {"", ""},
        {"plain \\ 'text'", "plain \\ 'text'"},
        {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
        {"\001\033[31m\177", "\\x01\\x1b[31m\\x7f"},
        {"column 1:\n  x\n y", "column 1:\n  x\\n y"},
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa3", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa3"},
        {"\xc2\x9b \xc3", "\\xc2\\x9b \\xc3"},                   /* a control character; cut */
        {"\xc0\xaf \xe0\x80\xaf", "\\xc0\\xaf \\xe0\\x80\\xaf"}, /* long forms */
        {"\xed\xa0\x80 \xf4\x90\x80\x80", "\\xed\\xa0\\x80 \\xf4\\x90\\x80\\x80"}, /* surrogate; too large */
        {"\xef\xbf\xbe\xef\xbf\xbd", "\\xef\\xbf\\xbe\xef\xbf\xbd"},
    };
    char line[64];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(!strcmp(tri_text_line(rows[i].text, line, sizeof line), rows[i].line), "%zu: %s", i, line);
        CHECK(!strcmp(tri_text_line(rows[i].line, line, sizeof line), rows[i].line), "%zu again: %s", i,
              line);
    }
    /* A character or an escape that does not fit is left out. */
    CHECK(!strcmp(tri_text_line("abc\n", line, 5), "abc"), "%s", line);
    CHECK(!strcmp(tri_text_line("abc\xc3\xa9", line, 5), "abc"), "%s", line);
    CHECK(tri_fail(TRI_ERR_FILE, "'%s'", "a\nb") == TRI_ERR_FILE && !strcmp(tri_error_text(), "'a\\nb'"),
          "%s", tri_error_text());
}

int main(void) {
    static const tri_status order[] = {TRI_OK,           TRI_STOPPED,    TRI_ERR_IMPOSSIBLE,  TRI_ERR_WRONG,
                                       TRI_ERR_ARGUMENT, TRI_ERR_ABSENT, TRI_ERR_ENVIRONMENT, TRI_ERR_DEVICE,
                                       TRI_ERR_MEMORY,   TRI_ERR_SYSTEM, TRI_ERR_MPI,         TRI_ERR_DATA,
                                       TRI_ERR_FILE};
    const int count = sizeof order / sizeof *order;
    const tri_status unknown = (tri_status)4711;
    for (int i = 0; i < count; i++) {
        CHECK(tri_status_severity(order[i]) == i, "%s", tri_status_name(order[i]));
        CHECK(tri_status_severity(unknown) > i, "%d", i);
        for (int j = 0; j < count; j++)
            CHECK(tri_status_worse(order[i], order[j]) == order[i > j ? i : j], "%d and %d", i, j);
        CHECK(tri_status_worse(order[i], unknown) == unknown, "%d", i);
        CHECK(strcmp(tri_status_name(order[i]), tri_status_name(unknown)) != 0, "%d", i);
    }
    CHECK(TRI_OK == 0 && tri_status_exit(TRI_STOPPED) == 75 && tri_status_exit(unknown) == 3,
          "exit statuses");
    CHECK(!strcmp(tri_status_name(TRI_ERR_FILE), "TRI_ERR_FILE"), "%s", tri_status_name(TRI_ERR_FILE));
    CHECK(!strcmp(tri_status_text(unknown), "unknown status"), "%s", tri_status_text(unknown));
    CHECK(tri_version() == TRIREME_VERSION, "%d", tri_version());
    lines();
    return check_result("status");
}
