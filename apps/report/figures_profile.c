/* A profile: what it advises, its longest calls, time line, imbalance and matrix. */
#include <math.h>

#include "apps/common/profile_view.h"
#include "apps/common/xml.h"
#include "apps/report/report.h"

enum { MOST_CALLS = 30 };

static void number(FILE *to, double value) {
    fprintf(to, "<td class=\"n\">%.6g</td>", value);
}

static void text(FILE *to, const char *value) {
    fputs("<td>", to);
    xml_text(to, value);
    fputs("</td>", to);
}

static void write_call(report_page *page, const profile_view_call *c, double mpi) {
    fputs("<tr>", page->to);
    text(page->to, c->function);
    text(page->to, c->site);
    text(page->to, c->within);
    text(page->to, c->communicator);
    number(page->to, c->calls);
    number(page->to, c->bytes);
    number(page->to, c->seconds);
    number(page->to, mpi > 0 ? round(1000 * c->seconds / mpi) / 10 : 0);
    number(page->to, c->waiting);
    number(page->to, c->transferring);
    if (c->late_rank >= 0)
        number(page->to, c->late_rank);
    else
        text(page->to, "-");
    fputs("</tr>\n", page->to);
}

void report_profile(report_page *page, const tri_record *record) {
    const size_t calls = profile_view_calls(record);
    const tri_record_item *advice = tri_record_find(record, "advice");
    profile_view_plots plots;
    if (!calls) return;
    fputs("<h3>Time in MPI</h3>\n<ul>\n", page->to);
    for (size_t i = 0; advice && advice->texts && i < advice->count; i++)
        report_element(page->to, "li", advice->texts[i]);
    fputs("</ul>\n<div class=\"wide\"><table>\n<tr><th>function</th><th>call site</th><th>in</th>"
          "<th>communicator</th><th>calls</th><th>bytes</th><th>time (s)</th><th>% of MPI</th>"
          "<th>waiting (s)</th><th>transferring (s)</th><th>waits for rank</th></tr>\n",
          page->to);
    for (size_t i = 0; i < calls && i < MOST_CALLS; i++) {
        const profile_view_call c = profile_view_call_of(record, i);
        write_call(page, &c, profile_view_mpi(record));
    }
    fputs("</table></div>\n", page->to);
    if (!profile_view_draw(record, &plots)) {
        page->no_memory = true;
        return;
    }
    for (size_t i = 0; i < plots.count; i++)
        report_figure(page, &plots.plot[i]);
    profile_view_free(&plots);
}
