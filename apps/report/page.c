/* The frame of the page, and its tables. */
#include <math.h>
#include <string.h>

#include "apps/common/xml.h"
#include "apps/report/report.h"

/* Nothing is loaded, and no script runs, whatever the page contains. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<style>\n"
    ":root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #c0392b; }\n"
    "@media (prefers-color-scheme: dark) { :root { --good: #4ac26b; --bad: #ff7b72; } }\n"
    "body { font: 16px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 0 auto; padding: 0.8rem; }\n"
    "h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin: 2rem 0 0.5rem; overflow-wrap: anywhere; }\n"
    "h3 { font-size: 1rem; margin: 1rem 0 0.3rem; overflow-wrap: anywhere; }\n"
    "section { border-top: 1px solid var(--line); }\n"
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
    "th, td { padding: 0.2rem 0.7rem 0.2rem 0; text-align: left; vertical-align: top; }\n"
    "tr + tr { border-top: 1px solid var(--line); }\n"
    "td.n { text-align: right; white-space: nowrap; } td.t { overflow-wrap: anywhere; }\n"
    ".good { color: var(--good); } .bad { color: var(--bad); font-weight: bold; }\n"
    "figure { display: inline-block; margin: 0.5rem 1rem 0.5rem 0; max-width: 100%; vertical-align: top; }\n"
    "svg { max-width: 100%; height: auto; }\n"
    "a { color: inherit; } small { opacity: 0.75; }\n"
    "</style>\n";

void report_element(FILE *to, const char *name, const char *text) {
    fprintf(to, "<%s>", name);
    xml_text(to, text);
    fprintf(to, "</%s>\n", name);
}

void report_begin(const report_page *page, const char *title) {
    fputs(head, page->to);
    report_element(page->to, "title", title);
    fputs("</head>\n<body>\n", page->to);
    report_element(page->to, "h1", title);
}

void report_end(const report_page *page) {
    fprintf(page->to, "<p><small>Written by trireme report %s.</small></p>\n</body>\n</html>\n",
            TRIREME_VERSION_TEXT);
}

static void cell(FILE *to, const char *class, const char *text) {
    fprintf(to, "<td%s%s%s>", *class ? " class=\"" : "", class, *class ? "\"" : "");
    xml_text(to, text);
    fputs("</td>", to);
}

/* "right" and "not checked" are as they should be. */
static const char *class_of(const char *verdict) {
    if (!strcmp(verdict, "right")) return "good";
    return !*verdict || !strcmp(verdict, "not checked") ? "" : "bad";
}

static void value_cell(FILE *to, const tri_record *record, const char *column) {
    char text[4096];
    records_value v = records_find(record, column);
    records_format(&v, text, sizeof text);
    if (!strcmp(column, "verdict"))
        cell(to, class_of(text), text);
    else
        cell(to, v.is_number ? "n" : "", text);
}

void report_runs(const report_page *page) {
    static const char *const columns[] = {"program", "verdict", "ranks",  "nodes",
                                          "threads", "time",    "device", "start"};
    FILE *to = page->to;
    fputs("<h2>Runs</h2>\n<div class=\"wide\"><table>\n<tr><th>file</th><th>program</th><th>verdict</th>"
          "<th>ranks</th><th>nodes</th><th>threads</th><th>time (s)</th><th>device</th><th>start</th></tr>\n",
          to);
    for (size_t i = 0; i < page->all->count; i++) {
        fprintf(to, "<tr><td><a href=\"#f%zu\">", i);
        xml_text(to, records_file(page->all->record[i]));
        fputs("</a></td>", to);
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
            value_cell(to, page->all->record[i], columns[c]);
        fputs("</tr>\n", to);
    }
    fputs("</table></div>\n", to);
}

/* ---- one file ---- */

static bool begins(const char *text, const char *start) {
    return !strncmp(text, start, strlen(start));
}

static void row(FILE *to, const char *name, const tri_record_item *item) {
    const records_value v = records_value_of(item);
    char text[4096], line[4200];
    records_format(&v, text, sizeof text);
    if (!*text) return;
    snprintf(line, sizeof line, "%s%s%s", text, strcmp(v.units, "1") ? " " : "",
             strcmp(v.units, "1") ? v.units : "");
    fputs("<tr><th>", to);
    xml_text(to, name);
    fputs("</th>", to);
    cell(to, !strcmp(name, "verdict") ? class_of(text) : "t", line);
    cell(to, "t", item->long_name ? item->long_name : "");
    fputs("</tr>\n", to);
}

static void list_row(FILE *to, const tri_record_item *item) {
    fputs("<tr><th>", to);
    xml_text(to, item->name);
    fputs("</th><td class=\"t\">", to);
    for (size_t i = 0; i < item->count && i < 1024; i++) {
        if (i) fputs("<br>", to);
        xml_text(to, item->texts[i]);
    }
    fputs("</td></tr>\n", to);
}

/* The attributes that identify a run come first; the others are folded away. */
static const char *const first[] = {"program", "verdict", "where",   "start",
                                    "end",     "command", "version", "device"};

static bool is_first(const char *name) {
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        if (!strcmp(name, first[i])) return true;
    return false;
}

void report_facts(const report_page *page, const tri_record *record) {
    FILE *to = page->to;
    fputs("<div class=\"wide\"><table>\n", to);
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        const tri_record_item *item = tri_record_find(record, first[i]);
        if (item) row(to, first[i], item);
    }
    for (size_t i = 0; i < record->datasets; i++)
        if (begins(record->dataset[i].name, "results/") && record->dataset[i].count == 1)
            row(to, record->dataset[i].name + 8, &record->dataset[i]);
    fputs("</table></div>\n<details><summary>All attributes</summary><div class=\"wide\"><table>\n", to);
    for (size_t i = 0; i < record->attributes; i++) {
        const tri_record_item *item = &record->attribute[i];
        if (is_first(item->name)) continue;
        if (item->texts && item->count > 1)
            list_row(to, item);
        else
            row(to, item->name, item);
    }
    fputs("</table></div></details>\n", to);
}
