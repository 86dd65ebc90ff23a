/* Numbers of the runs: limits, and comparison with an earlier acceptance. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/accept/accept.h"

/* ---- the numbers ---- */

static accept_measure *find_measure(const accept_state *s, const char *name) {
    for (size_t i = 0; i < s->measures; i++)
        if (!strcmp(s->measure[i].name, name)) return &s->measure[i];
    return NULL;
}

static tri_status add_value(accept_state *s, const char *name, const char *units, double value) {
    accept_measure *m = find_measure(s, name);
    if (!m) {
        accept_measure *larger = realloc(s->measure, (s->measures + 1) * sizeof *larger);
        if (!larger) return tri_fail(TRI_ERR_MEMORY, "no memory for %zu numbers", s->measures);
        s->measure = larger;
        m = &s->measure[s->measures++];
        *m = (accept_measure){.count = 0};
        snprintf(m->name, sizeof m->name, "%s", name);
        snprintf(m->units, sizeof m->units, "%s", units);
    }
    if (m->count == m->room) {
        double *larger = realloc(m->value, (2 * m->room + 8) * sizeof *larger);
        if (!larger) return tri_fail(TRI_ERR_MEMORY, "no memory for the numbers of '%s'", name);
        m->value = larger;
        m->room = 2 * m->room + 8;
    }
    m->value[m->count++] = value;
    return TRI_OK;
}

/* Results that are one number, and medians of samples; of the programs that measure. */
static tri_status add_items(accept_state *s, const tri_record *r) {
    const char *program = tri_record_text(r, "program");
    for (size_t i = 0; i < r->datasets; i++) {
        const tri_record_item *item = &r->dataset[i];
        char name[128];
        bool result = !strncmp(item->name, "results/", 8) && item->count == 1;
        bool sample = !strncmp(item->name, "samples/", 8) && item->rank == 1;
        double value = records_value_of(item).number;
        if (!(result || sample) || !isfinite(value) || strlen(program) + strlen(item->name) > sizeof name - 2)
            continue;
        snprintf(name, sizeof name, "%s/%s", program, item->name + (result ? 8 : 0));
        TRI_TRY(add_value(s, name, item->units, value));
    }
    return TRI_OK;
}

tri_status accept_find_measures(accept_state *s) {
    for (size_t i = 0; i < s->all.count; i++)
        if (strcmp(tri_record_text(s->all.record[i], "program"), "accept") != 0)
            TRI_TRY(add_items(s, s->all.record[i]));
    return TRI_OK;
}

static double median_of(const double *values, size_t count, double *low, double *high) {
    double *sorted = malloc((count + 1) * sizeof *sorted);
    if (!sorted || !count) {
        free(sorted);
        return NAN;
    }
    memcpy(sorted, values, count * sizeof *sorted);
    tri_summary summary = tri_summarise(sorted, count);
    free(sorted);
    *low = summary.min;
    *high = summary.max;
    return summary.median;
}

void accept_record_measures(tri_run *run, const accept_state *s) {
    for (size_t i = 0; run->result && i < s->measures; i++) {
        const accept_measure *m = &s->measure[i];
        char path[160];
        snprintf(path, sizeof path, "measures/%s", m->name);
        tri_result_reals(run->result, path, 1, &m->count, m->value, *m->units ? m->units : "1",
                         "one value for each run");
    }
}

/* ---- limits ---- */

static void judge(tri_run *run, accept_state *s, const accept_measure *m, bool most, double limit) {
    double low, high, median = median_of(m->value, m->count, &low, &high);
    char text[ACCEPT_TEXT];
    bool exceeded = most ? low > limit : high < limit;
    const bool pure = !*m->units || !strcmp(m->units, "1");
    snprintf(text, sizeof text, "%s is %.4g%s%s; the limit is %s %.4g", m->name, median, pure ? "" : " ",
             pure ? "" : m->units, most ? "<=" : ">=", limit);
    if (exceeded)
        accept_fail(run, s, "limit", text);
    else
        tri_report_line(run, "%-12s ok         %s", "limit", text);
}

/* A line: PROGRAM RESULT <=|>= VALUE; # begins a comment. What was not measured has no verdict. */
static tri_status read_limit(tri_run *run, accept_state *s, char *line, int number) {
    char program[48], result[80], relation[4], end, name[128];
    double limit;
    line[strcspn(line, "#\n")] = 0;
    if (!line[strspn(line, " \t\r")]) return TRI_OK;
    if (sscanf(line, "%47s %79s %3s %lf %c", program, result, relation, &limit, &end) != 4 ||
        (strcmp(relation, "<=") && strcmp(relation, ">=")))
        return tri_fail(TRI_ERR_DATA, "line %d of '%s' is not PROGRAM RESULT <=|>= VALUE", number,
                        s->limits_file);
    snprintf(name, sizeof name, "%s/%s", program, result);
    const accept_measure *m = find_measure(s, name);
    if (m)
        judge(run, s, m, !strcmp(relation, "<="), limit);
    else
        tri_report_line(run, "%-12s unknown    %s was not measured", "limit", name);
    return TRI_OK;
}

tri_status accept_judge_limits(tri_run *run, accept_state *s) {
    char line[512];
    tri_status status = TRI_OK;
    FILE *file = fopen(s->limits_file, "r");
    if (!file) return tri_fail(TRI_ERR_FILE, "cannot open '%s': %s", s->limits_file, strerror(errno));
    for (int number = 1; status == TRI_OK && fgets(line, sizeof line, file); number++)
        status = read_limit(run, s, line, number);
    fclose(file);
    return status;
}

/* ---- comparison ---- */

/* Times are better when lower, rates when higher; other units have no better. */
static int direction_of(const char *units) {
    if (!strcmp(units, "s")) return 1;
    return !strcmp(units, "B/s") || !strcmp(units, "1/s") ? -1 : 0;
}

/* Whether it is slower; `text` then says how much. */
static bool compare_one(tri_run *run, const accept_state *s, const accept_measure *m,
                        const tri_record_item *old, char text[ACCEPT_TEXT]) {
    const int direction = direction_of(m->units);
    double old_low, old_high, low, high;
    double before = median_of(old->reals, old->count, &old_low, &old_high);
    double now = median_of(m->value, m->count, &low, &high), change = now / before - 1;
    if (!direction || !(fabs(change) > s->tolerance) || !(before > 0) || !(now > 0)) return false;
    if (!(low > old_high || high < old_low)) return false;
    snprintf(text, ACCEPT_TEXT, "%s was %.4g %s and is %.4g", m->name, before, m->units, now);
    bool slower = change * direction > 0;
    tri_report_line(run, "%-12s %-10s %s", slower ? "slower" : "faster", slower ? "failed" : "ok", text);
    return slower;
}

tri_status accept_compare(tri_run *run, accept_state *s) {
    tri_record *old = NULL;
    char text[ACCEPT_TEXT], first[ACCEPT_TEXT], all[2 * ACCEPT_TEXT];
    size_t compared = 0, slower = 0;
    TRI_TRY(tri_record_read(s->compare_file, &old));
    for (size_t i = 0; i < s->measures; i++) {
        char path[160];
        snprintf(path, sizeof path, "measures/%s", s->measure[i].name);
        const tri_record_item *item = tri_record_find(old, path);
        if (!item || !item->reals || !item->count) continue;
        compared++;
        if (compare_one(run, s, &s->measure[i], item, text) && !slower++) memcpy(first, text, sizeof first);
    }
    tri_record_destroy(&old);
    if (slower) {
        snprintf(all, sizeof all, "slower: %zu of %zu numbers, such as %s", slower, compared, first);
        accept_fail(run, s, "compare", all);
    }
    tri_report_line(run, "%-12s %zu numbers with '%s'", "compared", compared, s->compare_file);
    return compared
               ? TRI_OK
               : tri_fail(TRI_ERR_DATA, "'%s' has no number of these runs: is it a result file of accept?",
                          s->compare_file);
}
