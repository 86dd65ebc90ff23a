/* Memory and frame of the figures. */
#include <math.h>
#include <stdlib.h>

#include "apps/report/report.h"

void *report_room(report_page *page, size_t count, size_t bytes) {
    void **larger = realloc(page->room, (page->rooms + 1) * sizeof *larger);
    if (larger) page->room = larger;
    void *room = larger ? calloc(count ? count : 1, bytes) : NULL;
    if (room)
        page->room[page->rooms++] = room;
    else
        page->no_memory = true;
    return room;
}

void report_figure(report_page *page, const tri_plot *plot) {
    if (plot && !page->no_memory) {
        fputs("<figure>", page->to);
        tri_plot_write(page->to, plot, 1, 1, true);
        fputs("</figure>\n", page->to);
    }
    for (size_t i = 0; i < page->rooms; i++)
        free(page->room[i]);
    free(page->room);
    page->room = NULL;
    page->rooms = 0;
}

tri_summary report_summary(report_page *page, const tri_record_item *item) {
    double *values = report_room(page, item->count, sizeof *values);
    size_t count = 0;
    for (size_t i = 0; values && i < item->count; i++)
        if (isfinite(tri_record_number(item, i))) values[count++] = tri_record_number(item, i);
    if (!count) return (tri_summary){.median = NAN, .low = NAN, .high = NAN, .min = NAN, .max = NAN};
    return tri_summarise(values, count);
}
