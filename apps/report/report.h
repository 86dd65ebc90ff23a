/* Parts of report. */
#ifndef TRIREME_APPS_REPORT_PAGE_H
#define TRIREME_APPS_REPORT_PAGE_H

#include <stdio.h>

#include "apps/common/plot.h"
#include "apps/common/records.h"

/* The page that is written. Memory that figures borrow is freed by report_figure(). */
typedef struct report_page {
    FILE *to;
    const records *all;
    void **room;
    size_t rooms;
    bool no_memory;
} report_page;

/* ---- page.c ---- */

void report_begin(const report_page *page, const char *title);
void report_end(const report_page *page);
/* An element with a text: <name>text</name>. */
void report_element(FILE *to, const char *name, const char *text);
/* All runs in one table, and what is known of one of them. */
void report_runs(const report_page *page);
void report_facts(const report_page *page, const tri_record *record);

/* ---- figure.c ---- */

/* Zeroed memory until the next figure; NULL: there is none, and page->no_memory is set. */
void *report_room(report_page *page, size_t count, size_t bytes);
/* Writes a figure and frees what it borrowed. */
void report_figure(report_page *page, const tri_plot *plot);
/* Median, and the ends of its 95 % interval, of a dataset. */
tri_summary report_summary(report_page *page, const tri_record_item *item);

/* ---- figures.c, figures_bench.c, figures_profile.c, scaling.c: what they find, or nothing ---- */

void report_times(report_page *page, const tri_record *record);
void report_arrays(report_page *page, const tri_record *record);
void report_pairs(report_page *page, const tri_record *record);
void report_collectives(report_page *page, const tri_record *record);
void report_samples(report_page *page, const tri_record *record);
void report_roofline(report_page *page, const tri_record *record);
void report_profile(report_page *page, const tri_record *record);
void report_scaling(report_page *page);

#endif
