/* What stands in a column. */
#include "apps/common/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *records_file(const tri_record *record) {
    const char *slash = strrchr(record->file, '/');
    return slash ? slash + 1 : record->file;
}

const double *records_times(const tri_record *record, const char *phase, size_t *ranks, size_t *repeats) {
    char path[160];
    snprintf(path, sizeof path, "timing/%s", phase);
    const tri_record_item *item = tri_record_find(record, path);
    if (!item || !item->reals || item->rank != 2 || !item->count) return NULL;
    *ranks = item->dims[0];
    *repeats = item->dims[1];
    return item->reals;
}

double records_slowest(const tri_record *record, const char *phase) {
    size_t ranks, repeats;
    const double *times = records_times(record, phase, &ranks, &repeats);
    double *slowest = times ? malloc(repeats * sizeof *slowest) : NULL;
    if (!slowest) return NAN;
    for (size_t k = 0; k < repeats; k++) {
        slowest[k] = 0;
        for (size_t r = 0; r < ranks; r++)
            slowest[k] = fmax(slowest[k], times[r * repeats + k]);
    }
    double median = tri_summarise(slowest, repeats).median;
    free(slowest);
    return median;
}

static records_value text_value(const char *text) {
    return (records_value){.text = text, .units = "1"};
}

static records_value real_value(double number, const char *units) {
    return (records_value){.is_number = true, .number = number, .text = "", .units = units};
}

static double median_of(const tri_record_item *item) {
    double *values = malloc((item->count + 1) * sizeof *values);
    size_t count = 0;
    for (size_t i = 0; values && i < item->count; i++)
        if (isfinite(tri_record_number(item, i))) values[count++] = tri_record_number(item, i);
    double median = count ? tri_summarise(values, count).median : NAN;
    free(values);
    return median;
}

records_value records_value_of(const tri_record_item *item) {
    const char *units = item->units && *item->units ? item->units : "1";
    if (item->texts && item->count) return text_value(item->texts[0]);
    if (item->integers && item->count == 1)
        return (records_value){.is_number = true,
                               .is_whole = true,
                               .number = (double)item->integers[0],
                               .whole = item->integers[0],
                               .text = "",
                               .units = units};
    if (item->reals && item->count == 1) return real_value(item->reals[0], units);
    if ((item->reals || item->integers) && item->count) return real_value(median_of(item), units);
    return text_value("");
}

records_value records_find(const tri_record *record, const char *column) {
    char path[160];
    if (!strcmp(column, "file")) return text_value(records_file(record));
    const tri_record_item *item = tri_record_find(record, column);
    if (item) return records_value_of(item);
    snprintf(path, sizeof path, "results/%s", column);
    item = tri_record_find(record, path);
    if (item) return records_value_of(item);
    snprintf(path, sizeof path, "option_%s", column);
    item = tri_record_find(record, path);
    if (item) return records_value_of(item);
    double seconds = records_slowest(record, strcmp(column, "time") ? column : "run");
    return isnan(seconds) ? text_value("") : real_value(seconds, "s");
}

void records_format(const records_value *v, char *text, size_t room) {
    if (!v->is_number)
        snprintf(text, room, "%s", v->text);
    else if (v->is_whole)
        snprintf(text, room, "%lld", (long long)v->whole);
    else if (!strcmp(v->units, "1"))
        snprintf(text, room, "%.17g", v->number);
    else
        snprintf(text, room, "%.6g", v->number);
}
