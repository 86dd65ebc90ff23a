/* Result files as one HTML page, without scripts and without anything from elsewhere. */
#include "apps/report/report.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    tri_texts files;
    const char *out, *title, *where;
    bool replace;
    records all;
} state;

static const tri_option options[] = {
    TRI_OPTION(state, files, "FILE.h5", NULL, "result files, or folders of result files", .argument = true,
               .required = true),
    TRI_OPTION(state, out, "out", "report.html", "the HTML file; also -o"),
    TRI_OPTION(state, title, "title", "Results", "title of the page"),
    TRI_OPTION(state, where, "where", NULL, "only files of which this is true, as for show"),
    TRI_OPTION(state, replace, "replace", NULL, "replace an existing HTML file"),
    {.name = NULL},
};

static tri_status write_page(state *s, FILE *to) {
    report_page page = {.to = to, .all = &s->all};
    report_begin(&page, s->title);
    report_runs(&page);
    report_scaling(&page);
    for (size_t i = 0; i < s->all.count; i++) {
        const tri_record *record = s->all.record[i];
        fprintf(to, "<section id=\"f%zu\">\n", i);
        report_element(to, "h2", records_file(record));
        report_facts(&page, record);
        report_times(&page, record);
        report_pairs(&page, record);
        report_collectives(&page, record);
        report_roofline(&page, record);
        report_profile(&page, record);
        report_samples(&page, record);
        report_arrays(&page, record);
        fprintf(to, "</section>\n");
    }
    report_end(&page);
    return page.no_memory ? tri_fail(TRI_ERR_MEMORY, "no memory for the figures of '%s'", s->out) : TRI_OK;
}

/* Files that cannot be read are left out, and named at the end. */
static tri_status work(void *argument) {
    state *s = argument;
    tri_output *output = NULL;
    char why[1024];
    TRI_TRY(tri_output_check(s->out, s->replace));
    tri_status status = records_read(&s->files, s->where, &s->all);
    snprintf(why, sizeof why, "%s", tri_error_text());
    if (status == TRI_ERR_ARGUMENT || (status != TRI_OK && !s->all.count)) return status;
    if (!s->all.count) return tri_fail(TRI_ERR_DATA, "no file of which --where is true");
    TRI_TRY(tri_output_create(s->out, s->replace, &output));
    tri_status written = write_page(s, tri_output_stream(output));
    if (written == TRI_OK) written = tri_output_finish(output, NULL);
    tri_output_destroy(&output);
    TRI_TRY(written);
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", why);
}

static void teardown(void *argument) {
    records_free(&((state *)argument)->all);
}

static const tri_app app = {
    .name = "report",
    .summary = "writes result files as one HTML page with tables and plots, to hand over",
    .examples = "trireme report results -o report.html\n"
                "trireme report results/heat-*.h5 --title 'Heat on 1 to 64 nodes' -o heat.html --replace\n",
    .options = options,
    .state_bytes = sizeof(state),
    .alone = work,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main_alone(&app, argc, argv);
}
