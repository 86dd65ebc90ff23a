/* The steps and how they ended. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/accept/accept.h"

enum { NOT_HERE = 77 };

static accept_step *find_step(accept_state *s, const char *name) {
    for (size_t i = 0; i < s->steps; i++)
        if (!strcmp(s->step[i].name, name)) return &s->step[i];
    accept_step *larger = realloc(s->step, (s->steps + 1) * sizeof *larger);
    if (!larger) return NULL;
    s->step = larger;
    accept_step *step = &s->step[s->steps++];
    *step = (accept_step){.runs = 0};
    snprintf(step->name, sizeof step->name, "%s", name);
    return step;
}

static tri_status read_line(accept_state *s, char *line, int number) {
    char *rest = line, *name = strsep(&rest, "\t"), *status = strsep(&rest, "\t"), *end;
    long value = status ? strtol(status, &end, 10) : 0;
    if (!status || !*status || *end || !*name)
        return tri_fail(TRI_ERR_DATA, "line %d of '%s' is not STEP, STATUS, TEXT with tabs between", number,
                        s->steps_file);
    accept_step *step = find_step(s, name);
    if (!step) return tri_fail(TRI_ERR_MEMORY, "no memory for the steps");
    step->runs++;
    step->skipped += value == NOT_HERE;
    step->failed += value != 0 && value != NOT_HERE;
    if (value) snprintf(step->text, sizeof step->text, "%s", rest && *rest ? rest : "no text");
    return TRI_OK;
}

tri_status accept_read_steps(accept_state *s) {
    char line[4096];
    tri_status status = TRI_OK;
    FILE *file = fopen(s->steps_file, "r");
    if (!file) return tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", s->steps_file, strerror(errno));
    for (int number = 1; status == TRI_OK && fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = 0;
        status = read_line(s, line, number);
    }
    fclose(file);
    if (status == TRI_OK && !s->steps) status = tri_fail(TRI_ERR_DATA, "'%s' has no step", s->steps_file);
    return status;
}

/* Noise may make one run of several fail: a step fails where all its runs do. */
void accept_judge_steps(tri_run *run, accept_state *s) {
    for (size_t i = 0; i < s->steps; i++) {
        const accept_step *step = &s->step[i];
        char text[ACCEPT_TEXT + 64];
        if (step->failed == step->runs) {
            snprintf(text, sizeof text, "%s: %s", step->name, step->text);
            accept_fail(run, s, step->name, text);
        } else if (step->skipped == step->runs) {
            tri_report_line(run, "%-12s not here   %s", step->name, step->text);
        } else if (step->failed) {
            tri_report_line(run, "%-12s ok         in %d of %d runs; once: %s", step->name,
                            step->runs - step->failed, step->runs, step->text);
        } else {
            tri_report_line(run, "%-12s ok", step->name);
        }
    }
}
