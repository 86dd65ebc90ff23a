/* Result files on a screen: one file with all that it says, or several as one table. */
#include "apps/show/show.h"

#include <stdlib.h>
#include <string.h>

typedef struct state {
    tri_texts files;
    const char *columns, *where;
    bool csv, json;
    records all;
    char *names; /* of the columns */
} state;

static const tri_option options[] = {
    TRI_OPTION(state, files, "FILE.h5", NULL, "result files, or folders of result files", .argument = true,
               .required = true),
    TRI_OPTION(state, columns, "columns", NULL,
               "columns of a table: attributes, results, phases, paths of datasets, separated by commas"),
    TRI_OPTION(state, where, "where", NULL,
               "only files of which this is true: program=heat,ranks>=4,verdict!=right,where~gpu"),
    TRI_OPTION(state, csv, "csv", NULL, "write CSV"),
    TRI_OPTION(state, json, "json", NULL, "write JSON: all that is in the files, or the columns"),
    {.name = NULL},
};

static tri_status split_columns(state *s, show_columns *out) {
    s->names = strdup(s->columns ? s->columns : "file,program,verdict,ranks,nodes,threads,time");
    if (!s->names) return tri_fail(TRI_ERR_MEMORY, "no memory for --columns");
    char *rest = s->names;
    for (char *word; (word = strtok_r(rest, ",", &rest));) {
        if (out->count == SHOW_COLUMNS)
            return tri_fail(TRI_ERR_ARGUMENT, "--columns: more than %d", SHOW_COLUMNS);
        out->name[out->count++] = word;
    }
    return out->count ? TRI_OK : tri_fail(TRI_ERR_ARGUMENT, "--columns: at least one");
}

static tri_status show(const state *s, const show_columns *columns) {
    if (s->csv) {
        show_csv(&s->all, columns);
        return TRI_OK;
    }
    if (s->json) return show_json(&s->all, s->columns ? columns : NULL);
    if (s->all.count != 1 || s->columns) return show_table(&s->all, columns);
    show_file(s->all.record[0]);
    return TRI_OK;
}

/* Shows the files that can be read also where others cannot. */
static tri_status work(void *argument) {
    state *s = argument;
    show_columns columns = {0};
    char why[1024];
    if (s->csv && s->json) return tri_fail(TRI_ERR_ARGUMENT, "--csv and --json: choose one");
    TRI_TRY(split_columns(s, &columns));
    tri_status status = records_read(&s->files, s->where, &s->all);
    snprintf(why, sizeof why, "%s", tri_error_text());
    if (status == TRI_ERR_ARGUMENT || (status != TRI_OK && !s->all.count)) return status;
    if (!s->all.count) return tri_fail(TRI_ERR_DATA, "no file of which --where is true");
    TRI_TRY(show(s, &columns));
    return status == TRI_OK ? TRI_OK : tri_fail(status, "%s", why);
}

static void teardown(void *argument) {
    state *s = argument;
    records_free(&s->all);
    free(s->names);
}

static const tri_app app = {
    .name = "show",
    .summary = "shows result files: one on a screen, several as a table",
    .examples = "trireme show results/reduce-20260131T235959Z-n017-4711.h5\n"
                "trireme show results --where program=heat --columns ranks,threads,time --csv\n",
    .options = options,
    .state_bytes = sizeof(state),
    .alone = work,
    .teardown = teardown,
};

int main(int argc, char **argv) {
    return tri_main_alone(&app, argc, argv);
}
