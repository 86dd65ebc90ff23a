/* The option --where: "program=heat,ranks>=4". */
#ifndef TRIREME_APPS_RECORDS_FILTER_H
#define TRIREME_APPS_RECORDS_FILTER_H

#include "apps/common/records.h"

typedef struct records_filter {
    char *text; /* the names and values, separated by 0 */
    size_t count;
    struct records_term {
        const char *column, *value;
        int relation;
    } term[16];
} records_filter;

/* TRI_ERR_ARGUMENT: the text is wrong. */
TRI_MUST_CHECK tri_status records_filter_parse(const char *text, records_filter *out);
void records_filter_free(records_filter *filter);
/* Whether all terms are true of the record. */
bool records_filter_passes(const records_filter *filter, const tri_record *record);

#endif
