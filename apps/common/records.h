/* Result files as a table: which files, and what stands in a column of each. */
#ifndef TRIREME_APPS_RECORDS_H
#define TRIREME_APPS_RECORDS_H

#include "apps/driver/app.h"

typedef struct records {
    size_t count;
    tri_record **record;
} records;

/* Reads all files; a folder stands for the result files in it. Files that `where` refuses are left out.
 * TRI_ERR_FILE, TRI_ERR_DATA: some cannot be read; the text names the first, and *out has the others.
 * TRI_ERR_ARGUMENT: `where` is wrong. The caller frees *out with records_free() in any case. */
TRI_MUST_CHECK tri_status records_read(const tri_texts *names, const char *where, records *out);
void records_free(records *all);

/* What a column shows of a file. */
typedef struct records_value {
    bool is_number, is_whole;
    double number;
    int64_t whole;
    const char *text;  /* where it is no number; "": there is none. It belongs to the record. */
    const char *units; /* "1": a pure number */
} records_value;

/* The value of a column: an attribute, a result ("mean"), a phase ("run", "compute": seconds of the slowest
 * rank, median of the repeats), "file", or the path of a dataset, of whose elements the median is shown. */
records_value records_find(const tri_record *record, const char *column);

/* The value of an attribute or a dataset: a scalar as it is, of lists the first text or the median. */
records_value records_value_of(const tri_record_item *item);

/* Writes a value without its unit: "" where there is none. */
void records_format(const records_value *value, char *text, size_t room);

/* The times of a phase: *ranks x *repeats seconds; NULL: there are none. */
const double *records_times(const tri_record *record, const char *phase, size_t *ranks, size_t *repeats);
/* The seconds of the slowest rank, median of the repeats; NaN: there are none. */
double records_slowest(const tri_record *record, const char *phase);
/* The last part of the file's name. */
const char *records_file(const tri_record *record);

#endif
